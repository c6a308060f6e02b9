import { describe, expect, expectTypeOf, test } from 'vitest'
import { connect, isMoraineError, openTable, schema, t } from '../../index.ts'

const refused = (thrown: unknown) => isMoraineError(thrown, 'INVALID_ARGUMENT')

async function newTable() {
  const lake = await connect('memory:')
  const declared = schema({
    id: t.long().required(),
    at: t.timestamptz(),
    customer: t.struct({ name: t.string(), zip: t.string() }),
  })
  const table = await lake.createTable('a.b', { schema: declared })
  return {
    lake,
    table: await table.append([{ id: 1, at: new Date(0), customer: { name: 'Ada', zip: null } }]),
  }
}

type Loose = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>

function wrongUpdates(update: Loose): readonly (readonly [() => unknown, RegExp])[] {
  return [
    [() => update['dropColumn']!(undefined), /dropColumn: expected the name of a column.*undefined/],
    [() => update['dropColumn']!(''), /the name of a column/],
    [() => update['addColumn']!('x', 'long'), /t\.long\(\)/],
    [() => update['addColumn']!('x', t.long(), { required: true }), /no option 'required'/],
    [() => update['renameColumn']!('id'), /the name of a column/],
    [() => update['moveColumn']!('id', 'last'), /\{ after: column \}/],
    [() => update['unionByName']!({}), /schema\(\{ … \}\)/],
    [() => update['addPartitionField']!({ column: 'id', transform: 'week' }), /no transform 'week'/],
    [() => update['addPartitionField']!({ column: 'id' }), /a term such as day/],
    [() => update['removePartitionField']!(undefined), /a term such as day/],
    [() => update['replaceSortOrder']!('id'), /an array, found string "id"/],
    [() => update['replaceSortOrder']!([5]), /a term such as desc/],
    [() => update['setIdentifierFields']!('id'), /an array, found string "id"/],
    [() => update['setLocation']!(5), /setLocation: expected a text, found number 5/],
    [() => update['removeProperties']!('id'), /an array, found string "id"/],
    [() => update['commit']!({ branch: 'x' }), /no option 'branch'/],
  ]
}

