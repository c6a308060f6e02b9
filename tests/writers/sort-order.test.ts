import type { RecordBatch } from 'apache-arrow'
import { beforeAll, describe, expect, test } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import type { SortField } from '../../format/sort-order.ts'
import { longType, type NestedField, stringType } from '../../format/types.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { type WriteDataFilesOptions, writeDataFiles } from '../../writers/write-data-files.ts'
import { batchRows } from '../arrow-values.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { readDataFile } from './read-data-file.ts'
import { memoryScratch } from './sort/memory-scratch.ts'

const fields: readonly NestedField[] = [
  { id: 1, name: 'id', required: true, type: longType },
  { id: 2, name: 'city', required: false, type: stringType },
]
const byId: SortField = {
  sourceIds: [1],
  transform: { kind: 'identity' },
  direction: 'asc',
  nullOrder: 'nulls-first',
}
/** Ids in no order, cities that repeat; of about 3 MB. */
const rows = Array.from({ length: 9_000 }, (_, i) => ({
  id: BigInt((i * 7919) % 9_000),
  city: `city ${i % 3}`.padEnd(300),
}))
const smallFiles = {
  'write.target-file-size-bytes': '1100000',
  'write.parquet.row-group-size-bytes': '200000',
  'write.parquet.compression-codec': 'uncompressed',
  'write.parquet.dict-size-bytes': '1',
}

let codec: ParquetCodec
beforeAll(async () => {
  codec = await loadWasmCodec()
})

async function write(sortFields: readonly SortField[], more: Partial<WriteDataFilesOptions> = {}) {
  const store = more.store ?? new MemoryStore()
  const environment = testEnvironment()
  const result = await writeDataFiles({
    store,
    location: 'memory://lake/db/t',
    schema: { schemaId: 0, fields, identifierFieldIds: [] },
    spec: { specId: 0, fields: [] },
    sortOrder: { orderId: 4, fields: sortFields },
    properties: smallFiles,
    codec,
    environment,
    batches: rowsToBatches(fields, rows, { batchRows: 700 }),
    operationId: 'op',
    ...more,
  })
  const contents = await Promise.all(result.files.map((file) => rowsOf(store as MemoryStore, file)))
  return { ...result, store, contents, warnings: environment.warnings }
}

async function rowsOf(store: MemoryStore, file: DataFile): Promise<Record<string, unknown>[]> {
  const { rowGroups } = await readDataFile(store, file.filePath, codec)
  return rowGroups.flat().flatMap((batch: RecordBatch) => batchRows(batch))
}

describe('files of a table with a sort order', () => {
  test.each([
    ['in memory', 2 ** 30],
    ['spilled', 400_000],
  ])('have their rows in order and say so: %s', async (_name, maxBytes) => {
    const scratch = memoryScratch()
    const { files, contents } = await write([byId], { sorting: { maxBytes, openScratch: scratch.open } })
    expect(scratch.filesEver > 0).toBe(maxBytes < 2 ** 30)
    expect(scratch.openFiles).toBe(0)
    expect(files.length).toBeGreaterThan(1)
    expect(files.map((file) => file.sortOrderId)).toEqual(files.map(() => 4))
    // Over all row groups of a file, and each file where the one before ends.
    expect(files.some((file) => file.splitOffsets!.length > 1)).toBe(true)
    expect(contents.flat().map((row) => row['id'])).toEqual(Array.from(rows, (_, id) => BigInt(id)))
  })

  test('are sorted within each partition, one open at a time', async () => {
    const spec = {
      specId: 1,
      fields: [{ fieldId: 1000, name: 'city', sourceIds: [2], transform: { kind: 'identity' } as const }],
    }
    const { files, contents } = await write([{ ...byId, direction: 'desc' }], {
      spec,
      properties: {},
      sorting: { maxBytes: 400_000, openScratch: memoryScratch().open },
    })
    expect(files.map((file) => [file.partition, file.sortOrderId])).toEqual(
      ['city 0', 'city 1', 'city 2'].map((city) => [[city.padEnd(300)], 4]),
    )
    for (const [i, content] of contents.entries()) {
      const ids = rows.filter(({ city }) => city.trim() === `city ${i}`).map(({ id }) => id)
      expect(content.map((row) => row['id'])).toEqual(ids.sort((a, b) => Number(b - a)))
    }
  })

  test('of an order that is not known here are left unsorted, say so, and a warning tells why', async () => {
    const zorder: SortField = { ...byId, transform: { kind: 'unknown', text: 'zorder' } }
    const { files, contents, warnings } = await write([byId, zorder])
    expect(files.map((file) => file.sortOrderId)).toEqual(files.map(() => 0))
    expect(contents.flat()).toEqual(rows)
    expect(warnings).toEqual([expect.stringMatching(/memory:\/\/lake\/db\/t are not sorted: .*zorder/)])
  })

  test('of no rows are none', async () => {
    const { files } = await write([byId], { batches: rowsToBatches(fields, []) })
    expect(files).toEqual([])
  })
})

describe('a sorting write that fails takes back its files and its scratch space', () => {
  async function locations(store: MemoryStore): Promise<string[]> {
    const found: string[] = []
    for await (const { location } of store.list('memory://')) found.push(location)
    return found
  }

  test('when the disk is full, by a typed error', async () => {
    const store = new MemoryStore()
    const scratch = memoryScratch(1_000_000)
    const sorting = { maxBytes: 400_000, openScratch: scratch.open }
    await expect(write([byId], { store, sorting })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect([scratch.openFiles, scratch.filesEver > 1, await locations(store)]).toEqual([0, true, []])
  })

  test('when the store fails while runs are merged', async () => {
    const store = new MemoryStore()
    const openWrite = store.openWrite.bind(store)
    let opened = 0
    store.openWrite = async (location, options) => {
      if (++opened === 2) throw new MoraineError('UNAVAILABLE', 'the store is away')
      return openWrite(location, options)
    }
    const scratch = memoryScratch()
    const sorting = { maxBytes: 400_000, openScratch: scratch.open }
    await expect(write([byId], { store, sorting })).rejects.toThrow('the store is away')
    expect([scratch.openFiles, scratch.filesEver > 1, await locations(store)]).toEqual([0, true, []])
  })

  test.each([
    ['while rows come in', 'input'],
    ['while runs are merged', 'output'],
  ])('when the caller aborts %s', async (_name, moment) => {
    const store = new MemoryStore()
    const controller = new AbortController()
    const scratch = memoryScratch()
    const openWrite = store.openWrite.bind(store)
    store.openWrite = (location) => {
      if (moment === 'output') controller.abort()
      return openWrite(location)
    }
    const openScratch = async () => {
      if (moment === 'input' && scratch.filesEver === 2) controller.abort()
      return scratch.open()
    }
    const sorting = { maxBytes: 400_000, openScratch }
    await expect(write([byId], { store, sorting, signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect([scratch.openFiles, scratch.filesEver > 1, await locations(store)]).toEqual([0, true, []])
  })
})
