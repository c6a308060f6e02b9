/** What a sink promises: rows that never end, in commits, with how far their sources are. */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import {
  connect,
  MemoryStore,
  type ObjectStore,
  type Row,
  type RowInput,
  type SinkCommit,
  type SinkOptions,
  schema,
  type Table as TableOf,
  t,
} from '../../index.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { CRASHES, FAULTS, strikeStore } from '../simulation/strike.ts'
import { code } from '../table/support.ts'

const COLUMNS = schema({ id: t.long().required(), name: t.string() })
type Table = TableOf<Row<typeof COLUMNS>, RowInput<typeof COLUMNS>>

/** Long runs strike every call. */
const IS_LONG = process.env['MORAINE_SEEDS'] !== undefined
const STRIDE = 6
/** The default. */
const COMMIT_MS = 60_000

/** Nothing is committed by time alone, unless a test says so; retries do not wait. */
function environmentOf(seed: number) {
  const wakes: (() => void)[] = []
  const own = testEnvironment(seed)
  const environment = {
    ...own,
    sleep: (ms: number, signal?: AbortSignal) =>
      ms < COMMIT_MS
        ? own.sleep(ms)
        : new Promise<void>((resolve, reject) => {
            wakes.push(resolve)
            signal?.addEventListener('abort', () => reject(new Error('left')))
          }),
  }
  return { environment, wakes }
}

let seed = 1
/** Ids of its own for every process. */
async function lakeOver(store: ObjectStore, environment = environmentOf(++seed).environment) {
  return connect('memory://lake/wh', { store, parallelism: 0, environment })
}

async function newTable(properties: Record<string, string> = {}, store = new MemoryStore()) {
  const { environment, wakes } = environmentOf(1)
  const lake = await lakeOver(store, environment)
  const table: Table = await lake.createTable('a.b', {
    schema: COLUMNS,
    identifierFields: ['id'],
    properties: { 'format-version': '3', ...properties },
  })
  return { table, store, wakes }
}

async function loaded(store: ObjectStore): Promise<Table> {
  return (await (await lakeOver(store)).loadTable('a.b')) as unknown as Table
}

const row = (id: number, name = 'a') => ({ id, name })
async function idsOf(table: Table, options: Parameters<Table['scan']>[0] = {}): Promise<number[]> {
  const ids: number[] = []
  for await (const found of table.scan(options).rows()) ids.push(Number((found as { id: bigint }).id))
  return ids.sort((a, b) => a - b)
}
const upTo = (end: number, start = 0) => Array.from({ length: end - start }, (_, i) => start + i)
async function locations(store: MemoryStore): Promise<string[]> {
  const found: string[] = []
  for await (const { location } of store.list('memory://')) found.push(location)
  return found.sort()
}