describe('wrong use from JavaScript', () => {
  test('is told by a typed error that says what was expected', async () => {
    const { lake, table } = await newTable()
    const loose = table as unknown as {
      scan(options: unknown): unknown
      append(rows: unknown, options: unknown): Promise<unknown>
    }
    const attempts: readonly (readonly [() => unknown, RegExp])[] = [
      [() => loose.scan({ where: 'id = 1' }), /parseWhere/],
      [() => loose.scan({ select: 'id' }), /array of column names/],
      [() => loose.scan({ filter: 1 }), /no option 'filter'/],
      [() => loose.scan({ at: { timestamp: '2026-01-01' } }), /Date or milliseconds/],
      [() => loose.scan({ at: 5 }), /`at` takes one of .*found number 5/],
      [() => loose.scan({ limit: '5' }), /limit: .*found string "5"/],
      [() => table.scan().rows({ timestamp: 'date' } as never), /did you mean 'timestamps'/],
      [() => table.scan().rows({ timestamps: 'Date' } as never), /'bigint' or 'date', found string "Date"/],
      [() => schema({ id: t.long as never }), /t\.long\(\)/],
      [() => schema({ id: 'long' as never }), /t\.long\(\)/],
    ]
    for (const [attempt, message] of [...attempts, ...wrongUpdates(table.update() as never)]) {
      expect(attempt).toThrowError(message)
      expect(attempt).toThrowError(expect.toSatisfy(refused))
    }
    const createTable = lake.createTable.bind(lake) as unknown as (
      name: string,
      options: unknown,
    ) => Promise<unknown>
    await expect(createTable('a.c', {})).rejects.toThrowError(/`schema`/)
    await expect(createTable('a.c', { schema: { id: 'long' } })).rejects.toThrowError(/`schema`/)
    const declared = schema({ id: t.long() })
    await expect(createTable('a.c', { schema: declared, partitionedBy: [] })).rejects.toThrowError(
      /'partitionBy'/,
    )
    await expect(
      createTable('a.c', { schema: declared, partitionBy: [{ column: 'id', transform: 'week' }] }),
    ).rejects.toThrowError(/no transform 'week'/)
    await expect(loose.append([], { sumary: {} })).rejects.toThrowError(/'summary'/)
  })

  test('is told by the promise of a call that returns one', async () => {
    const { lake, table } = await newTable()
    const create = (options: object) =>
      lake.createTable('a.c', { schema: schema({ name: t.string() }), ...options })
    const append = (options: unknown) => table.append([], options as never)
    const load = (name?: unknown) => lake.loadTable(name as never)
    const attempts: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
      [() => append(null), /append: expected an object of options, found null/],
      [() => append({ commitId: 42 }), /commitId: expected a text, or an object .* found number 42/],
      [() => create({ partitionBy: 'name' }), /partitionBy: expected an array, found string "name"/],
      [() => create({ partitionBy: [5] }), /partitionBy: .*found number 5/],
      [() => create({ sortBy: 'name' }), /sortBy: expected an array/],
      [() => create({ identifierFields: 'name' }), /identifierFields: expected an array/],
      [() => create({ location: 5 }), /location: expected a text, found number 5/],
      [() => table.replaceBranch('main', { ref: 'main' }, { signl: 1 } as never), /did you mean 'signal'/],
      [() => table.dropTag('x', null as never), /dropTag: expected an object of options, found null/],
      [async () => table.rollbackTo({ snapshotId: 1n }, { brnch: 'x' } as never), /did you mean 'branch'/],
      [async () => table.rollbackTo({ snapshotId: 1n }, null as never), /rollbackTo: expected an object/],
      [() => load(), /'namespace\.table'.*found undefined/],
      [() => load(5), /'namespace\.table'.*found number 5/],
      [() => load(['a', 5]), /'namespace\.table'/],
      [() => (connect as () => Promise<unknown>)(), /a folder, a URI or catalog properties, found undefined/],
      [() => connect(null as never), /a folder, a URI or catalog properties, found null/],
      [() => connect('memory:', { parallelism: '2' as never }), /parallelism: .*found string "2"/],
      [() => openTable(5 as never), /a folder, a file or a URI, found number 5/],
    ]
    for (const [attempt, message] of attempts) {
      await expect(attempt()).rejects.toThrowError(message)
      await expect(attempt()).rejects.toSatisfy(refused)
    }
  })

  test('a point in time is told to scans and to inspection alike', async () => {
    const { table } = await newTable()
    const files: unknown[] = []
    for await (const file of table.inspect.files({ timestamp: new Date() })) files.push(file)
    expect(files).toHaveLength(1)
    await expect(table.inspect.manifests({ timestamp: 0 })).rejects.toThrowError(/1970-01-01T00:00:00.000Z/)
  })
})

test('a property that nobody knows is refused for a folder and for memory too', async () => {
  for (const warehouse of ['./never-made', 'memory:']) {
    const properties = (more: Readonly<Record<string, string>>) => connect({ warehouse, ...more })
    await expect(properties({ 's3.enpoint': 'x' })).rejects.toThrowError(/did you mean 's3.endpoint'/)
    await expect(properties({ foo: 'bar' })).rejects.toThrowError(/no property 'foo'/)
    await expect(properties({ foo: 'bar' })).rejects.toSatisfy(refused)
  }
  await expect(openTable('./never-made', { properties: { foo: 'bar' } })).rejects.toThrowError(/'foo'/)
  const passedOver = { 's3.endpoint': 'http://x', 'client.factory': 'c', type: 'hadoop', 'io-impl': 'i' }
  await (await connect({ warehouse: 'memory:', ...passedOver })).close()
})

test('the type of a row follows the selection', async () => {
  const { table } = await newTable()
  for await (const row of table.scan({ select: ['id', 'customer.zip', '_pos'] }).rows()) {
    expectTypeOf(row).toEqualTypeOf<{ id: bigint; customer: { zip: string | null } | null; _pos: bigint }>()
    expect(row).toEqual({ id: 1n, customer: { zip: null }, _pos: 0n })
  }
  for await (const row of table.scan({ limit: 1 }).rows({ timestamps: 'date' })) {
    expectTypeOf(row.at).toEqualTypeOf<bigint | Date | null>()
    expect(row.at).toEqual(new Date(0))
  }
  const names: string[] = ['id']
  for await (const row of table.scan({ select: names }).rows()) {
    expectTypeOf(row).toEqualTypeOf<Record<string, unknown>>()
  }
})
