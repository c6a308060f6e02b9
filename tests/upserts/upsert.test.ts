/** What `upsert` and `delete` promise, one thing after another. */
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import {
  connect,
  eq,
  gt,
  identity,
  isIn,
  type Lake,
  MemoryStore,
  schema,
  type Table,
  t,
} from '../../index.ts'
import { code } from '../table/support.ts'
import { heldWithRival, locations } from './support.ts'

type Plain = Record<string, unknown>

const COLUMNS = schema({
  id: t.long().required(),
  name: t.string(),
  score: t.double(),
  place: t.struct({ x: t.int() }),
  tags: t.list(t.string()),
})

async function newTable(
  properties: Record<string, string> = {},
  store = new MemoryStore(),
): Promise<{ lake: Lake; table: Table; store: MemoryStore }> {
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  const table = (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: ['id'],
    properties: { 'format-version': '3', ...properties },
  })) as unknown as Table
  return { lake, table, store }
}

async function read(table: Table, select = ['id', 'name']): Promise<Plain[]> {
  const rows: Plain[] = []
  for await (const row of table.scan({ select }).rows()) rows.push(row as Plain)
  return rows.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
}

const rows = (from: number, count: number, name: string) =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, name }))
const names = async (table: Table) => (await read(table)).map(({ id, name }) => `${id} ${name}`)

/** Delete files of the current snapshot, by what they are. */
async function deleteFiles(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const file of table.inspect.files()) {
    if (file.content !== 'data') found.push(`${file.fileFormat} ${file.recordCount}`)
  }
  return found.sort()
}

