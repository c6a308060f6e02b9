import { describe, expect, expectTypeOf, test } from 'vitest'
import { connect, isMoraineError, schema, t } from '../../index.ts'

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

  test('a point in time is told to scans and to inspection alike', async () => {
    const { table } = await newTable()
    const files: unknown[] = []
    for await (const file of table.inspect.files({ timestamp: new Date() })) files.push(file)
    expect(files).toHaveLength(1)
    await expect(table.inspect.manifests({ timestamp: 0 })).rejects.toThrowError(/1970-01-01T00:00:00.000Z/)
  })
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