describe('a sink', () => {
  test('commits when so many rows are there, and the rest when it is closed', async () => {
    const { table } = await newTable()
    const commits: SinkCommit[] = []
    const sink = table.sink({ commitEvery: { rows: 10 }, onCommit: (commit) => commits.push(commit) })
    for (const id of upTo(25)) await sink.write(row(id), { source: 'orders-7', offset: id })
    expect(sink.committedOffsets()).toEqual(new Map([['orders-7', '19']]))
    expect(await idsOf(sink.table)).toEqual(upTo(20))
    const closed = await sink.close()
    expect(await idsOf(closed)).toEqual(upTo(25))
    expect(closed.snapshots).toHaveLength(3)
    expect(commits.map(({ rows, counts }) => [rows, counts.inserted])).toEqual([
      [10, 10],
      [10, 10],
      [5, 5],
    ])
    expect(commits.at(-1)).toMatchObject({
      snapshotId: closed.currentSnapshot!.snapshotId,
      offsets: new Map([['orders-7', '24']]),
    })
    expect(
      commits.every(({ bytes, commitMs, lagMs }) => bytes > 0 && commitMs > 0 && lagMs >= commitMs),
    ).toBe(true)
    await expect(sink.write(row(99))).rejects.toThrow(/is closed/)
  })

  test('takes deletes among its rows, and refuses them where it appends', async () => {
    const { table } = await newTable()
    const sink = table.sink({ mode: 'upsert', commitEvery: { rows: 3 }, op: '__op' })
    for (const id of upTo(6)) await sink.write({ ...row(id), __op: 'c' })
    await sink.write([
      { id: 1, __op: 'd' },
      { id: 4, __op: 'd' },
    ])
    expect(await idsOf(await sink.close())).toEqual([0, 2, 3, 5])
    expect(() => table.sink({ op: '__op' })).toThrow(/needs mode: 'upsert'/)
  })

  test('commits when so many bytes are there, or so much time has passed', async () => {
    const { table, wakes } = await newTable()
    const large = table.sink({ commitEvery: { bytes: 100_000 } })
    const name = 'x'.repeat(1000)
    for (const id of upTo(30_000)) await large.write(row(id, name))
    expect(large.table.snapshots.length).toBeGreaterThan(0)
    await large.abort()
    const timed = large.table.sink({ commitEvery: { ms: COMMIT_MS + 1 } })
    await timed.write(row(1))
    wakes.at(-1)!()
    await expect.poll(() => timed.table.snapshots.length).toBe(large.table.snapshots.length + 1)
  })

  test('told never to commit by time does not, and begins with a table that nothing has changed', async () => {
    const { table, wakes } = await newTable()
    const sink = table.sink({ commitEvery: { ms: Number.POSITIVE_INFINITY } })
    expect(sink.table.changed).toBeUndefined()
    await sink.write(row(1))
    expect(wakes).toEqual([])
    expect((await sink.close()).changed).toMatchObject({ inserted: 1 })
  })

  test('takes several rows at a time, and progress without rows', async () => {
    const { table } = await newTable()
    const sink = table.sink()
    await sink.write([row(1), row(2)], { offset: 2n })
    await sink.write([], { source: 'other', offset: 'abc' })
    await sink.flush()
    await sink.write([], { source: 'other', offset: 'abd' })
    const closed = await sink.close()
    expect(await idsOf(closed)).toEqual([1, 2])
    expect((await closed.refresh()).sink().committedOffsets()).toEqual(
      new Map([
        ['default', '2'],
        ['other', 'abd'],
      ]),
    )
  })

  test('upserts where it is told to, or the table says so', async () => {
    for (const [properties, options] of [
      [{}, { mode: 'upsert' }],
      [{ 'write.upsert.enabled': 'true' }, {}],
    ] as const) {
      const { table } = await newTable(properties)
      const sink = table.sink({ ...options, commitEvery: { rows: 3 } })
      for (const id of [1, 2, 3, 2, 3, 4]) await sink.write(row(id))
      expect(sink.table.changed).toMatchObject({ inserted: 1, updated: 2 })
      expect(await idsOf(await sink.close())).toEqual([1, 2, 3, 4])
    }
  })

  test('that is left without being closed drops what it did not commit, and leaves no file of it', async () => {
    const { table, store } = await newTable()
    const before = await locations(store)
    {
      await using sink = table.sink()
      for (const id of upTo(20_000)) await sink.write(row(id), { offset: id })
    }
    expect(await locations(store)).toEqual(before)
  })

  test('fails with the row that does not fit, commits nothing of it, and stays failed', async () => {
    const { table, store } = await newTable()
    const sink = table.sink({ commitEvery: { rows: 2 } })
    await sink.write([row(1), row(2)])
    await sink.write(row(3))
    await expect(sink.write({ id: 'x' as unknown as bigint, name: 'a' })).rejects.toThrow(/row 1.*id/s)
    await expect(sink.write(row(5))).rejects.toThrow(code('INVALID_ARGUMENT'))
    await expect(sink.close()).rejects.toThrow(code('INVALID_ARGUMENT'))
    await sink.abort()
    expect(await idsOf(await loaded(store))).toEqual([1, 2])
  })

  test.each<[string, SinkOptions, RegExp]>([
    ['an unknown mode', { mode: 'merge' as 'upsert' }, /mode to be 'append' or 'upsert'/],
    ['no rows', { commitEvery: { rows: 0 } }, /commitEvery.rows/],
    ['an unknown option', { every: 5 } as SinkOptions, /every/],
  ])('refuses %s', async (_, options, message) => {
    const { table } = await newTable()
    expect(() => table.sink(options)).toThrow(message)
  })

  test.each([undefined, null, {}, Number.NaN])('refuses the offset %s', async (offset) => {
    const { table } = await newTable()
    const sink = table.sink()
    await expect(sink.write(row(1), { offset: offset as string })).rejects.toThrow(code('INVALID_ARGUMENT'))
  })
})

