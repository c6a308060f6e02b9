import { describe, expect, test } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
import { unpartitionedSpec } from '../../format/partition-spec.ts'
import { longType, stringType } from '../../format/types.ts'
import type { DecodingWorkers } from '../../readers/decode-rows.ts'
import { type ReadOptions, readTasks } from '../../readers/read-task.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { GetOptions } from '../../storage/object-store.ts'
import { codec, optional, parquetFile, required } from './support.ts'

const fields = [required(1, 'id', longType), optional(2, 'text', stringType)]
const tableSchema = { schemaId: 0, fields, identifierFieldIds: [] }
const FILES = 12
/** So that the chunks do not come with the footer. */
const rowsOf = (file: number) =>
  Array.from({ length: 6000 }, (_, i) => ({
    id: BigInt(file * 6000 + i),
    text: `${(i * 7919 + file) % 104_729} ${(i * i * 31 + file) % 1_000_003} ${i ** 3 % 999_983}`,
  }))
const files = Array.from({ length: FILES }, (_, file) => {
  const rows = rowsOf(file)
  return parquetFile(fields, [rows.slice(0, 3000), rows.slice(3000)])
})
const placeOf = (file: number) => `memory://test/${file}.parquet`

/** A store far away: requests take some turns of the event loop, and end early when they are aborted. */
class FarStore extends MemoryStore {
  inFlight = 0
  mostInFlight = 0
  aborted = 0

  override async get(location: string, options: GetOptions = {}): Promise<Uint8Array> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    try {
      for (let turn = 0; turn < 20; turn++) {
        await new Promise(setImmediate)
        if (!options.signal?.aborted) continue
        this.aborted++
        options.signal.throwIfAborted()
      }
      return await super.get(location, options)
    } finally {
      this.inFlight--
    }
  }
}

async function farStore(): Promise<FarStore> {
  const store = new FarStore()
  for (const [i, bytes] of files.entries()) await store.put(placeOf(i), bytes)
  return store
}

async function* tasks(): AsyncGenerator<ScanTask> {
  for (const [i, bytes] of files.entries()) {
    yield {
      dataFile: {
        content: 'data',
        filePath: placeOf(i),
        fileFormat: 'parquet',
        specId: 0,
        partition: [],
        recordCount: 6000n,
        fileSizeInBytes: BigInt(bytes.length),
      },
      sequenceNumber: 1n,
      deletes: [],
      residual: { op: 'true' },
    }
  }
}

function read(store: MemoryStore, options: Partial<ReadOptions> = {}) {
  const planOptions = { tableSchema, projected: fields, spec: unpartitionedSpec, formatVersion: 2 as const }
  return readTasks(tasks(), () => planOptions, { store, codec, batchSize: 1000, ...options })
}

async function idsOf(batches: ReturnType<typeof read>): Promise<bigint[]> {
  const ids: bigint[] = []
  for await (const batch of batches) ids.push(...(batch.data.children[0]!.values as BigInt64Array))
  return ids
}

/** As threads do it: from the start on, whether or not batches are pulled. */
const workers: DecodingWorkers = {
  parallelism: 2,
  started: true,
  async *decode(request, signal) {
    for (const batch of codec.decodeRowGroup(request)) {
      await new Promise(setImmediate)
      if (signal.aborted) throw new MoraineError('ABORTED', 'aborted')
      yield batch
    }
  },
}

const allIds = Array.from({ length: FILES * 6000 }, (_, i) => BigInt(i))

describe('a scan of many files', () => {
  test('has requests in flight while it decodes, and makes no more of them than one by one', async () => {
    const oneByOne = await farStore()
    expect(await idsOf(read(oneByOne, { ahead: false }))).toEqual(allIds)
    expect(oneByOne.mostInFlight).toBe(1)
    const ahead = await farStore()
    expect(await idsOf(read(ahead))).toEqual(allIds)
    expect(ahead.mostInFlight).toBeGreaterThan(3)
    expect(ahead.mostInFlight).toBeLessThanOrEqual(24)
    expect([ahead.counters.gets, ahead.counters.bytesRead]).toEqual([
      oneByOne.counters.gets,
      oneByOne.counters.bytesRead,
    ])
  })

  test('that is left early aborts its requests, and leaves none behind', async () => {
    const store = await farStore()
    let batches = 0
    for await (const _ of read(store)) if (++batches === 4) break
    expect(store.inFlight).toBe(0)
    expect(store.aborted).toBeGreaterThan(0)
    const { gets } = store.counters
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(store.counters.gets).toBe(gets)
  })

  test('ends ABORTED when its signal fires, with no request left behind', async () => {
    const store = await farStore()
    const controller = new AbortController()
    const batches = read(store, { signal: controller.signal })
    await batches.next()
    await batches.next()
    controller.abort(new Error('enough'))
    await expect(idsOf(batches)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(store.inFlight).toBe(0)
  })

  test.each([undefined, workers])(
    'gives what comes before a broken file, and then its error',
    async (workers) => {
      const store = await farStore()
      await store.put(placeOf(3), new Uint8Array(files[3]!.length))
      const ids: bigint[] = []
      await expect(
        (async () => {
          for await (const batch of read(store, { workers }))
            ids.push(...(batch.data.children[0]!.values as BigInt64Array))
        })(),
      ).rejects.toMatchObject({ code: 'INVALID_DATA', context: { file: placeOf(3) } })
      expect(ids).toEqual(allIds.slice(0, 3 * 6000))
      expect(store.inFlight).toBe(0)
    },
  )
})