describe('upsert', () => {
  test('inserts what is new, replaces what is there, and says how many of each', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 3, 'a'))
    table = await table.upsert([...rows(3, 2, 'b'), ...rows(4, 1, 'c')])
    expect(await names(table)).toEqual(['1 a', '2 a', '3 b', '4 c'])
    expect(table.changed).toEqual({ inserted: 1, updated: 1, deleted: 0, unchanged: 0 })
    expect(table.currentSnapshot).toMatchObject({
      operation: 'overwrite',
      summary: {
        'moraine.rows-inserted': '1',
        'moraine.rows-unchanged': '0',
        'moraine.rows-updated': '1',
        'added-dvs': '1',
        'added-records': '2',
        'total-records': '5',
        'total-position-deletes': '1',
      },
    })
  })

  test('of rows alone that are new is an append', async () => {
    const { table } = await newTable()
    expect((await table.upsert(rows(1, 2, 'a'))).currentSnapshot!.operation).toBe('append')
  })

  test('that skips unchanged rows leaves those alone that are there in every column, nested ones too', async () => {
    let { table } = await newTable()
    const row = (id: number, score: number | null, tags: string[] | null = ['x', 'y']) => ({
      id,
      name: 'a',
      score,
      place: { x: id },
      tags,
    })
    table = await table.append([row(1, 1.5), row(2, Number.NaN), row(3, 0), row(4, null), row(5, 1)])
    const again = [row(1, 1.5), row(2, Number.NaN), row(3, -0), row(4, null, ['x']), row(5, 1), row(6, 6)]
    const before = table.metadataLocation
    const same = await table.upsert([row(1, 1.5), row(5, 1)], { skipUnchanged: true })
    expect(same.metadataLocation).toBe(before)
    expect(same.changed).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 2 })
    table = await table.upsert(again, { skipUnchanged: true })
    expect(table.changed).toEqual({ inserted: 1, updated: 2, deleted: 0, unchanged: 3 })
    const found = await read(table, ['id', 'score', 'tags', '_last_updated_sequence_number'])
    expect(found.map(({ _last_updated_sequence_number: by }) => by)).toEqual([1n, 1n, 2n, 2n, 1n, 2n])
    expect(found.map(({ score }) => score)).toEqual([1.5, Number.NaN, -0, null, 1, 6])
    expect(found[3]!['tags']).toEqual(['x'])
  })

  test('that skips unchanged rows replaces both of two rows that have one key', async () => {
    let { table } = await newTable()
    table = await table.append([...rows(1, 1, 'a'), ...rows(1, 1, 'a')])
    table = await table.upsert(rows(1, 1, 'a'), { skipUnchanged: true })
    expect(await names(table)).toEqual(['1 a'])
    expect(table.changed).toMatchObject({ updated: 1, unchanged: 0 })
  })

  test('that is ordered lets no older row take the place of a newer one, however late it comes', async () => {
    let { table } = await newTable()
    const row = (id: number, score: number | null, name: string) => ({ id, score, name })
    table = await table.append([row(1, 5, 'a'), row(2, 5, 'a'), row(3, null, 'a'), row(4, Number.NaN, 'a')])
    table = await table.upsert(
      [
        row(1, 4, 'late'),
        row(2, 5, 'equal'),
        row(3, -1, 'newer'),
        row(4, 9, 'late'),
        row(5, 2, 'x'),
        row(5, 1, 'y'),
      ],
      { orderBy: 'score' },
    )
    expect(await names(table)).toEqual(['1 a', '2 equal', '3 newer', '4 a', '5 x'])
    expect(table.changed).toEqual({ inserted: 1, updated: 2, deleted: 0, unchanged: 2 })
    await expect(table.upsert(rows(1, 1, 'a'), { orderBy: 'tags' })).rejects.toThrow(
      /'tags' is list.* no order/,
    )
    await expect(table.upsert(rows(1, 1, 'a'), { orderBy: ['nam'] })).rejects.toThrow(
      /'orderBy' names; did you mean 'name'/,
    )
  })

  test('of no rows commits nothing', async () => {
    const { table } = await newTable()
    expect((await table.upsert([])).metadataLocation).toBe(table.metadataLocation)
  })

  test('on version 3 keeps one vector for a data file, and the ids of its rows', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 10, 'a'))
    const lineage = () => read(table, ['id', '_row_id', '_last_updated_sequence_number'])
    const ids = (await lineage()).map((row) => row['_row_id'])
    for (const id of [2, 5, 7]) table = await table.upsert(rows(id, 1, 'b'))
    expect(await deleteFiles(table)).toEqual(['puffin 3'])
    expect((await lineage()).map((row) => row['_row_id'])).toEqual(ids)
    expect((await lineage()).map((row) => row['_last_updated_sequence_number'])).toEqual(
      [1, 2, 1, 1, 3, 1, 4, 1, 1, 1].map(BigInt),
    )
  })

  test('after an upgrade takes the position deletes of version 2 into the vector', async () => {
    let { table } = await newTable({ 'format-version': '2', 'write.delete.granularity': 'file' })
    table = await table.append(rows(1, 10, 'a'))
    table = await table.upsert(rows(2, 2, 'b'))
    expect(await deleteFiles(table)).toEqual(['parquet 2'])
    table = (await table.update().upgradeFormatVersion(3).commit()) as Table
    table = await table.upsert(rows(3, 2, 'c'))
    expect(await deleteFiles(table)).toEqual(['puffin 1', 'puffin 3'])
    expect((await names(table)).slice(0, 5)).toEqual(['1 a', '2 b', '3 c', '4 c', '5 a'])
  })

  test('that takes all rows of a file removes it, and its deletes', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 3, 'a'))
    table = await table.upsert(rows(2, 1, 'b'))
    table = await table.upsert(rows(1, 3, 'c'))
    expect(await names(table)).toEqual(['1 c', '2 c', '3 c'])
    expect(table.currentSnapshot!.summary).toMatchObject({
      'total-data-files': '1',
      'total-delete-files': '0',
      'total-position-deletes': '0',
    })
  })

  test('on version 2 deletes in each of two partitions whose folders have one name', async () => {
    const store = new MemoryStore()
    const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
    let table = (await lake.createTable('a.b', {
      schema: schema({ id: t.long(), name: t.string() }),
      partitionBy: [identity('name')],
      properties: { 'format-version': '2', 'write.delete.granularity': 'partition' },
    })) as unknown as Table
    const both = (from: number) => [
      { id: from, name: null },
      { id: from + 1, name: 'null' },
    ]
    table = await table.append([...both(1), ...both(3)])
    table = await table.upsert([...both(1)], { on: ['id'] })
    expect(await names(table)).toEqual(['1 null', '2 null', '3 null', '4 null'])
  })

  test('with a commit id is made once', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 3, 'a'))
    const once = await table.upsert(rows(2, 1, 'b'), { commitId: 'job/1' })
    const again = await once.upsert(rows(2, 1, 'c'), { commitId: 'job/1' })
    expect(await names(again)).toEqual(['1 a', '2 b', '3 a'])
    expect(again.changed).toEqual({ inserted: 0, updated: 1, deleted: 0, unchanged: 0 })
    expect(again.snapshots).toHaveLength(2)
  })

  test('to a branch leaves main as it is', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 2, 'a'))
    table = await table.createBranch('audit')
    table = await table.upsert(rows(2, 2, 'b'), { branch: 'audit' })
    expect(await names(table)).toEqual(['1 a', '2 a'])
    const audit: Plain[] = []
    for await (const row of table.scan({ at: { ref: 'audit' } }).rows()) audit.push(row as Plain)
    expect(audit.map(({ name }) => name).sort()).toEqual(['a', 'b', 'b'])
  })

  test('from a version that others have left behind finds what they wrote', async () => {
    const { table } = await newTable()
    const stale = await table.append(rows(1, 2, 'a'))
    await stale.append(rows(3, 2, 'theirs'))
    expect(await names(await stale.upsert(rows(2, 2, 'ours')))).toEqual([
      '1 a',
      '2 ours',
      '3 ours',
      '4 theirs',
    ])
  })

  test('of a key of several columns, of structs, and with nulls finds each', async () => {
    let { table } = await newTable()
    const row = (id: number, name: string | null, x: number | null, score: number) => ({
      id,
      name,
      place: x === null ? null : { x },
      score,
    })
    table = await table.append([
      row(1, 'a', 1, 1),
      row(2, 'a', null, 2),
      row(3, null, null, 3),
      row(4, null, 1, 4),
    ])
    table = await table.upsert([row(12, 'a', null, 12), row(13, null, null, 13), row(15, 'a', 2, 15)], {
      on: ['name', ['place', 'x']],
    })
    expect((await read(table, ['id', 'score'])).map(({ score }) => score)).toEqual([1, 4, 12, 13, 15])
  })

  test.for<[string, readonly (string | string[])[], RegExp, string]>([
    ['no such column', ['idd'], /no column 'idd', which 'on' names; did you mean 'id'/, 'INVALID_ARGUMENT'],
    ['a float', ['score'], /'score' is double, which cannot be a key/, 'UNSUPPORTED'],
    ['a list', ['tags'], /'tags' is list/, 'INVALID_ARGUMENT'],
    ['within a list', [['tags', 'element']], /within a list or map/, 'INVALID_ARGUMENT'],
    ['a struct', ['place'], /'place' is struct/, 'INVALID_ARGUMENT'],
  ])('by %s is refused', async ([, on, message, errorCode]) => {
    const { table } = await newTable()
    const attempt = table.upsert(rows(1, 1, 'a'), { on })
    await expect(attempt).rejects.toThrow(message)
    await expect(table.upsert(rows(1, 1, 'a'), { on })).rejects.toThrow(code(errorCode as 'UNSUPPORTED'))
  })

  test('that leaves out a key which may be null is refused: null is given where it is meant', async () => {
    const { table: empty } = await newTable()
    const table = await empty.append([...rows(1, 2, 'a'), { id: 3, name: null }])
    const on = ['name']
    const missing = /there is no column 'name', which is a key/
    for (const some of [
      [{ id: 7, name: 'a' }, { id: 8 }],
      new Set([{ id: 8 }]),
      tableFromArrays({ id: [8] }),
    ]) {
      await expect(table.upsert(some as never, { on, duplicates: 'error' })).rejects.toThrow(missing)
    }
    await expect(table.delete([{}], { on })).rejects.toThrow(missing)
    expect((await table.delete([{ name: null }], { on })).changed).toMatchObject({ deleted: 1 })
  })

  test('without a key, or with a second row of one where that is an error, changes nothing', async () => {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore() })
    const bare = await lake.createTable('a.b', { schema: schema({ id: t.long() }) })
    await expect(bare.upsert([{ id: 1 }])).rejects.toThrow(/no identifier fields; give \{ on/)
    const { table, store } = await newTable()
    const before = await locations(store)
    const twice = table.upsert([...rows(1, 3, 'a'), ...rows(2, 1, 'b')], { duplicates: 'error' })
    await expect(twice).rejects.toThrow(/rows 1 and 3 have the same key/)
    expect(await locations(store)).toEqual(before)
  })

  test.for([
    ['keeps its data files', 20, 1],
    ['writes them anew where the rival inserted one of its keys, whose row id it takes', 11, 2],
  ] as const)('that loses a race %s', async ([, rivalId, dataFiles]) => {
    const { table, store } = await newTable()
    await table.append(rows(1, 10, 'a'))
    const written: string[] = []
    const held = await heldWithRival(store, (theirs) => theirs.upsert(rows(rivalId, 1, 'theirs')), {
      onWrite: (location) => written.push(location),
    })
    const ours = await held.upsert(rows(10, 2, 'ours'))
    expect(ours.snapshots).toHaveLength(3)
    expect((await names(ours)).slice(9, 11)).toEqual(['10 ours', '11 ours'])
    expect(new Set(written.filter((location) => location.includes('/data/'))).size).toBe(dataFiles)
    const ids = (await read(ours, ['id', '_row_id'])).map((row) => row['_row_id'])
    expect(new Set(ids).size).toBe(ids.length)
    if (rivalId === 11) expect(ids[10]).toBe(10n)
  })

  test.for([
    ['1', {}],
    ['2', { 'write.merge.mode': 'copy-on-write' }],
    ['3', { 'write.merge.mode': 'copy-on-write' }],
  ] as const)(
    'that loses a race on version %s names the rows that it has written anew since',
    async ([version, mode]) => {
      const { table, store } = await newTable({ 'format-version': version, ...mode })
      await table.append(rows(1, 10, 'a'))
      const held = await heldWithRival(store, (theirs) => theirs.upsert(rows(5, 1, 'theirs')))
      const ours = await held.upsert(rows(10, 2, 'ours'))
      expect(ours.snapshots).toHaveLength(3)
      expect((await names(ours)).slice(3, 6)).toEqual(['4 a', '5 theirs', '6 a'])
      expect((await names(ours)).slice(8)).toEqual(['9 a', '10 ours', '11 ours'])
    },
  )
})

