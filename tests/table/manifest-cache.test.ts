import { describe, expect, test } from 'vitest'
import { connect, eq, identity, MemoryStore, openTable, schema, t } from '../../index.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { code, collect } from './support.ts'

const events = schema({ id: t.long(), kind: t.string() })
const isManifest = (location: string) => /-m\d+\.avro$/.test(location)

/** A lake in memory with a table of 5 manifests, and a note of the manifests that are fetched. */
async function eventsLake(properties: Record<string, string> = {}) {
  const store = new MemoryStore()
  const fetched: string[] = []
  const get = store.get.bind(store)
  store.get = (location, options) => {
    if (isManifest(location)) fetched.push(location)
    return get(location, options)
  }
  const environment = testEnvironment()
  const lake = await connect('memory://lake/wh', { store, environment, properties })
  let table = await lake.createTable('app.events', { schema: events, partitionBy: [identity('kind')] })
  for (let i = 0; i < 5; i++) table = await table.append([{ id: i, kind: `kind ${i % 2}` }])
  fetched.length = 0
  return { store, lake, table, fetched }
}

type Events = Awaited<ReturnType<typeof eventsLake>>

const planned = async ({ table }: Pick<Events, 'table'>, where = eq('kind', 'kind 1')) =>
  (await collect(table.scan({ where }).tasks())).map(({ dataFile, residual }) => [
    dataFile.filePath,
    residual,
  ])

describe('planning again', () => {
  test('fetches no manifest that was read before, and plans the same files', async () => {
    const lake = await eventsLake()
    const first = await planned(lake)
    expect(first).toHaveLength(2)
    expect(lake.fetched.length).toBe(2)
    expect(await planned(lake)).toEqual(first)
    expect(lake.fetched.length).toBe(2)
    const all = await collect(lake.table.inspect.files())
    expect(all).toHaveLength(5)
    expect(lake.fetched.length).toBe(5)
  })

  test('plans the same with another filter and without the cache', async () => {
    const cached = await eventsLake()
    const plain = await eventsLake({ 'io.manifest.cache-enabled': 'false' })
    for (const where of [eq('kind', 'kind 0'), eq('id', 3), eq('kind', 'kind 1'), eq('id', 3)]) {
      const inCache = (await planned(cached, where)).length
      expect(inCache).toBe((await planned(plain, where)).length)
    }
    await planned(plain)
    expect(plain.fetched.length).toBeGreaterThan(10)
  })

  test('reads manifests anew that are too large to keep', async () => {
    const lake = await eventsLake({ 'io.manifest.cache.max-content-length': '10' })
    await planned(lake)
    await planned(lake)
    expect(lake.fetched.length).toBe(4)
  })

  test('reads manifests anew that take more than the cache may, and plans the same', async () => {
    const lake = await eventsLake({ 'io.manifest.cache.max-total-bytes': '100' })
    expect(await planned(lake)).toHaveLength(2)
    expect(await planned(lake)).toHaveLength(2)
    expect(lake.fetched.length).toBe(4)
  })

  test('of a table that took the name of a dropped one sees only its own files', async () => {
    const lake = await eventsLake()
    await planned(lake)
    await lake.lake.dropTable('app.events', { purge: true })
    const again = await lake.lake.createTable('app.events', {
      schema: events,
      partitionBy: [identity('kind')],
    })
    const table = await again.append([{ id: 9, kind: 'kind 1' }])
    const files = await collect(table.scan({ where: eq('kind', 'kind 1') }).tasks())
    expect(files.map(({ dataFile }) => dataFile.recordCount)).toEqual([1n])
    expect(await collect(table.scan().rows())).toEqual([{ id: 9n, kind: 'kind 1' }])
  })

  test('of a table opened without a catalog keeps manifests too, unless told not to', async () => {
    const { store, table, fetched } = await eventsLake()
    for (const [enabled, gets] of [
      ['true', 2],
      ['false', 4],
    ] as const) {
      const properties = { 'io.manifest.cache-enabled': enabled }
      const opened = await openTable(table.metadataLocation, { store, properties })
      fetched.length = 0
      expect(await planned({ table: opened as Events['table'] })).toHaveLength(2)
      expect(await planned({ table: opened as Events['table'] })).toHaveLength(2)
      expect(fetched.length).toBe(gets)
    }
  })

  test('closes with nothing kept', async () => {
    const lake = await eventsLake()
    await planned(lake)
    await lake.lake.close()
    await planned(lake)
    expect(lake.fetched.length).toBe(4)
  })
})

describe('planning over many manifests', () => {
  /** 20 manifests, each of whose requests waits until the others had their chance. */
  async function slowEvents() {
    const lake = await eventsLake({ 'io.manifest.cache-enabled': 'false' })
    const under = { way: 0, most: 0, aborted: 0, started: 0 }
    let { table } = lake
    for (let i = 0; i < 15; i++) table = await table.append([{ id: i, kind: 'kind 0' }])
    const get = lake.store.get
    lake.store.get = async (location, options) => {
      if (!isManifest(location)) return get(location, options)
      under.started++
      under.most = Math.max(under.most, ++under.way)
      for (let i = 0; i < 5; i++) await new Promise(setImmediate)
      under.way--
      if (options?.signal?.aborted) under.aborted++
      return get(location, options)
    }
    return { table, under }
  }

  test('asks for up to 8 ahead of the one that is waited for, and gives tasks in their order', async () => {
    const { table, under } = await slowEvents()
    const tasks = await collect(table.scan().tasks())
    const files = await collect(table.inspect.files())
    expect(tasks.map(({ dataFile }) => dataFile.filePath)).toEqual(files.map(({ filePath }) => filePath))
    expect(under.most).toBe(9)
  })

  test('left early, aborts what is under way and leaves nothing running', async () => {
    const { table, under } = await slowEvents()
    let tasks = 0
    for await (const _ of table.scan().tasks()) if (++tasks === 3) break
    expect(under.way).toBe(0)
    expect(under.aborted).toBeGreaterThan(0)
    expect(under.started).toBeLessThan(12)
  })
})

test('a property of the cache that is none is refused by name', async () => {
  for (const [name, value, message] of [
    ['io.manifest.cache-enabled', 'perhaps', /expected true or false, found 'perhaps'/],
    ['io.manifest.cache.max-total-bytes', '-1', /expected an integer of at least 0/],
    ['io.manifest.cache.max-total-byte', '1', /io\.manifest\.cache\.max-total-bytes/],
  ] as const) {
    const connecting = connect('memory://lake/wh', { properties: { [name]: value } })
    await expect(connecting).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(connecting).rejects.toThrow(message)
  }
})
