/** Upserts that read nothing: rows are deleted by their keys. */
import { describe, expect, test } from 'vitest'
import {
  bucket,
  connect,
  identity,
  MemoryStore,
  type ObjectStore,
  schema,
  type Table,
  t,
} from '../../index.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'
import { heldWithRival } from './support.ts'

const COLUMNS = schema({
  id: t.long().required(),
  region: t.string(),
  place: t.struct({ x: t.int(), y: t.string(), z: t.int() }),
  name: t.string(),
})
const deletes = 'equality' as const

async function newTable({
  properties = {},
  partitionBy = [] as unknown[],
  store = new MemoryStore() as ObjectStore,
  identifierFields = ['id'],
} = {}): Promise<Table> {
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  return (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: identifierFields as never,
    partitionBy: partitionBy as never,
    properties: { 'format-version': '2', ...properties },
  })) as unknown as Table
}

const row = (id: number, name: string, region: string | null = 'eu') => ({
  id,
  region,
  place: { x: id, y: name, z: 1 },
  name,
})
async function textsOf(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const { id, region, name } of table.scan().rows()) found.push(`${id} ${region} ${name}`)
  return found.sort()
}

describe.each(['2', '3'])('an upsert by equality deletes, version %s', (version) => {
  const properties = { 'format-version': version }

  test('replaces and deletes rows, and reads no data file', async () => {
    const inner = new MemoryStore()
    const reads: string[] = []
    const store = wrappedStore(inner, (call, [location = ''], apply) => {
      if (call === 'get' && location.includes('/data/')) reads.push(location)
      return apply()
    })
    let table = await (await newTable({ properties, store })).append([1, 2, 3].map((id) => row(id, 'a')))
    table = await table.upsert(
      [
        { ...row(2, 'x'), op: 'u' },
        { ...row(2, 'b'), op: 'u' },
        { id: 3, op: 'd' },
        { ...row(4, 'b'), op: 'c' },
      ],
      { deletes, op: 'op' },
    )
    expect(reads).toEqual([])
    expect(await textsOf(table)).toEqual(['1 eu a', '2 eu b', '4 eu b'])
    expect(table.changed).toEqual({ inserted: 2, updated: 0, deleted: 0, unchanged: 0 })
    expect(table.currentSnapshot).toMatchObject({
      operation: 'overwrite',
      summary: { 'added-equality-deletes': '3', 'added-equality-delete-files': '1', 'added-records': '2' },
    })
    // And by position upon them.
    table = await table.upsert([row(2, 'c'), row(3, 'c')])
    expect(await textsOf(table)).toEqual(['1 eu a', '2 eu c', '3 eu c', '4 eu b'])
    expect(table.changed).toMatchObject({ inserted: 1, updated: 1 })
  })

  test('goes by several columns, of structs too, and null is a key', async () => {
    const on = ['place.x', 'place.y', 'region']
    let table = await (await newTable({ properties })).append([row(1, 'a'), row(2, 'a', null), row(3, 'a')])
    table = await table.upsert(
      [
        { ...row(2, 'a', null), name: 'b' },
        { ...row(3, 'a'), place: null },
      ],
      { on, deletes },
    )
    expect(await textsOf(table)).toEqual(['1 eu a', '2 null b', '3 eu a', '3 eu a'])
    table = await table.upsert([{ ...row(9, 'c'), place: null }], { on, deletes })
    expect(await textsOf(table)).toEqual(['1 eu a', '2 null b', '3 eu a', '9 eu c'])
  })

  test('deletes in every partition spec that the table has files of', async () => {
    let table = await (await newTable({ properties, partitionBy: [bucket('id', 2)] })).append(
      [1, 2, 3].map((id) => row(id, 'a')),
    )
    table = (await table.update().addPartitionField(identity('id')).commit()) as unknown as Table
    table = await table.append([row(4, 'a')])
    table = await table.upsert(
      [1, 4].map((id) => row(id, 'b')),
      { deletes },
    )
    expect(await textsOf(table)).toEqual(['1 eu b', '2 eu a', '3 eu a', '4 eu b'])
  })

  test('that loses a race deletes what the rival wrote too', async () => {
    const store = new MemoryStore()
    await (await newTable({ properties, store })).append([row(1, 'a')])
    const held = await heldWithRival(store, (theirs) =>
      theirs.upsert([row(1, 'rival'), row(2, 'rival')], { deletes }),
    )
    expect(await textsOf(await held.upsert([row(1, 'ours')], { deletes }))).toEqual([
      '1 eu ours',
      '2 eu rival',
    ])
  })

  test('is taken by a sink', async () => {
    const sink = (await newTable({ properties })).sink({ mode: 'upsert', deletes, commitEvery: { rows: 2 } })
    for (const name of ['a', 'b', 'c']) await sink.write([row(1, name), row(2, name)], { offset: name })
    expect(await textsOf(await sink.close())).toEqual(['1 eu c', '2 eu c'])
  })
})

test('equality deletes are refused where they would miss rows, or something has to be read', async () => {
  const refused = async (table: Table, options: object, message: RegExp) =>
    expect(table.upsert([row(1, 'a')], { deletes, ...options } as never)).rejects.toThrow(message)
  const partitioned = await newTable({ partitionBy: [identity('region')] })
  await refused(partitioned, {}, /'region' of spec 0 is by another; add it to 'on'/)
  const table = await newTable()
  for (const options of [{ orderBy: 'id' }, { partial: ['name'] }, { skipUnchanged: true }]) {
    await refused(table, options, /needs the rows that are there/)
  }
  await refused(table, { deletes: 'both' }, /found string "both"/)
  await refused(await newTable({ properties: { 'format-version': '1' } }), {}, /upgradeFormatVersion\(2\)/)
  await refused(await newTable({ properties: { 'write.merge.mode': 'copy-on-write' } }), {}, /copy-on-write/)
  const evolved = (await (
    await partitioned.append([row(1, 'a')])
  )
    .update()
    .removePartitionField('region')
    .commit()) as unknown as Table
  await refused(evolved, {}, /'region' of spec 0/)
})