describe('delete', () => {
  test('by filter takes whole files out of the metadata, and rows of others by position', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 5, 'a'))
    table = await table.append(rows(6, 5, 'b'))
    table = await table.delete(gt('id', 4n))
    expect(await names(table)).toEqual(['1 a', '2 a', '3 a', '4 a'])
    expect(table.currentSnapshot).toMatchObject({
      operation: 'delete',
      summary: { 'deleted-data-files': '1', 'added-dvs': '1', 'moraine.rows-deleted': '6' },
    })
    table = await table.delete(eq('name', 'a'))
    expect(await names(table)).toEqual([])
    expect(await deleteFiles(table)).toEqual([])
  })

  test('by key takes rows with those columns alone', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 5, 'a'))
    table = await table.delete([{ id: 2 }, { id: 4 }, { id: 99 }])
    expect(await names(table)).toEqual(['1 a', '3 a', '5 a'])
    expect(table.currentSnapshot!.summary['moraine.rows-deleted']).toBe('2')
    await expect(table.delete([{ id: 1, name: 'a' }])).rejects.toThrow(/name/)
  })

  test('of what is not there commits nothing', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 2, 'a'))
    expect((await table.delete(eq('name', 'z'))).metadataLocation).toBe(table.metadataLocation)
    expect((await table.delete([{ id: 9 }])).metadataLocation).toBe(table.metadataLocation)
  })

  test('copies on write where the table asks for it', async () => {
    let { table } = await newTable({ 'write.delete.mode': 'copy-on-write' })
    table = await table.append(rows(1, 5, 'a'))
    table = await table.delete([{ id: 2 }])
    expect(await names(table)).toEqual(['1 a', '3 a', '4 a', '5 a'])
    expect(await deleteFiles(table)).toEqual([])
    expect(table.currentSnapshot!.operation).toBe('overwrite')
  })
})