describe('offsets', () => {
  test('are kept beside those of other sources and branches', async () => {
    const { table } = await newTable()
    const one = table.sink()
    const two = table.sink()
    const audit = table.sink({ branch: 'audit' })
    await one.write(row(1), { source: 'one', offset: 1 })
    await two.write(row(2), { source: 'two', offset: 2 })
    await one.close()
    await two.close()
    await audit.write(row(3), { source: 'one', offset: 33 })
    const last = await audit.close()
    expect(last.sink().committedOffsets()).toEqual(
      new Map([
        ['one', '1'],
        ['two', '2'],
      ]),
    )
    expect(last.sink({ branch: 'audit' }).committedOffsets()).toEqual(new Map([['one', '33']]))
    expect(await idsOf(last)).toEqual([1, 2])
  })

  test('of one source are moved by one sink: what another one wrote meanwhile is not doubled', async () => {
    const { table, store } = await newTable()
    const stalled = table.sink()
    await stalled.write([row(1), row(2)], { offset: 2 })
    const other = (await loaded(store)).sink()
    await other.write([row(1), row(2), row(3)], { offset: 3 })
    await other.close()
    await expect(stalled.flush()).rejects.toThrow(/source 'default' is at 3 in the table, and was nowhere/)
    await expect(stalled.flush()).rejects.toThrow(code('COMMIT_CONFLICT'))
    expect(await idsOf(await loaded(store))).toEqual([1, 2, 3])
  })

  test('go back with a rollback, and outlive snapshots that have expired', async () => {
    const { table, store } = await newTable()
    const sink = table.sink({ commitEvery: { rows: 1 } })
    for (const id of upTo(3)) await sink.write(row(id), { offset: id })
    let newest = await sink.close()
    newest = await newest.rollbackTo({ snapshotId: newest.snapshots[1]!.snapshotId })
    expect(newest.sink().committedOffsets()).toEqual(new Map([['default', '1']]))
    expect(newest.properties['moraine.offsets.main']).toBe('[["default","1"]]')
    const again = newest.sink()
    await again.write(row(7), { offset: 7 })
    newest = await (await again.close()).append([row(8)])
    // As if others had compacted the table, and all snapshots before had expired.
    const orphan = { ...newest.metadata, snapshots: newest.metadata.snapshots.slice(-1) }
    const { committedOffsets } = await import('../../snapshot/offsets.ts')
    expect(committedOffsets(orphan, 'main')).toEqual(new Map([['default', '7']]))
    expect(await idsOf(await loaded(store))).toEqual([0, 1, 7, 8])
  })
})

test.each(['append', 'upsert'] as const)(
  'a sink that does %s goes on when all but the newest snapshot have expired',
  async (mode) => {
    const { table, store } = await newTable()
    const sink = table.sink({ mode })
    for (const id of [1, 2]) {
      await sink.write(row(id), { offset: id })
      await sink.flush()
    }
    await expire(store)
    await sink.write(row(3), { offset: 3 })
    await sink.close()
    await expire(store)
    const next = (await loaded(store)).sink({ mode })
    expect(next.committedOffsets()).toEqual(new Map([['default', '3']]))
    await next.write(row(4), { offset: 4 })
    expect(await idsOf(await next.close())).toEqual([1, 2, 3, 4])
  },
)

test('what a rollback took back is asked for again, whoever commits next and whatever expires', async () => {
  const { table, store } = await newTable()
  const sink = table.sink()
  for (const id of [1, 2, 3]) {
    await sink.write(row(id), { offset: id })
    await sink.flush()
  }
  const newest = await sink.close()
  const back = await newest.rollbackTo({ snapshotId: newest.snapshots[0]!.snapshotId })
  expect(back.properties['moraine.offsets.main']).toBe('[["default","1"]]')
  await back.append([row(100)])
  await expire(store)
  const found = await loaded(store)
  expect(found.snapshots).toHaveLength(1)
  expect(found.sink().committedOffsets()).toEqual(new Map([['default', '1']]))
})

test('a sink that is being closed takes no more rows, and commits those that came before', async () => {
  const { table } = await newTable()
  const sink = table.sink({ commitEvery: { rows: 1 } })
  const writes = [1, 2, 3].map((id) => sink.write(row(id), { offset: id }))
  const closing = sink.close()
  await expect(sink.write(row(4), { offset: 4 })).rejects.toThrow('the sink is closed')
  await Promise.all(writes)
  expect(await idsOf(await closing)).toEqual([1, 2, 3])
  expect(sink.committedOffsets()).toEqual(new Map([['default', '3']]))
})

/** As another engine expires all but the newest snapshot. */
async function expire(store: ObjectStore): Promise<void> {
  const { environment } = environmentOf(++seed)
  const catalog = objectStoreCatalog({ store, warehouse: 'memory://lake/wh', environment, probe: false })
  const identifier = { namespace: ['a'], name: 'b' }
  const base = await catalog.loadTable(identifier)
  const snapshotIds = base.metadata.snapshots.slice(0, -1).map(({ snapshotId }) => snapshotId)
  const updates = [{ action: 'remove-snapshots', snapshotIds }] as const
  await catalog.commitTable({ identifier, requirements: [], updates, base })
}

