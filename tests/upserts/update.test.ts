/** What `update` with a filter promises, and `overwrite` by partitions. */
import { describe, expect, test } from 'vitest'
import {
  and,
  bucket,
  connect,
  eq,
  gt,
  identity,
  isIn,
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
  name: t.string().required(),
  place: t.struct({ x: t.int() }),
  tags: t.map(t.string(), t.int()),
})
const rows = (ids: readonly number[], name = 'a') =>
  ids.map((id) => ({ id, name, place: { x: id }, tags: { k: id } }))

async function newTable(properties: Record<string, string> = {}, partitioned = false) {
  const store = new MemoryStore()
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  const created = (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: ['id'],
    partitionBy: partitioned ? [identity('name')] : [],
    properties: { 'format-version': '3', ...properties },
  })) as unknown as Table
  return { store, table: await created.append(rows([1, 2, 3, 4, 5])) }
}

async function read(table: Table, select?: string[]): Promise<Plain[]> {
  const found: Plain[] = []
  for await (const row of table.scan(select === undefined ? {} : { select }).rows()) found.push(row as Plain)
  return found.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
}

const namesOf = async (table: Table) => (await read(table)).map(({ id, name }) => `${id} ${name}`)

describe.each([
  ['1', 'merge-on-read'],
  ['2', 'merge-on-read'],
  ['2', 'copy-on-write'],
  ['3', 'merge-on-read'],
  ['3', 'copy-on-write'],
])('update on version %s, %s', (version, mode) => {
  const properties = { 'format-version': version, 'write.update.mode': mode }

  test('sets columns of the rows that match, and leaves the others and other rows', async () => {
    const { table: before } = await newTable(properties)
    const lineage = version === '3' ? ['_row_id', '_last_updated_sequence_number'] : []
    const ids = async (table: Table) => (await read(table, ['id', ...lineage])).map((row) => row['_row_id'])
    const idsBefore = await ids(before)
    const table = await before.update(gt('id', 3), { name: 'b', place: null })
    expect(table.changed).toEqual({ inserted: 0, updated: 2, deleted: 0, unchanged: 0 })
    const found = await read(table)
    expect(found.map(({ name, place }) => [name, place])).toEqual([
      ['a', { x: 1 }],
      ['a', { x: 2 }],
      ['a', { x: 3 }],
      ['b', null],
      ['b', null],
    ])
    expect(found[4]!['tags']).toEqual(new Map([['k', 5]]))
    expect(await ids(table)).toEqual(idsBefore)
    if (version !== '3') return
    const sequence = '_last_updated_sequence_number'
    expect((await read(table, ['id', sequence])).map((row) => row[sequence])).toEqual([1n, 1n, 1n, 2n, 2n])
  })

  test('takes what a function says of each row, and moves rows between partitions', async () => {
    const { table: before } = await newTable(properties, true)
    const table = await before.update(isIn('id', [1, 2, 3]), ({ id, name }) =>
      id === 2n ? {} : { name: `${name}${id}`, ...(id === 3n ? { place: { x: -3 } } : {}) },
    )
    expect(await namesOf(table)).toEqual(['1 a1', '2 a', '3 a3', '4 a', '5 a'])
    expect((await read(table)).map(({ place }) => place)).toEqual([1, 2, -3, 4, 5].map((x) => ({ x })))
  })
})