describe.each([
  ['1', 'merge-on-read'],
  ['2', 'copy-on-write'],
  ['3', 'copy-on-write'],
  ['3', 'merge-on-read'],
])('on version %s, %s, of a table that a rival evolves meanwhile', (version, mode) => {
  const properties = { 'format-version': version, 'write.merge.mode': mode, 'write.delete.mode': mode }

  test('an upsert keeps the values of a column that the rival added', async () => {
    const { table, store } = await newTable(properties)
    await table.append(rows(1, 3, 'a'))
    const held = await heldWithRival(store, async (theirs) => {
      const wider = (await theirs.update().addColumn('note', t.string()).commit()) as Table
      return wider.upsert([2, 3].map((id) => ({ id, name: 'b', note: 'theirs' })))
    })
    const ours = await held.upsert(rows(3, 2, 'c'))
    expect(await read(ours, ['id', 'name', 'note'])).toEqual([
      { id: 1n, name: 'a', note: null },
      { id: 2n, name: 'b', note: 'theirs' },
      { id: 3n, name: 'c', note: null },
      { id: 4n, name: 'c', note: null },
    ])
  })

  test('an upsert keeps the rows of a partition whose column the rival widened', async () => {
    const { store, lake } = await newTable(properties)
    const table = (await lake.createTable('shop.parts', {
      schema: schema({ id: t.long().required(), part: t.int(), name: t.string() }),
      partitionBy: [identity('part')],
      identifierFields: ['id'],
      properties,
    })) as unknown as Table
    await table.append([1, 2, 3].map((id) => ({ id, part: 7, name: 'a' })))
    const widen = (theirs: Table) => theirs.update().widenColumn('part', t.long()).commit()
    const held = await heldWithRival(store, widen, { name: 'shop.parts' })
    const ours = await held.upsert([{ id: 2, part: 7, name: 'b' }])
    expect(await read(ours, ['id', 'part', 'name'])).toEqual([
      { id: 1n, part: 7n, name: 'a' },
      { id: 2n, part: 7n, name: 'b' },
      { id: 3n, part: 7n, name: 'a' },
    ])
    expect(await read(await ours.delete(eq('part', 7)))).toEqual([])
  })

  test.each<[string, (theirs: Table) => Promise<unknown>]>([
    ['widened', (theirs) => theirs.update().widenColumn(['place', 'x'], t.long()).commit()],
    ['renamed', (theirs) => theirs.update().renameColumn(['place', 'x'], 'y').commit()],
    ['dropped', (theirs) => theirs.update().dropColumn(['place', 'x']).commit()],
  ])('a change by a column that the rival %s is refused, to be made again', async (_, rival) => {
    const row = (id: number, x: number) => ({ id, name: 'a', place: { x } })
    const changes: ((held: Table) => Promise<unknown>)[] = [
      (held) => held.upsert([row(2, 2)], { on: [['place', 'x']] }),
      (held) => held.delete([{ place: { x: 2 } }], { on: [['place', 'x']] }),
      (held) => held.delete(eq('place.x', 2)),
    ]
    for (const change of changes) {
      const { table, store } = await newTable(properties)
      await table.append([row(1, 1), row(2, 2)])
      const held = await heldWithRival(store, rival)
      await expect(change(held)).rejects.toThrow(code('COMMIT_CONFLICT'))
    }
  })
})