test('a sink upserts partial rows, which change their columns only', async () => {
  const { table, store } = await newTable()
  await table.append([row(1, 'a')])
  const sink = (await loaded(store)).sink({ mode: 'upsert', partial: ['name'] })
  await sink.write([
    { id: 1, name: 'b' },
    { id: 2, name: 'c' },
  ])
  const newest = await sink.close()
  expect(newest.changed).toMatchObject({ inserted: 1, updated: 1 })
  expect(await idsOf(newest)).toEqual([1, 2])
})

test.each([
  { on: ['id'] },
  { partial: ['name'] },
  { orderBy: 'id' },
  { skipUnchanged: true },
  { deletes: 'equality' as const },
  { sequenceGroups: [] },
])('a sink that appends refuses what only an upsert does: %o', async (options) => {
  const { table } = await newTable()
  expect(() => table.sink(options)).toThrow(/needs mode: 'upsert'/)
  expect(() => table.sink({ mode: 'append', ...options })).toThrow(/needs mode: 'upsert'/)
  const upserted = await newTable({ 'write.upsert.enabled': 'true' })
  expect(() => upserted.table.sink(options)).not.toThrow()
})

test("a sink tells OpenTelemetry's meter of its commits", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
  const { table } = await newTable()
  const commits: SinkCommit[] = []
  const sink = table.sink({ meter: provider.getMeter('shop'), onCommit: (commit) => commits.push(commit) })
  await sink.write([row(1), row(2)])
  await sink.flush()
  await sink.write(row(3))
  await sink.close()
  await provider.forceFlush()
  await provider.shutdown()
  const points = new Map(
    exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .map(({ descriptor: { name, unit }, dataPoints: [point] }) => [`${name} (${unit})`, point!]),
  )
  const sum = (of: 'rows' | 'bytes' | 'commitMs' | 'lagMs') =>
    commits.reduce((total, commit) => total + commit[of], 0)
  expect([...points].map(([name, { value }]) => [name, value])).toEqual([
    ['moraine.sink.rows ({row})', 3],
    ['moraine.sink.bytes (By)', sum('bytes')],
    ['moraine.sink.commits ({commit})', 2],
    ['moraine.sink.commit.duration (s)', expect.objectContaining({ count: 2, sum: sum('commitMs') / 1000 })],
    ['moraine.sink.lag (s)', expect.objectContaining({ count: 2, sum: sum('lagMs') / 1000 })],
  ])
  expect(sum('bytes')).toBeGreaterThan(0)
  for (const { attributes } of points.values()) {
    expect(attributes).toEqual({ 'moraine.table': 'a.b', 'moraine.branch': 'main' })
  }
})

describe.each(['append', 'upsert'] as const)(
  'a job that is struck, and goes on after its committed offsets (%s)',
  (mode) => {
    test.each([...CRASHES, ...FAULTS])('by %s at any call, has each row once', async (blow) => {
      const { table, store } = await newTable()
      await table.append([row(-1)])
      const files = await copyOf(store)
      for (let at = IS_LONG ? 0 : blow.length % STRIDE; ; at += IS_LONG ? 1 : STRIDE) {
        const world = await restored(files)
        const struck = strikeStore(world, blow, at)
        const attempt = async (over: ObjectStore) => {
          const newest = await loaded(over)
          const sink = newest.sink({ mode, commitEvery: { rows: 4 } })
          const next = Number(sink.committedOffsets().get('job') ?? -1) + 1
          for (const id of upTo(8, next)) await sink.write(row(id), { source: 'job', offset: id })
          await sink.close()
        }
        await attempt(struck.store).catch(() => undefined)
        const isOver = struck.struck() === undefined
        await attempt(world)
        await struck.landGhost()
        expect(await idsOf(await loaded(world)), `call ${at}`).toEqual([-1, ...upTo(8)])
        if (isOver) break
      }
    })
  },
)

async function copyOf(store: MemoryStore): Promise<readonly [string, Uint8Array][]> {
  const files: [string, Uint8Array][] = []
  for (const location of await locations(store)) files.push([location, await store.get(location)])
  return files
}

async function restored(files: readonly (readonly [string, Uint8Array])[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const [location, bytes] of files) await store.put(location, bytes)
  return store
}
