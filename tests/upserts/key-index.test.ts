/** What the key index saves, and that nothing which befalls it costs a row. */
import { describe, expect, test } from 'vitest'
import { connect, gt, MemoryStore, type ObjectStore, schema, type Table, t } from '../../index.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'

type Plain = Record<string, unknown>

const COLUMNS = schema({ id: t.long().required(), name: t.string(), code: t.string().required() })
const rows = (from: number, count: number, name: string, step = 1) =>
  Array.from({ length: count }, (_, i) => {
    const id = from + i * step
    return { id, name, code: `c${id}` }
  })

interface Watched {
  readonly table: Table
  readonly inner: MemoryStore
  /** Locations of which something was read since it was last asked. */
  takeReads(): string[]
  readonly store: ObjectStore
}

async function newTable(properties: Record<string, string> = {}, identifier = ['id']): Promise<Watched> {
  const inner = new MemoryStore()
  let reads: string[] = []
  const store = wrappedStore(inner, (call, [location = ''], apply) => {
    if (call === 'get') reads.push(location)
    return apply()
  })
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  const table = (await lake.createTable('a.b', {
    schema: COLUMNS,
    identifierFields: identifier as ['id'],
    properties: { 'format-version': '3', ...properties },
  })) as unknown as Table
  const takeReads = () => {
    const taken = reads
    reads = []
    return taken
  }
  return { table, inner, takeReads, store }
}

const namesOf = async (table: Table) => {
  const found: string[] = []
  for await (const { id, name } of table.scan().rows() as AsyncIterable<Plain>) found.push(`${id} ${name}`)
  return found.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
}
const indexFiles = async (store: MemoryStore, ending = '') => {
  const found: string[] = []
  for await (const { location } of store.list('memory://lake/wh/a/b/_moraine/')) {
    if (location.endsWith(ending)) found.push(location)
  }
  return found
}
const dataFiles = async (table: Table) => {
  const found: string[] = []
  for await (const { content, filePath } of table.inspect.files())
    if (content === 'data') found.push(filePath)
  return found
}
const isData = (location: string) => location.endsWith('.parquet')

/** Of all runs that the root of the table's index names. */
async function entriesOf(store: MemoryStore, table: Table): Promise<number> {
  const name = table.currentSnapshot!.summary['moraine.key-index']!
  const text = new TextDecoder().decode(await store.get(`memory://lake/wh/a/b/_moraine/${name}`))
  return (JSON.parse(text) as { runs: { entries: number }[] }).runs.reduce(
    (sum, { entries }) => sum + entries,
    0,
  )
}