describe('upsert of partial rows', () => {
  const WIDE = schema({
    id: t.long().required(),
    status: t.string().default('open'),
    paid: t.int(),
    sent: t.int(),
  })
  async function wideTable(properties: Record<string, string> = {}, columns: unknown = WIDE) {
    const store = new MemoryStore()
    const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
    const table = (await lake.createTable('shop.orders', {
      schema: columns as typeof WIDE,
      identifierFields: ['id'],
      properties: { 'format-version': '3', ...properties },
    })) as unknown as Table
    return { table, store }
  }
  const all = async (table: Table) =>
    (await read(table, ['id', 'status', 'paid', 'sent'])).map((row) => Object.values(row).join('/'))

  test.each<Record<string, string>>([
    { 'format-version': '3' },
    { 'format-version': '3', 'write.merge.mode': 'copy-on-write' },
  ])('lets two sources stitch one row, each with its columns (%o)', async (properties) => {
    let { table } = await wideTable(properties)
    table = await table.append([{ id: 1, status: 'new', paid: null, sent: null }])
    table = await table.upsert(
      [
        { id: 1, paid: 10 },
        { id: 2, paid: 20 },
      ],
      { partial: ['paid'] },
    )
    expect(table.changed).toEqual({ inserted: 1, updated: 1, deleted: 0, unchanged: 0 })
    table = await table.upsert(
      [
        { id: 2, sent: 5 },
        { id: 1, sent: 6 },
        { id: 3, sent: 7 },
      ],
      { partial: ['sent'] },
    )
    expect(await all(table)).toEqual(['1/new/10/6', '2/open/20/5', '3/open//7'])
  })

  test('leaves a row alone that is newer in the columns of its source', async () => {
    let { table } = await wideTable()
    table = await table.append([{ id: 1, status: 'new', paid: 10, sent: 1 }])
    const options = { partial: ['paid', 'status'], orderBy: 'paid' }
    table = await table.upsert([{ id: 1, paid: 9, status: 'late' }], options)
    expect(table.changed).toMatchObject({ updated: 0, unchanged: 1 })
    table = await table.upsert([{ id: 1, paid: 11, status: 'paid' }], options)
    expect(await all(table)).toEqual(['1/paid/11/1'])
  })

  test('skips rows whose columns are there as they are', async () => {
    let { table } = await wideTable()
    table = await table.append([{ id: 1, status: 'new', paid: 10, sent: 1 }])
    const before = table.metadataLocation
    table = await table.upsert([{ id: 1, paid: 10 }], { partial: ['paid'], skipUnchanged: true })
    expect(table.metadataLocation).toBe(before)
    expect(table.changed).toMatchObject({ unchanged: 1 })
  })

  test('refuses new rows without a column that has to have a value, and nothing is committed', async () => {
    const columns = schema({
      id: t.long().required(),
      status: t.string().required(),
      paid: t.int(),
      sent: t.int(),
    })
    let { table } = await wideTable({}, columns)
    table = await table.append([{ id: 1, status: 'new', paid: 1, sent: 1 }])
    const upsert = (id: number) => table.upsert([{ id, paid: 2 }], { partial: ['paid'] })
    await expect(upsert(7)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("rows are new (1 of them), and leave out column 'status'"),
    })
    expect(await all(await table.refresh())).toEqual(['1/new/1/1'])
    expect(await all(await upsert(1))).toEqual(['1/new/2/1'])
  })

  test('says what is wrong with its columns', async () => {
    const { table } = await wideTable()
    const upsert = (options: object, row: Plain = { id: 1, paid: 1 }) =>
      table.upsert([row], { partial: ['paid'], ...options })
    await expect(upsert({ partial: [] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("'partial'"),
    })
    await expect(upsert({ partial: ['payed'] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("there is no column 'payed'"),
    })
    await expect(upsert({ orderBy: 'sent' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("'orderBy' needs column 'sent'"),
    })
    await expect(upsert({}, { id: 1, paid: 1, sent: 2 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('sent'),
    })
  })

  test.each([{ partial: ['s'] }, { sequenceGroups: [{ orderBy: 'at', columns: ['s'] }] }])(
    'keeps what stands beside a key in a struct: %o',
    async (options) => {
      const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
      const created = await lake.createTable('a.b', {
        schema: schema({ k: t.struct({ extra: t.string(), id: t.long() }), s: t.string(), at: t.long() }),
      })
      let table = (await created.append([{ k: { id: 1, extra: 'keep' }, s: 'a', at: 1 }])) as unknown as Table
      const at = 'partial' in options ? {} : { at: 2 }
      const rows = [1, 2].map((id) => ({ k: { id }, s: 'b', ...at }))
      table = await table.upsert(rows, { on: ['k.id'], ...(options as { partial: string[] }) })
      const found: Plain[] = []
      for await (const row of table.scan({ select: ['k', 's'] }).rows()) found.push(row as Plain)
      expect(
        found.sort((a, b) => Number((a['k'] as { id: bigint }).id - (b['k'] as { id: bigint }).id)),
      ).toEqual([
        { k: { id: 1n, extra: 'keep' }, s: 'b' },
        { k: { id: 2n, extra: null }, s: 'b' },
      ])
    },
  )

  test('keeps what a rival changes of the other columns meanwhile', async () => {
    const { table, store } = await wideTable()
    await table.append([{ id: 1, status: 'new', paid: 1, sent: 1 }])
    const held = await heldWithRival(store, (theirs) =>
      theirs.upsert([{ id: 1, sent: 99 }], { partial: ['sent'] }),
    )
    expect(await all(await held.upsert([{ id: 1, paid: 50 }], { partial: ['paid'] }))).toEqual([
      '1/new/50/99',
    ])
  })

  test('conflicts with a rival who adds a column, whose values it has not read', async () => {
    const { table, store } = await wideTable()
    await table.append([{ id: 1, status: 'new', paid: 1, sent: 1 }])
    const held = await heldWithRival(store, (theirs) => theirs.update().addColumn('more', t.int()).commit())
    const change = held.upsert([{ id: 1, paid: 50 }], { partial: ['paid'] })
    await expect(change).rejects.toThrow(code('COMMIT_CONFLICT'))
  })
})

describe('overwrite', () => {
  test('puts rows in the place of those that match, in one snapshot', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 4, 'a'))
    table = await table.overwrite(rows(7, 2, 'b'), { where: gt('id', 2) })
    expect(await names(table)).toEqual(['1 a', '2 a', '7 b', '8 b'])
    expect(table.changed).toEqual({ inserted: 2, updated: 0, deleted: 2, unchanged: 0 })
    expect(table.snapshots).toHaveLength(2)
    expect(table.currentSnapshot!.operation).toBe('overwrite')
  })

  test('takes all rows without a filter, and a whole file out of the metadata alone', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 4, 'a'))
    table = await table.overwrite(rows(2, 1, 'b'))
    expect(await names(table)).toEqual(['2 b'])
    expect(table.currentSnapshot!.summary).toMatchObject({
      'deleted-data-files': '1',
      'total-delete-files': '0',
    })
  })

  test('without rows deletes, and where nothing matches either commits nothing', async () => {
    let { table } = await newTable()
    table = await table.append(rows(1, 4, 'a'))
    table = await table.overwrite([], { where: gt('id', 2) })
    expect(await names(table)).toEqual(['1 a', '2 a'])
    const before = table.metadataLocation
    expect((await table.overwrite([], { where: gt('id', 2) })).metadataLocation).toBe(before)
  })

  test('takes what a rival appends meanwhile, and writes its own rows once', async () => {
    const { table, store } = await newTable()
    await table.append(rows(1, 4, 'a'))
    const written: string[] = []
    const held = await heldWithRival(store, (theirs) => theirs.append(rows(2, 4, 'rival')), {
      onWrite: (location) => written.push(location),
    })
    const newest = await held.overwrite(rows(9, 1, 'b'), { where: gt('id', 3) })
    expect((await names(newest)).sort()).toEqual(['1 a', '2 a', '2 rival', '3 a', '3 rival', '9 b'])
    expect(written.filter((location) => location.endsWith('.parquet'))).toHaveLength(1)
  })

  test('with a row that does not fit commits nothing, and leaves no file', async () => {
    const { table, store } = await newTable()
    const next = await table.append(rows(1, 4, 'a'))
    const before = await locations(store)
    const change = next.overwrite([...rows(1, 1, 'b'), { id: 'x' }] as never, { where: gt('id', 3) })
    await expect(change).rejects.toThrow(code('INVALID_ARGUMENT'))
    expect(await locations(store)).toEqual(before)
  })
})

