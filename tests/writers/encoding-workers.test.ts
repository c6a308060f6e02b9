import { beforeAll, describe, expect, test } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import { doubleType, intType, longType, type NestedField, stringType } from '../../format/types.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import type { EncodingWorkers } from '../../writers/row-group-encoder.ts'
import { type WriteDataFilesOptions, writeDataFiles } from '../../writers/write-data-files.ts'
import { batchRows } from '../arrow-values.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { readDataFile } from './read-data-file.ts'

const ROWS = 150_000
const fields: readonly NestedField[] = [
  { id: 1, name: 'id', required: true, type: longType },
  { id: 2, name: 'shard', required: true, type: intType },
  /** Hard to compress, so that there are several row groups. */
  { id: 3, name: 'noise', required: true, type: doubleType },
]

let codec: ParquetCodec
beforeAll(async () => {
  codec = await loadWasmCodec()
})

function* rows() {
  for (let id = 0; id < ROWS; id++) yield { id, shard: id % 3, noise: Math.sin(id) }
}

/** Threads that end their jobs in an order that the seed draws, and what was seen of them. */
function shuffledWorkers(parallelism: number, seed: number, failAt = Number.POSITIVE_INFINITY) {
  const seen = { jobs: 0, mostAtOnce: 0, largestBytes: 0, buffers: new Set<ArrayBufferLike>() }
  const { random } = testEnvironment(seed)
  let running = 0
  const workers: EncodingWorkers = {
    parallelism,
    started: true,
    async encode(rowsOf, options) {
      const job = ++seen.jobs
      seen.mostAtOnce = Math.max(seen.mostAtOnce, ++running)
      const stream = rowsOf()
      seen.largestBytes = Math.max(seen.largestBytes, stream.bytes.length)
      seen.buffers.add(stream.bytes.buffer)
      for (let turns = Math.floor(random() * 20); turns > 0; turns--) await new Promise(setImmediate)
      running--
      if (job === failAt) throw new MoraineError('UNAVAILABLE', 'the thread ended')
      return codec.encodeStream(stream, options, stream.bytes)
    },
  }
  return { workers, seen }
}

function write(workers: EncodingWorkers, more: Partial<WriteDataFilesOptions> = {}) {
  const store = more.store ?? new MemoryStore()
  const written = writeDataFiles({
    store,
    location: 'memory://lake/db/t',
    schema: { schemaId: 0, fields, identifierFieldIds: [] },
    spec: { specId: 0, fields: [] },
    properties: { 'write.parquet.row-group-size-bytes': '100000', 'write.target-file-size-bytes': '400000' },
    codec,
    workers,
    environment: testEnvironment(),
    batches: rowsToBatches(fields, rows(), { batchRows: 4096 }),
    operationId: 'op',
    ...more,
  })
  return { store, written }
}

async function idsIn(store: MemoryStore, filePath: string): Promise<bigint[]> {
  const { rowGroups } = await readDataFile(store, filePath, codec)
  return rowGroups.flat().flatMap((batch) => batchRows(batch).map((row) => row['id'] as bigint))
}

describe('row groups that other threads encode', () => {
  test.each([1, 2, 5])('stand in files in the order of their rows (%d threads)', async (parallelism) => {
    const layouts = []
    for (const seed of [1, 2, 3]) {
      const { workers, seen } = shuffledWorkers(parallelism, seed)
      const store = new MemoryStore()
      const { files } = await write(workers, { store }).written
      const ids = (await Promise.all(files.map(({ filePath }) => idsIn(store, filePath)))).flat()
      expect(ids.length).toBe(ROWS)
      expect(ids.findIndex((id, i) => id !== BigInt(i))).toBe(-1)
      expect(files.length).toBeGreaterThan(1)
      expect(seen.jobs).toBeGreaterThan(5)
      expect(seen.mostAtOnce).toBeGreaterThanOrEqual(Math.min(parallelism, 2))
      expect(seen.mostAtOnce).toBeLessThanOrEqual(parallelism)
      layouts.push(files.map(({ recordCount, splitOffsets }) => [recordCount, splitOffsets]))
    }
    expect(layouts[1]).toEqual(layouts[0])
    expect(layouts[2]).toEqual(layouts[0])
  })

  test('of several partitions each stand in the files of their own', async () => {
    const { workers } = shuffledWorkers(3, 7)
    const store = new MemoryStore()
    const spec = {
      specId: 1,
      fields: [{ fieldId: 1000, name: 'shard', sourceIds: [2], transform: { kind: 'identity' as const } }],
    }
    const { files } = await write(workers, { store, spec }).written
    for (const { filePath, partition } of files) {
      const ids = await idsIn(store, filePath)
      expect(ids.every((id) => id % 3n === BigInt(partition[0] as number))).toBe(true)
      expect(ids.every((id, i) => i === 0 || id > ids[i - 1]!)).toBe(true)
    }
    expect(files.reduce((sum, { recordCount }) => sum + recordCount, 0n)).toBe(BigInt(ROWS))
  })

  test('are as many as there are threads, at the end of what would make one', async () => {
    const { workers, seen } = shuffledWorkers(3, 17)
    const store = new MemoryStore()
    const large: readonly NestedField[] = [
      ...fields,
      { id: 4, name: 'text', required: true, type: stringType },
    ]
    const schema = { schemaId: 0, fields: large, identifierFieldIds: [] }
    const text = 'x'.repeat(100)
    const batches = rowsToBatches(
      large,
      [...rows()].map((row) => ({ ...row, text })),
    )
    const { files } = await write(workers, { store, schema, batches, properties: {} }).written
    const { rowGroups } = await readDataFile(store, files[0]!.filePath, codec)
    const counts = rowGroups.map((group) => group.reduce((sum, { numRows }) => sum + numRows, 0))
    expect([seen.jobs, files.length, counts.length]).toEqual([3, 1, 3])
    for (const count of counts) expect(Math.abs(count - ROWS / 3)).toBeLessThan(ROWS / 20)
    const ids = await idsIn(store, files[0]!.filePath)
    expect(ids.findIndex((id, i) => id !== BigInt(i))).toBe(-1)
    expect(ids.length).toBe(ROWS)
  })

  test('take a bounded number of buffers, used again and again', async () => {
    const { workers, seen } = shuffledWorkers(2, 11)
    await write(workers, { properties: { 'write.parquet.row-group-size-bytes': '50000' } }).written
    expect(seen.jobs).toBeGreaterThan(8)
    expect(seen.buffers.size).toBeLessThanOrEqual(4)
  })

  test.each([1, 2, 4])('leave no file when thread job %d fails', async (failAt) => {
    const { workers } = shuffledWorkers(2, 13, failAt)
    const { store, written } = write(workers)
    await expect(written).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const left = []
    for await (const { location } of store.list('memory://')) left.push(location)
    expect(left).toEqual([])
  })
})