describe.each([
  ['a long', ['id']],
  ['a string', ['code']],
  ['two columns', ['code', 'id']],
])('with the key index, of %s', (_, on) => {
  test('an upsert reads of the data only what others wrote since the last one', async () => {
    const { table: first, takeReads } = await newTable()
    let table = await first.append(rows(1, 500, 'a'))
    table = await table.upsert(rows(1, 3, 'b', 200), { on })
    table = await table.append(rows(0, 2, 'a', 999))
    takeReads()
    table = await table.upsert(rows(2, 3, 'c', 200), { on })
    const read = new Set(takeReads().filter(isData))
    const added = new Set<string>()
    for await (const { filePath, recordCount } of table.inspect.files())
      if (recordCount === 2n) added.add(filePath)
    expect(read.size).toBe(1)
    expect(added).toContain([...read][0])
    expect(table.changed).toMatchObject({ updated: 3, inserted: 0 })
    const names = await namesOf(table)
    expect(names).toHaveLength(502)
    expect(names.filter((name) => !name.endsWith('a'))).toEqual([
      '1 b',
      '2 c',
      '201 b',
      '202 c',
      '401 b',
      '402 c',
    ])
  })

  test.each([
    ['ordered', { orderBy: 'name' }],
    ['partial', { partial: ['name'] }],
    ['that skips unchanged rows', { skipUnchanged: true }],
  ])('an upsert %s reads of the data only the files that have a key', async (_name, options) => {
    const { table: first, takeReads } = await newTable()
    let table = await first.append(rows(1, 100, 'a', 3))
    for (const from of [2, 3]) table = await table.append(rows(from, 100, 'a', 3))
    table = await table.upsert(rows(100, 3, 'a', 50), { on })
    takeReads()
    const partial = 'partial' in options
    const changes = (from: number, name: string) =>
      rows(from, 2, name, 3).map(({ id, name, code }) => ({
        name,
        ...(on.includes('id') || !partial ? { id } : {}),
        ...(on.includes('code') || !partial ? { code } : {}),
      }))
    table = await table.upsert(changes(153, 'b'), { ...options, on } as never)
    expect(new Set(takeReads().filter(isData)).size).toBe(1)
    expect(table.changed).toEqual({ inserted: 0, updated: 2, deleted: 0, unchanged: 0 })
    table = await table.upsert(changes(156, 'c'), { ...options, on } as never)
    const names = await namesOf(table)
    expect(names).toHaveLength(300)
    expect(names.filter((name) => !name.endsWith('a'))).toEqual(['153 b', '156 c', '159 c'])
  })

  test('replaced rows keep their row ids, wherever they were written last', async () => {
    const { table: first } = await newTable()
    let table = await first.append(rows(1, 50, 'a'))
    const idsOf = async () => {
      const ids = new Map<bigint, bigint>()
      const found = table.scan({ select: ['id', '_row_id'] }).rows() as AsyncIterable<Plain>
      for await (const row of found) ids.set(row['id'] as bigint, row['_row_id'] as bigint)
      return ids
    }
    const before = await idsOf()
    for (let i = 0; i < 5; i++) table = await table.upsert(rows(10 + i, 5, `b${i}`), { on })
    table = await table.delete([{ id: 12, code: 'c12' }], { on: ['id', 'code'] })
    table = await table.upsert(rows(9, 10, 'c'), { on })
    const after = await idsOf()
    expect([...after.values()].filter((id) => id === before.get(12n))).toEqual([])
    before.delete(12n)
    for (const [key, id] of before) expect(after.get(key), `${key}`).toBe(id)
    expect(new Set(after.values()).size).toBe(50)
  })
})