describe.each(['2', '3'])('a sorted table of version %s, in several files,', (version) => {
  const sorted = async (properties: Record<string, string> = {}) => {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    const table = (await lake.createTable('a.b', {
      schema: schema({ id: t.long().required(), n: t.long() }),
      identifierFields: ['id'],
      sortBy: ['n'],
      properties: { 'format-version': version, ...properties },
    })) as unknown as Table
    const row = (id: number) => ({ id, n: -id })
    const first = await table.append(Array.from({ length: 20 }, (_, i) => row(i)))
    return first.append(Array.from({ length: 20 }, (_, i) => row(20 + i)))
  }
  const lineage = async (table: Table) => {
    const select = version === '3' ? ['id', 'n', '_row_id'] : ['id', 'n']
    const found = (await read(table, select)) as { id: bigint; n: bigint; _row_id?: bigint }[]
    return found.toSorted((a, b) => Number(a.id - b.id))
  }
  const some = [3, 33, 17].map((id) => ({ id, n: 500 + id }))
  test.each<[string, (table: Table) => Promise<Table>, Record<string, string>]>([
    ['an upsert', (table) => table.upsert(some), {}],
    ['a copying upsert', (table) => table.upsert(some), { 'write.merge.mode': 'copy-on-write' }],
    [
      'an upsert of several batches',
      (table) => table.upsert(new Set([...some, ...rowsFrom(1000, 70_000)])),
      {},
    ],
    [
      'an update',
      (table) => table.update(isIn('id', [3, 17, 33]), ({ id }) => ({ n: 500n + (id as bigint) })),
      {},
    ],
    ['a merge', (table) => table.merge(some, { whenMatched: [{ do: 'update' }] }), {}],
  ])('%s changes rows, and keeps their ids', async (_, change, properties) => {
    const table = await sorted(properties)
    const before = await lineage(table)
    const after = await lineage(await change(table))
    const changed = new Set([3n, 17n, 33n])
    expect(after.filter(({ id }) => id < 1000n)).toEqual(
      before.map((row) => (changed.has(row.id) ? { ...row, n: 500n + row.id } : row)),
    )
  })
})