describe('update', () => {
  test('of what matches nothing commits nothing', async () => {
    const { table } = await newTable()
    const same = await table.update(eq('id', 77), { name: 'b' })
    expect(same.metadataLocation).toBe(table.metadataLocation)
    expect(same.changed).toMatchObject({ updated: 0 })
  })

  test('takes values as a function has them when it is asked, and not what is undefined', async () => {
    const { table } = await newTable()
    const shared: { name?: string; place?: undefined } = { place: undefined }
    const next = await table.update(gt('id', 3), (row) => {
      shared.name = `b${row['id']}`
      ;(row as { tags: unknown }).tags = null
      return shared
    })
    expect(await namesOf(next)).toEqual(['1 a', '2 a', '3 a', '4 b4', '5 b5'])
    expect((await read(next))[4]).toMatchObject({ place: { x: 5 }, tags: new Map([['k', 5]]) })
  })

  test('by a function ends in a conflict where a rival changes columns meanwhile', async () => {
    const { store } = await newTable()
    const held = await heldWithRival(store, (theirs) =>
      theirs.update().renameColumn('place', 'where').commit(),
    )
    await expect(held.update(eq('id', 1), () => ({ name: 'b' }))).rejects.toThrow(code('COMMIT_CONFLICT'))
    const other = await heldWithRival(store, (theirs) =>
      theirs.update().renameColumn('where', 'place').commit(),
    )
    expect((await other.update(eq('id', 1), { name: 'b' })).changed).toMatchObject({ updated: 1 })
  })

  test('that loses a race to the commit that gives rows their ids keeps these', async () => {
    const store = new MemoryStore()
    const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
    const created = (await lake.createTable('shop.orders', {
      schema: COLUMNS,
      properties: { 'format-version': '2' },
    })) as unknown as Table
    await (await created.append(rows([1, 2]))).update().upgradeFormatVersion(3).commit()
    let ids: unknown[] = []
    const idsOf = async (table: Table) => (await read(table, ['id', '_row_id'])).map((row) => row['_row_id'])
    const held = await heldWithRival(store, async (theirs) => {
      ids = await idsOf(await theirs.append(rows([3])))
    })
    expect(await idsOf(await held.update(eq('id', 1), { name: 'b' }))).toEqual(ids)
  })

  test('takes what is undefined as not said, and nothing at all as a mistake', async () => {
    const { table } = await newTable()
    const next = await table.update(eq('id', 1), { place: undefined, name: 'b' } as never)
    expect((await read(next))[0]).toMatchObject({ name: 'b', place: { x: 1 } })
    for (const nothing of [{}, { name: undefined }]) {
      await expect(table.update(eq('id', 1), nothing as never)).rejects.toThrow(/found none/)
    }
    await expect(table.update(eq('id', 1), { 'place.x': 1 } as never)).rejects.toThrow(
      /within a column.*name 'place'/,
    )
    await expect(table.overwrite([], { where: undefined as never })).rejects.toThrow(/leave it out/)
    for (const what of ["name = 'a'", { id: 1 }, undefined]) {
      await expect(table.delete(what as never)).rejects.toThrow(/expected a filter.*or keys as rows/)
    }
  })

  test('leaves out rows that are deleted', async () => {
    const { table } = await newTable()
    const next = await (await table.delete(eq('id', 2))).update(gt('id', 0), { name: 'b' })
    expect(await namesOf(next)).toEqual(['1 b', '3 b', '4 b', '5 b'])
    expect(next.changed).toMatchObject({ updated: 4 })
  })

  test('that loses a race updates what the rival added or changed, and keeps its files where it did neither', async () => {
    const { table, store } = await newTable()
    const asked: bigint[] = []
    const double = (held: Table) =>
      held.update(gt('id', 3), ({ id, name }) => {
        asked.push(id as bigint)
        return { name: `${name}${name}` }
      })
    const held = await heldWithRival(store, (theirs) => theirs.upsert([...rows([4], 'x'), ...rows([9], 'y')]))
    const after = await double(held)
    expect(await namesOf(after)).toEqual(['1 a', '2 a', '3 a', '4 xx', '5 aa', '9 yy'])
    asked.length = 0
    const files = await locations(store)
    const again = await double(await heldWithRival(store, (theirs) => theirs.append(rows([0], 'z'))))
    expect(asked.sort()).toEqual([4n, 5n, 9n])
    const added = (await locations(store)).filter((location) => !files.includes(location))
    expect(added.filter((location) => location.endsWith('.parquet'))).toHaveLength(2)
    expect(await namesOf(again)).toEqual(['0 z', '1 a', '2 a', '3 a', '4 xxxx', '5 aaaa', '9 yyyy'])
    expect(table.currentSnapshot).toBeDefined()
  })

  test('that cannot be is refused by column and row, and leaves nothing', async () => {
    const { table, store } = await newTable()
    const before = await locations(store)
    const where = gt('id', 2)
    await expect(table.update(where, { nam: 'b' } as never)).rejects.toThrow(/'nam'; did you mean 'name'/)
    await expect(table.update(where, { name: 7 } as never)).rejects.toThrow(/name: expected a? ?string/)
    await expect(table.update(where, { name: null } as never)).rejects.toThrow(/name/)
    const bad = (row: { readonly id?: unknown }) => (row.id === 4n ? { name: 7 } : { name: 'b' })
    await expect(table.update(where, bad as never)).rejects.toThrow(/^row 1, name/)
    for (const values of ['b', new Map([['name', 'b']]), Promise.resolve({ name: 'b' })]) {
      await expect(table.update(where, (() => values) as never)).rejects.toThrow(/row 0: expected new values/)
    }
    await expect(table.update('id = 1' as never, { name: 'b' })).rejects.toThrow(/expected a filter/)
    await expect(table.update(undefined as never, { name: 'b' })).rejects.toThrow(/expected a filter/)
    await expect(table.overwrite([], { where: 'id = 1' as never })).rejects.toThrow(/expected a filter/)
    await expect(table.update(where, 'b' as never)).rejects.toThrow(
      /by column, or a function, found string "b"/,
    )
    await expect(table.update(where, undefined as never)).rejects.toThrow(code('INVALID_ARGUMENT'))
    expect(await locations(store)).toEqual(before)
  })
})