describe('the key index', () => {
  test.each<[string, (store: MemoryStore, location: string) => Promise<unknown>]>([
    ['gone', (store, location) => store.delete([location])],
    ['cut short', async (store, at) => store.put(at, (await store.get(at)).slice(0, -9))],
    ['empty', (store, location) => store.put(location, new Uint8Array())],
    [
      'damaged at its start',
      async (store, location) => {
        const bytes = Uint8Array.from(await store.get(location))
        bytes[3]! ^= 1
        await store.put(location, bytes)
      },
    ],
  ])('a file of it that is %s is not missed', async (_, damage) => {
    for (const which of [0, 1, 2, 3]) {
      const { table: first, inner } = await newTable()
      let table = await first.append(rows(1, 20, 'a'))
      table = await table.upsert(rows(1, 2, 'b'))
      table = await table.upsert(rows(2, 2, 'c'))
      const files = await indexFiles(inner)
      expect(files).toHaveLength(4)
      await damage(inner, files[which]!)
      for (const name of ['d', 'e']) table = await table.upsert(rows(3, 2, name))
      expect((await namesOf(table)).slice(0, 5)).toEqual(['1 b', '2 c', '3 e', '4 e', '5 a'])
      expect(await namesOf(table)).toHaveLength(20)
    }
  })

  test('is carried over snapshots of those who do not know it', async () => {
    const { table: first, takeReads } = await newTable()
    let table = await first.append(rows(1, 500, 'a'))
    table = await table.upsert(rows(1, 1, 'b'))
    table = await table.append(rows(501, 3, 'a'))
    table = await table.delete(gt('id', 502n))
    takeReads()
    table = await table.upsert([...rows(1, 1, 'c'), ...rows(500, 4, 'c')])
    expect(table.changed).toMatchObject({ updated: 4, inserted: 1 })
    // The file of the second append.
    expect(new Set(takeReads().filter(isData)).size).toBe(1)
  })

  test('knows rows that were deleted in a snapshot that was rolled back since', async () => {
    const { table: first } = await newTable()
    let table = await first.append(rows(1, 9, 'a'))
    const { snapshotId } = table.currentSnapshot!
    table = await table.delete(gt('id', 5n))
    table = await table.upsert(rows(1, 1, 'b'))
    table = await table.rollbackTo({ snapshotId })
    table = await table.upsert(rows(6, 4, 'c'))
    expect(table.changed).toMatchObject({ updated: 4, inserted: 0 })
    expect(await namesOf(table)).toEqual(
      [1, 2, 3, 4, 5].map((id) => `${id} a`).concat([6, 7, 8, 9].map((id) => `${id} c`)),
    )
  })

  test('is kept in memory, but for the blocks, from one call to the next', async () => {
    const { table: first, takeReads } = await newTable()
    let table = await first.append(rows(1, 500, 'a'))
    table = await table.upsert(rows(1, 3, 'b', 200))
    table = await table.upsert(rows(2, 3, 'c', 200))
    takeReads()
    table = await table.upsert(rows(3, 3, 'd', 200))
    const read = takeReads().filter((location) => location.includes('/a/b/_moraine/'))
    expect(read.filter((location) => location.endsWith('.root'))).toEqual([])
    // A block of each of three runs.
    expect(read).toHaveLength(new Set(read).size)
    expect((await namesOf(table)).filter((name) => !name.endsWith('a'))).toHaveLength(9)
  })

  test('is of use to the next when two changes have indexed one file', async () => {
    const { table: first, inner, takeReads, store } = await newTable()
    const base = await first.append(rows(1, 500, 'a'))
    const [appended] = await dataFiles(base)
    let isThrough = false
    const rivalled = wrappedStore(store, async (call, [location = ''], apply) => {
      if (call === 'put' && location.endsWith('.metadata.json') && !isThrough) {
        isThrough = true
        await base.upsert(rows(1, 2, 'theirs'))
      }
      return apply()
    })
    const lake = await connect('memory://lake/wh', { store: rivalled, parallelism: 0 })
    let table = (await lake.loadTable('a.b')) as unknown as Table
    table = await table.upsert(rows(2, 2, 'ours'))
    takeReads()
    table = await table.upsert(rows(3, 2, 'later'))
    expect(takeReads()).not.toContain(appended)
    expect((await namesOf(table)).slice(0, 5)).toEqual(['1 theirs', '2 ours', '3 later', '4 later', '5 a'])
    expect((await indexFiles(inner, '.root')).length).toBeGreaterThan(2)
  })

  test('is in few files after many commits, and finds what any of them wrote', async () => {
    const { table: first, inner } = await newTable()
    let table = await first.append(rows(1, 100, 'a'))
    for (let i = 0; i < 40; i++) table = await table.upsert(rows(1 + i, 2, `u${i}`))
    const root = (await indexFiles(inner)).find((file) =>
      file.endsWith(table.currentSnapshot!.summary['moraine.key-index']!),
    )!
    const { runs } = JSON.parse(new TextDecoder().decode(await inner.get(root))) as { runs: unknown[] }
    expect(runs.length).toBeLessThan(10)
    table = await table.upsert(rows(1, 100, 'z'))
    expect(table.changed).toMatchObject({ updated: 100, inserted: 0 })
    expect(await namesOf(table)).toEqual(rows(1, 100, 'z').map(({ id }) => `${id} z`))
  })

  test('is made anew when most of it is of data files that are gone', async () => {
    const { table: first, inner } = await newTable()
    let table = await first.append(rows(1, 35_000, 'a'))
    for (let i = 0; i < 4; i++) table = await table.upsert(rows(1, 35_000, `b${i}`))
    expect(table.changed).toMatchObject({ updated: 35_000 })
    expect(await entriesOf(inner, table)).toBe(5 * 35_000)
    table = await table.upsert(rows(1, 2, 'e'))
    expect(await entriesOf(inner, table)).toBe(35_002)
  })

  test('loses files that it has no use for when they are a day old, and no others', async () => {
    let now = Date.UTC(2026, 0, 1)
    const store = new MemoryStore({ now: () => now })
    const environment = { ...testEnvironment(1), now: () => now }
    const lake = await connect('memory://lake/wh', { store, parallelism: 0, environment })
    let table = (await lake.createTable('a.b', {
      schema: COLUMNS,
      identifierFields: ['id'],
    })) as unknown as Table
    await store.put('memory://lake/wh/a/b/_moraine/of-somebody-else', new Uint8Array(1))
    table = await table.append(rows(1, 9, 'a'))
    for (let i = 0; i < 30; i++) {
      now += 2 * 60 * 60 * 1000
      table = await table.upsert(rows(1, 2, `b${i}`))
    }
    const files = await indexFiles(store)
    expect(files.filter((file) => file.endsWith('somebody-else'))).toHaveLength(1)
    expect(files.length).toBeLessThan(45)
    for (let i = 0; i < 2; i++) table = await table.upsert(rows(1, 9, 'z'))
    expect(await namesOf(table)).toEqual(rows(1, 9, 'z').map(({ id }) => `${id} z`))
  })

  test('takes up position deletes and row ids when a table of version 2 is upgraded', async () => {
    const { table: first } = await newTable({ 'format-version': '2' })
    let table = await first.append(rows(1, 20, 'a'))
    for (const name of ['b', 'c']) table = await table.upsert(rows(5, 5, name))
    table = (await table.update().upgradeFormatVersion(3).commit()) as Table
    for (const name of ['d', 'e']) table = await table.upsert(rows(7, 5, name))
    expect((await namesOf(table)).slice(4, 12)).toEqual([
      '5 c',
      '6 c',
      '7 e',
      '8 e',
      '9 e',
      '10 e',
      '11 e',
      '12 a',
    ])
    const ids: unknown[] = []
    for await (const row of table.scan({ select: ['_row_id'] }).rows()) ids.push((row as Plain)['_row_id'])
    expect(new Set(ids).size).toBe(20)
    expect(ids).not.toContain(null)
  })

  test('is not kept where the table does not want it, or where nothing was committed', async () => {
    const off = await newTable({ 'moraine.key-index.enabled': 'false' })
    await (await off.table.append(rows(1, 5, 'a'))).upsert(rows(1, 2, 'b'))
    expect(await indexFiles(off.inner)).toEqual([])
    const { table, inner } = await newTable()
    const held = await table.append(rows(1, 5, 'a'))
    await held.delete([{ id: 77 }])
    expect(await indexFiles(inner)).toEqual([])
  })

  test('of the identifier fields is not given up for that of other columns', async () => {
    const { table: first, takeReads } = await newTable()
    let table = await first.append(rows(1, 50, 'a'))
    const [appended] = await dataFiles(table)
    table = await table.upsert(rows(1, 2, 'b'))
    takeReads()
    table = await table.upsert(rows(3, 2, 'c'), { on: ['code'] })
    expect(takeReads()).toContain(appended)
    table = await table.upsert(rows(5, 2, 'd'))
    expect(takeReads()).not.toContain(appended)
    expect((await namesOf(table)).slice(0, 7)).toEqual(['1 b', '2 b', '3 c', '4 c', '5 d', '6 d', '7 a'])
  })
})