function* rowsFrom(from: number, count: number) {
  for (let i = 0; i < count; i++) yield { id: from + i, n: i % 97 }
}

test.each(['2', '3'])('truncate leaves no file, of version %s', async (version) => {
  const { table: empty } = await newTable({ 'format-version': version })
  let table = await empty.append(rows(1, 4, 'a'))
  table = await table.append(rows(5, 2, 'a'))
  table = await table.delete([{ id: 1 }, { id: 5 }])
  table = await table.delete([{ id: 6 }])
  table = await table.truncate()
  expect(table.changed).toMatchObject({ deleted: 3 })
  const left: string[] = []
  for await (const { content } of table.inspect.files()) left.push(content)
  expect(left.filter((content) => content === 'data')).toEqual([])
  expect(await read(table)).toEqual([])
})

test('truncate deletes all rows in one commit, and an earlier snapshot has them still', async () => {
  let { table } = await newTable()
  table = await table.append(rows(1, 4, 'a'))
  table = await table.delete(eq('id', 2))
  table = await table.append(rows(5, 1, 'b'))
  table = await table.truncate()
  expect(await names(table)).toEqual([])
  expect(table.changed).toMatchObject({ deleted: 4 })
  expect(table.currentSnapshot!.summary).toMatchObject({
    'total-data-files': '0',
    'total-delete-files': '0',
    'total-records': '0',
  })
  const then: unknown[] = []
  for await (const row of table.scan({ at: { snapshotId: table.snapshots[2]!.snapshotId } }).rows())
    then.push(row)
  expect(then).toHaveLength(4)
})