describe('overwrite by partitions', () => {
  async function partitioned(partitionBy: readonly ReturnType<typeof bucket>[]) {
    const store = new MemoryStore()
    const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
    const table = (await lake.createTable('a.b', {
      schema: schema({ id: t.long(), region: t.string() }),
      partitionBy: partitionBy as never,
      properties: { 'format-version': '3' },
    })) as unknown as Table
    const all = ['eu', 'us', null, 'null'].flatMap((region) => [1, 2].map((id) => ({ id, region })))
    return { store, table: await table.append(all) }
  }
  const dynamic = { mode: 'dynamic' } as const
  const textsOf = async (table: Table) =>
    (await read(table)).map(({ id, region }) => `${id} ${JSON.stringify(region)}`).sort()

  test('puts the rows in the place of those of their partitions, null among them', async () => {
    let { table } = await partitioned([identity('region')])
    table = await table.delete(and(eq('region', 'eu'), eq('id', 1)))
    table = await table.overwrite(
      [
        { id: 7, region: 'eu' },
        { id: 8, region: null },
      ],
      dynamic,
    )
    expect(table.changed).toEqual({ inserted: 2, updated: 0, deleted: 3, unchanged: 0 })
    expect(await textsOf(table)).toEqual(['1 "null"', '1 "us"', '2 "null"', '2 "us"', '7 "eu"', '8 null'])
  })

  test('replaces all of a table without partitions, and nothing where there are no rows', async () => {
    const { table } = await partitioned([])
    expect((await table.overwrite([], dynamic)).metadataLocation).toBe(table.metadataLocation)
    expect(await textsOf(await table.overwrite([{ id: 7, region: 'eu' }], dynamic))).toEqual(['7 "eu"'])
  })

  test('leaves files of another spec, and takes rows that a rival adds to the partition', async () => {
    const { table, store } = await partitioned([identity('region')])
    await table.update().addPartitionField(bucket('id', 2)).commit()
    const options = { name: 'a.b' }
    const held = await heldWithRival(store, (theirs) => theirs.append([{ id: 7, region: 'eu' }]), options)
    const next = await held.overwrite([{ id: 7, region: 'eu' }], dynamic)
    expect(next.changed).toMatchObject({ inserted: 1, deleted: 1 })
    expect((await textsOf(next)).filter((text) => text.includes('eu'))).toEqual([
      '1 "eu"',
      '2 "eu"',
      '7 "eu"',
    ])
  })

  test('goes without a filter', async () => {
    const { table } = await partitioned([])
    const change = table.overwrite([], { mode: 'dynamic', where: eq('id', 1) })
    await expect(change).rejects.toThrow(/'where' does not/)
    await expect(table.overwrite([], { mode: 'dinamic' as never })).rejects.toThrow(/found string "dinamic"/)
  })
})
