import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecordBatch } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, schema, t } from '../../index.ts'
import { collect } from './support.ts'

const trips = schema({
  id: t.long().required(),
  city: t.string(),
  fare: t.double(),
  stops: t.list(t.string()),
})

/** Enough for several row groups of the size below, each worth a thread. */
const ROWS = 100_000
const properties = { 'write.parquet.row-group-size-bytes': String(2 ** 18) }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-parallel-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

/** Threads that started. */
let threads = 0
const countThread = () => {
  threads++
}
beforeAll(() => subscribe('worker_threads', countThread))
afterAll(() => {
  unsubscribe('worker_threads', countThread)
})

test('an append of a few rows starts no thread', async () => {
  await using lake = await connect('memory:', { parallelism: 2 })
  const table = await lake.createTable('taxi.trips', { schema: trips })
  threads = 0
  await table.append(rows(1000))
  expect(threads).toBe(0)
})

function* rows(count: number) {
  for (let id = 0; id < count; id++) {
    const stops =
      id % 3 === 0 ? null : Array.from({ length: id % 3 }, (_, i) => `stop ${(id * 31 + i) % 977}`)
    yield { id, city: `city ${(id * 7919) % 1009}`, fare: id % 100 === 0 ? Number.NaN : Math.sin(id), stops }
  }
}

describe('an append', () => {
  test('writes the same rows and metrics with 0, 1 and 2 threads beside it', async () => {
    const written = []
    for (const parallelism of [0, 1, 2]) {
      await using lake = await connect(join(folder, `same-${parallelism}`), { parallelism })
      threads = 0
      const table = await lake.createTable('taxi.trips', { schema: trips, properties })
      const after = await table.append(rows(ROWS))
      expect(threads).toBe(parallelism)
      const [task, ...others] = await collect(after.scan().tasks())
      expect(others).toEqual([])
      const {
        recordCount,
        valueCounts,
        nullValueCounts,
        nanValueCounts,
        lowerBounds,
        upperBounds,
        splitOffsets,
      } = task!.dataFile
      expect(splitOffsets!.length).toBeGreaterThan(3)
      let sum = 0
      let last = -1n
      for await (const row of after.scan().rows()) {
        if (row.id !== last + 1n) throw new Error(`row ${row.id} follows ${last}`)
        last = row.id
        sum += row.stops?.length ?? 0
      }
      written.push({
        metrics: { recordCount, valueCounts, nullValueCounts, nanValueCounts, lowerBounds, upperBounds },
        sum,
        last,
      })
    }
    expect(written[1]).toEqual(written[0])
    expect(written[2]).toEqual(written[0])
    expect(written[0]).toMatchObject({ last: BigInt(ROWS - 1), metrics: { recordCount: BigInt(ROWS) } })
  })

  test('lays files out the same at every run with the same threads', async () => {
    await using lake = await connect(join(folder, 'layout'), { parallelism: 2 })
    const small = { ...properties, 'write.target-file-size-bytes': String(2 ** 19) }
    const layouts = []
    for (const name of ['taxi.first', 'taxi.second']) {
      const table = await lake.createTable(name, { schema: trips, properties: small })
      const tasks = await collect((await table.append(rows(ROWS))).scan().tasks())
      expect(tasks.length).toBeGreaterThan(1)
      layouts.push(tasks.map(({ dataFile }) => [dataFile.recordCount, dataFile.splitOffsets]))
    }
    expect(layouts[1]).toEqual(layouts[0])
  })

  test("leaves the caller's Arrow data as it is, and takes it again", async () => {
    await using lake = await connect(join(folder, 'owned'), { parallelism: 1 })
    const table = await lake.createTable('taxi.source', { schema: trips, properties })
    const batches = await collect((await table.append(rows(60_000))).scan().batches())
    const first = await lake.createTable('taxi.first', { schema: trips, properties })
    const second = await lake.createTable('taxi.second', { schema: trips, properties })
    const [once, again] = [await first.append(batches), await second.append(batches)]
    expect(await collect(again.scan({ select: ['id', 'city', 'stops'], limit: 5 }).rows())).toEqual(
      await collect(once.scan({ select: ['id', 'city', 'stops'], limit: 5 }).rows()),
    )
    expect(batches.every((batch) => batch instanceof RecordBatch && batch.get(0) !== null)).toBe(true)
  })

  test('that is aborted midway leaves no file, and the threads serve the next one', async () => {
    await using lake = await connect(join(folder, 'aborted'), { parallelism: 2 })
    const table = await lake.createTable('taxi.trips', { schema: trips, properties })
    const controller = new AbortController()
    function* abortedMidway() {
      for (const row of rows(ROWS)) {
        if (row.id === ROWS - 1000) controller.abort(new Error('enough'))
        yield row
      }
    }
    await expect(table.append(abortedMidway(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(await dataFiles(join(folder, 'aborted'))).toEqual([])
    await table.append(rows(60_000))
    expect(await dataFiles(join(folder, 'aborted'))).toHaveLength(1)
  })

  test('whose input fails midway leaves no file', async () => {
    await using lake = await connect(join(folder, 'failed'), { parallelism: 2 })
    const table = await lake.createTable('taxi.trips', { schema: trips, properties })
    function* failing() {
      yield* rows(ROWS)
      throw new Error('the source broke')
    }
    await expect(table.append(failing())).rejects.toThrow('the source broke')
    expect(await dataFiles(join(folder, 'failed'))).toEqual([])
  })

  test('is refused when the lake is closed', async () => {
    const lake = await connect(join(folder, 'closed'), { parallelism: 1 })
    const table = await lake.createTable('taxi.trips', { schema: trips, properties })
    await lake.close()
    await expect(table.append(rows(ROWS))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await dataFiles(join(folder, 'closed'))).toEqual([])
  })
})

test.each([-1, 1.5, 1000])('%d threads are refused', async (parallelism) => {
  await expect(connect('memory:', { parallelism })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

async function dataFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.parquet')).map(({ name }) => name)
}
