import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, gt, type Lake, schema, type Table, t } from '../../index.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { collect } from './support.ts'

const trips = schema({
  id: t.long().required(),
  city: t.string(),
  fare: t.decimal(20, 2),
  open: t.boolean(),
  stops: t.list(t.struct({ name: t.string(), at: t.timestamptz() })),
  tags: t.map(t.string(), t.int()),
})

const FILES = 10
const ROWS_PER_FILE = 5000
const ROWS = FILES * ROWS_PER_FILE

function* rows(from: number, count: number) {
  for (let id = from; id < from + count; id++) {
    const noise = (id * 2_654_435_761) % 4_294_967_296
    yield {
      id,
      city: id % 11 === 0 ? null : `city ${noise} of ${(noise * 48_271) % 2_147_483_647} ${Math.sin(id)}`,
      fare: BigInt(noise),
      open: id % 5 === 0 ? null : id % 2 === 0,
      stops:
        id % 7 === 0
          ? null
          : [
              { name: `stop ${noise % 977}`, at: BigInt(noise) },
              { name: null, at: null },
            ],
      tags: new Map([[`tag ${id % 13}`, id]]),
    }
  }
}

/** Each file is worth a thread. */
async function tableOfFiles(lake: Lake): Promise<Table> {
  let table = await lake.createTable('taxi.trips', { schema: trips })
  for (let from = 0; from < ROWS; from += ROWS_PER_FILE) table = await table.append(rows(from, ROWS_PER_FILE))
  return table as unknown as Table
}

const store = new MemoryStore()
let table: Table
let expected: Record<string, unknown>[]
let threads = 0
const countThread = () => {
  threads++
}
beforeAll(async () => {
  subscribe('worker_threads', countThread)
  table = await tableOfFiles(await connect('memory://lake', { store, parallelism: 0 }))
  expected = await collect(table.scan().rows())
}, 60_000)
afterAll(() => {
  unsubscribe('worker_threads', countThread)
})

/** The same table with threads, which end with it. */
async function open(parallelism: number): Promise<{ readonly lake: Lake; readonly table: Table }> {
  const lake = await connect('memory://lake', { store, parallelism })
  return { lake, table: (await lake.loadTable('taxi.trips')) as unknown as Table }
}

describe('a scan with threads beside it', () => {
  test('gives the same rows in the same order, whatever their types', async () => {
    const { lake, table } = await open(2)
    threads = 0
    let batches = 0
    for await (const _ of table.scan().batches()) batches++
    expect(batches).toBeGreaterThan(8)
    // One may do all the work before another is asked for.
    expect(threads).toBeGreaterThan(0)
    expect(threads).toBeLessThanOrEqual(2)
    expect(await collect(table.scan().rows())).toEqual(expected)
    await lake.close()
  })

  test('gives the same rows in any order when it need not keep theirs', async () => {
    const { lake, table } = await open(2)
    const scan = table.scan({ ordered: false, where: gt('id', 999) })
    const found = (await collect(scan.rows())) as Record<string, unknown>[]
    const byId = (a: Record<string, unknown>, b: Record<string, unknown>) =>
      (a['id'] as bigint) < (b['id'] as bigint) ? -1 : 1
    expect(found.sort(byId)).toEqual(expected.filter((row) => (row['id'] as bigint) > 999n).sort(byId))
    await lake.close()
  })

  test('asks the store for no more than one without', async () => {
    const counted = async (parallelism: number) => {
      const { lake, table } = await open(parallelism)
      const { gets, bytesRead } = store.counters
      let count = 0
      for await (const batch of table.scan().batches()) count += batch.numRows
      expect(count).toBe(ROWS)
      await lake.close()
      return [store.counters.gets - gets, store.counters.bytesRead - bytesRead]
    }
    expect(await counted(2)).toEqual(await counted(0))
  })

  test('starts no thread for few rows, nor for the first ones', async () => {
    const { lake, table } = await open(2)
    threads = 0
    expect(await collect(table.scan({ limit: 10 }).rows())).toEqual(expected.slice(0, 10))
    for await (const _ of table.scan({ select: ['id'] }).rows()) break
    expect(threads).toBe(0)
    await lake.close()
  })

  test('that is left early leaves the threads to the next one', async () => {
    const { lake, table } = await open(2)
    for (let round = 0; round < 3; round++) {
      let batches = 0
      for await (const _ of table.scan().batches()) if (++batches === 4) break
    }
    expect(await collect(table.scan().rows())).toEqual(expected)
    await lake.close()
  })

  test('ends ABORTED when its signal fires', async () => {
    const { lake, table } = await open(2)
    const controller = new AbortController()
    const batches = table.scan({ signal: controller.signal }).batches()
    for (let i = 0; i < 4; i++) await batches.next()
    controller.abort(new Error('enough'))
    await expect(collect(batches)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await collect(table.scan({ select: ['id'] }).rows())).toHaveLength(ROWS)
    await lake.close()
  })

  test('tells which file is broken, as one without does, and reads on afterwards', async () => {
    const { lake, table } = await open(2)
    const { filePath } = (await collect(table.scan().tasks())).at(-1)!.dataFile
    const whole = await store.get(filePath)
    await store.put(
      filePath,
      whole.with(Math.floor(whole.length / 3), whole[Math.floor(whole.length / 3)]! ^ 0xff),
    )
    await expect(collect(table.scan().rows())).rejects.toMatchObject({
      code: 'INVALID_DATA',
      context: { file: filePath },
    })
    await store.put(filePath, whole)
    expect(await collect(table.scan().rows())).toHaveLength(ROWS)
    await lake.close()
  })
})
