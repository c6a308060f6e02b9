import type { RecordBatch } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import type { PartitionField } from '../../format/partition-spec.ts'
import { fieldsById } from '../../format/schema.ts'
import { bindTransform } from '../../format/transforms/apply.ts'
import type { Transform } from '../../format/transforms/transform.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  type Literal,
  longType,
  type NestedField,
  type PrimitiveType,
  stringType,
  structType,
  type Type,
  timestamptzType,
  unknownType,
  uuidType,
  variantType,
} from '../../format/types.ts'
import { decodeSingleValue } from '../../format/values/single-value-binary.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { type WriteDataFilesOptions, writeDataFiles } from '../../writers/write-data-files.ts'
import { batchRows } from '../arrow-values.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { readDataFile } from './read-data-file.ts'

const LOCATION = 'memory://lake/db/t'
const environment = testEnvironment()
let codec: ParquetCodec

beforeAll(async () => {
  codec = await loadWasmCodec()
})
afterAll(() => vi.restoreAllMocks())

const fields: readonly NestedField[] = [
  { id: 1, name: 'id', required: true, type: longType },
  { id: 2, name: 'city', required: false, type: stringType },
  { id: 3, name: 'at', required: false, type: timestamptzType },
  { id: 4, name: 'score', required: false, type: doubleType },
]

interface Write extends Partial<WriteDataFilesOptions> {
  readonly fields?: readonly NestedField[]
  readonly partitionBy?: readonly (readonly [sourceId: number, transform: Transform])[]
  readonly batchRows?: number
}

async function write(
  rows: Iterable<unknown>,
  { fields: given = fields, partitionBy = [], batchRows, ...more }: Write = {},
) {
  const store = more.store ?? new MemoryStore()
  const specFields = partitionBy.map(
    ([sourceId, transform], i): PartitionField => ({
      fieldId: 1000 + i,
      name: `p${i}`,
      sourceIds: [sourceId],
      transform,
    }),
  )
  const result = await writeDataFiles({
    store,
    location: LOCATION,
    schema: { schemaId: 0, fields: given, identifierFieldIds: [] },
    spec: { specId: 3, fields: specFields },
    properties: {},
    codec,
    environment,
    batches: rowsToBatches(given, rows, batchRows === undefined ? {} : { batchRows }),
    operationId: 'op',
    ...more,
  })
  return { store, ...result }
}

async function rowsOf(store: ObjectStore, file: DataFile): Promise<Record<string, unknown>[]> {
  const { rowGroups } = await readDataFile(store, file.filePath, codec)
  return rowGroups.flat().flatMap(batchRows)
}

async function locations(store: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for await (const { location } of store.list('memory://')) found.push(location)
  return found
}

const people = Array.from({ length: 1000 }, (_, id) => ({
  id: BigInt(id),
  city: id % 10 === 0 ? null : `city ${id % 4}`,
  at: BigInt(id) * 3_600_000_000n,
  score: id % 50 === 0 ? Number.NaN : id / 8,
}))

describe('a data file', () => {
  test('holds the rows and is described for the manifest', async () => {
    const { store, files, recordCount, bytesWritten } = await write(people)
    expect(files).toHaveLength(1)
    const file = files[0]!
    expect(await rowsOf(store, file)).toEqual(people)
    const size = (await store.head(file.filePath))!.size
    expect({ recordCount, bytesWritten }).toEqual({ recordCount: 1000n, bytesWritten: BigInt(size) })
    expect(file).toMatchObject({
      content: 'data',
      fileFormat: 'parquet',
      filePath: `${LOCATION}/data/00000-0-op-00001.parquet`,
      specId: 3,
      partition: [],
      recordCount: 1000n,
      fileSizeInBytes: BigInt(size),
      splitOffsets: [4n],
      sortOrderId: 0,
    })
    expect(file.valueCounts).toEqual(new Map([1, 2, 3, 4].map((id) => [id, 1000n])))
    expect(file.nullValueCounts).toEqual(
      new Map([
        [1, 0n],
        [2, 100n],
        [3, 0n],
        [4, 0n],
      ]),
    )
    expect(file.nanValueCounts).toEqual(new Map([[4, 20n]]))
    expect(decodeSingleValue(longType, file.upperBounds!.get(1)!)).toBe(999n)
    expect(decodeSingleValue(doubleType, file.upperBounds!.get(4)!)).toBe(999 / 8)
    expect(decodeSingleValue(stringType, file.lowerBounds!.get(2)!)).toBe('city 0')
  })

  test('carries the Iceberg schema as Java writes it', async () => {
    const { store, files } = await write(people.slice(0, 1))
    const { footer } = await readDataFile(store, files[0]!.filePath, codec)
    const json = JSON.parse(footer.keyValueMetadata.get('iceberg.schema')!)
    expect(json).toMatchObject({ type: 'struct', 'schema-id': 0 })
    expect(json.fields[0]).toEqual({ id: 1, name: 'id', required: true, type: 'long' })
  })

  test('counts NaNs only where a value is, also inside structs', async () => {
    const nested: readonly NestedField[] = [
      { id: 1, name: 'f', required: false, type: floatType },
      {
        id: 2,
        name: 's',
        required: false,
        type: structType([{ id: 3, name: 'd', required: false, type: doubleType }]),
      },
      {
        id: 4,
        name: 'l',
        required: false,
        type: { kind: 'list', elementId: 5, elementRequired: false, element: doubleType },
      },
    ]
    const rows = [
      { f: Number.NaN, s: { d: Number.NaN }, l: [Number.NaN] },
      { f: null, s: null, l: null },
      { f: 1, s: { d: null }, l: [] },
      { f: Number.NaN, s: { d: 0 }, l: [1] },
    ]
    const { files } = await write(rows, { fields: nested })
    expect(files[0]!.nanValueCounts).toEqual(
      new Map([
        [1, 2n],
        [3, 1n],
      ]),
    )
  })

  test('round-trips nested columns out of sliced batches', async () => {
    const nested: readonly NestedField[] = [
      { id: 1, name: 'id', required: true, type: longType },
      {
        id: 2,
        name: 's',
        required: false,
        type: structType([
          { id: 3, name: 'n', required: true, type: intType },
          { id: 4, name: 'u', required: false, type: uuidType },
          { id: 5, name: 'dec', required: false, type: decimalType(38, 4) },
        ]),
      },
      {
        id: 6,
        name: 'l',
        required: false,
        type: { kind: 'list', elementId: 7, elementRequired: false, element: stringType },
      },
      {
        id: 8,
        name: 'm',
        required: false,
        type: {
          kind: 'map',
          keyId: 9,
          key: stringType,
          valueId: 10,
          value: booleanType,
          valueRequired: false,
        },
      },
      { id: 11, name: 'b', required: false, type: binaryType },
    ]
    const rows = Array.from({ length: 250 }, (_, id) => ({
      id,
      s:
        id % 3
          ? {
              n: id,
              u: id % 2 ? '00000000-0000-4000-8000-00000000000a' : null,
              dec: -(10n ** 37n) - BigInt(id),
            }
          : null,
      l: id % 4 ? Array.from({ length: id % 5 }, (_, k) => (k ? `${id}-${k}` : null)) : null,
      m: id % 5 ? { yes: true, no: id % 2 ? false : null } : null,
      b: Buffer.from(String(id)),
    }))
    const whole: RecordBatch = (await rowsToBatches(nested, rows).next()).value
    const expected = batchRows(whole)
    async function* slices() {
      for (let start = 0; start < 250; start += 77) yield whole.slice(start, start + 77)
    }
    const { store, files } = await write([], { fields: nested, batches: slices() })
    expect(await rowsOf(store, files[0]!)).toEqual(expected)
    const parts = await write([], {
      fields: nested,
      batches: slices(),
      partitionBy: [[3, { kind: 'truncate', width: 100 }]],
    })
    expect(parts.files.map((file) => file.partition)).toEqual([[null], [0], [100], [200]])
    const read = (await Promise.all(parts.files.map((file) => rowsOf(parts.store, file)))).flat()
    expect(read.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))).toEqual(expected)
  })

  test('of no rows is none', async () => {
    const { store, files, recordCount } = await write([])
    expect({ files, recordCount, locations: await locations(store) }).toEqual({
      files: [],
      recordCount: 0n,
      locations: [],
    })
  })
})

describe('rolling', () => {
  test('row groups close at their size, files at the target size, and no row is lost', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      id: BigInt(i * 7919),
      city: `${i} ${i * 31}`,
      at: null,
      score: null,
    }))
    const { store, files } = await write(rows, {
      batchRows: 1000,
      properties: {
        'write.target-file-size-bytes': '100000',
        'write.parquet.row-group-size-bytes': '30000',
        'write.parquet.compression-codec': 'uncompressed',
      },
    })
    expect(files.length).toBeGreaterThan(2)
    expect(new Set(files.map((file) => file.filePath)).size).toBe(files.length)
    const sizes = files.slice(0, -1).map((file) => Number(file.fileSizeInBytes))
    for (const size of sizes) expect(Math.abs(size - 110_000)).toBeLessThan(30_000)
    for (const file of files.slice(0, -1)) expect(file.splitOffsets!.length).toBeGreaterThan(2)
    const read = (await Promise.all(files.map((file) => rowsOf(store, file)))).flat()
    expect(read).toEqual(rows)
    expect(files.reduce((sum, file) => sum + file.recordCount, 0n)).toBe(20_000n)
    for (const file of files) {
      const { footer } = await readDataFile(store, file.filePath, codec)
      expect(file.splitOffsets).toEqual(
        footer.rowGroups.map(
          (group) => group.columns[0]!.dictionaryPageOffset ?? group.columns[0]!.dataPageOffset,
        ),
      )
    }
  })

  test.each(['zstd', 'snappy', 'gzip', 'uncompressed', 'brotli', 'lz4_raw'])('writes %s', async (name) => {
    const { store, files } = await write(people, { properties: { 'write.parquet.compression-codec': name } })
    const { footer } = await readDataFile(store, files[0]!.filePath, codec)
    expect(footer.rowGroups[0]!.columns.map((column) => column.codec)).toEqual(
      Array(4).fill(name.toUpperCase()),
    )
    expect(await rowsOf(store, files[0]!)).toEqual(people)
  })

  test('drops the dictionary of columns that hardly repeat only', async () => {
    const rows = Array.from({ length: 3000 }, (_, id) => ({
      id,
      city: `c${id % 9}`,
      at: new Date(id),
      score: 1,
    }))
    const { store, files } = await write(rows)
    const { footer } = await readDataFile(store, files[0]!.filePath, codec)
    const withDictionary = footer.rowGroups[0]!.columns.map(
      (column) => column.dictionaryPageOffset !== undefined,
    )
    expect(withDictionary).toEqual([false, true, false, true])
  })
})

describe('partitions', () => {
  const all: readonly NestedField[] = [
    { id: 1, name: 'int', required: false, type: intType },
    { id: 2, name: 'long', required: false, type: longType },
    { id: 3, name: 'string', required: false, type: stringType },
    { id: 4, name: 'at', required: false, type: timestamptzType },
    { id: 5, name: 'date', required: false, type: dateType },
    { id: 6, name: 'dec', required: false, type: decimalType(20, 2) },
    { id: 7, name: 'uuid', required: false, type: uuidType },
    { id: 8, name: 'bin', required: false, type: binaryType },
    { id: 9, name: 'flag', required: false, type: booleanType },
    { id: 10, name: 'double', required: false, type: doubleType },
  ]
  const hex = '0123456789abcdef'
  const rows = Array.from({ length: 200 }, (_, i) =>
    i % 29 === 0
      ? {}
      : {
          int: (i % 18) - 9,
          long: BigInt(i % 11) * -(2n ** 55n),
          string: `é${i % 12}xyz`,
          at: BigInt((i % 14) - 5) * 1_800_000_000n - 1n,
          date: (i % 13) * 100 - 900,
          dec: BigInt((i % 17) - 8) * 12_345_678_901_234n,
          uuid: `00000000-0000-4000-8000-00000000000${hex[i % 16]}`,
          bin: Uint8Array.of(i % 5, i % 3),
          flag: i % 2 === 0,
          double: (i % 10) / 4,
        },
  )
  const cases: [number, Transform][] = [
    ...all.map((field): [number, Transform] => [field.id, { kind: 'identity' }]),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((id): [number, Transform] => [id, { kind: 'bucket', numBuckets: 7 }]),
    ...[1, 2, 3, 6, 8].map((id): [number, Transform] => [id, { kind: 'truncate', width: 1 }]),
    ...(['year', 'month', 'day'] as const).flatMap((kind): [number, Transform][] => [
      [4, { kind }],
      [5, { kind }],
    ]),
    [4, { kind: 'hour' }],
    [1, { kind: 'void' }],
  ]

  test.each(cases)(
    'column %i by %o: every row lies in the file of its value',
    async (sourceId, transform) => {
      const { store, files } = await write(rows, {
        fields: all,
        partitionBy: [[sourceId, transform]],
        batchRows: 128,
      })
      const { name, type } = fieldsById({ fields: all }).get(sourceId)!.field
      const apply = bindTransform(transform, type as PrimitiveType)
      const literals = batchRows((await rowsToBatches(all, rows).next()).value as RecordBatch)
      const expected = new Map<string, unknown[]>()
      for (const [i, row] of literals.entries()) {
        const source = (rows[i] as Record<string, Literal | undefined>)[name] ?? null
        const key = print(apply(source))
        expected.set(key, [...(expected.get(key) ?? []), row])
      }
      const found = new Map<string, unknown[]>()
      for (const file of files) found.set(print(file.partition[0]!), await rowsOf(store, file))
      expect(files.length).toBe(found.size)
      expect(found).toEqual(expected)
    },
  )

  test('a column of type unknown is one partition, of null', async () => {
    const fields = [
      { id: 1, name: 'id', required: false, type: longType },
      { id: 2, name: 'nothing', required: false, type: unknownType },
    ]
    const { files } = await write([{ id: 1 }, { id: 2 }], {
      fields,
      partitionBy: [[2, { kind: 'identity' }]],
    })
    expect(files.map((file) => [file.partition, file.recordCount])).toEqual([[[null], 2n]])
  })

  test('by several columns have the path that Java gives them', async () => {
    const { files } = await write(people, {
      partitionBy: [
        [3, { kind: 'day' }],
        [2, { kind: 'identity' }],
      ],
    })
    expect(files).toHaveLength(new Set(people.map(({ at, city }) => `${at / 86_400_000_000n} ${city}`)).size)
    expect(files[0]!.partition).toEqual([0, null])
    expect(files[0]!.filePath).toBe(`${LOCATION}/data/p0=1970-01-01/p1=null/00000-0-op-00001.parquet`)
    expect(files[1]!.filePath).toBe(`${LOCATION}/data/p0=1970-01-01/p1=city+1/00000-0-op-00002.parquet`)
  })

  test('NaN is one partition, -0.0 and 0.0 are two', async () => {
    const rows = [Number.NaN, -0, 0, Number.NaN, 0].map((score, id) => ({ id, score }))
    const { store, files } = await write(rows, { partitionBy: [[4, { kind: 'identity' }]] })
    expect(files.map((file) => file.partition)).toEqual([[Number.NaN], [-0], [0]])
    const ids = await Promise.all(files.map(async (file) => (await rowsOf(store, file)).map(({ id }) => id)))
    expect(ids).toEqual([[0n, 3n], [1n], [2n, 4n]])
    expect(new Set(files.map((file) => file.filePath)).size).toBe(3)
  })

  test('more than the open writers make more files, never other rows', async () => {
    const openAtOnce = countingStore()
    const { store, files } = await write(people, {
      store: openAtOnce.store,
      partitionBy: [[1, { kind: 'bucket', numBuckets: 16 }]],
      maxOpenWriters: 3,
      batchRows: 100,
      properties: { 'write.parquet.row-group-size-bytes': '1' },
    })
    expect(openAtOnce.most()).toBe(3)
    expect(files.length).toBeGreaterThan(16)
    const read = (await Promise.all(files.map((file) => rowsOf(store, file)))).flat()
    expect(read.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))).toEqual(people)
  })

  test('of clustered rows are open one at a time', async () => {
    const openAtOnce = countingStore()
    const { files } = await write(people, {
      store: openAtOnce.store,
      partitionBy: [[3, { kind: 'day' }]],
      clustered: true,
      batchRows: 100,
    })
    expect(openAtOnce.most()).toBe(1)
    expect(files).toHaveLength(42)
  })

  test('hashed paths are those of object-storage layout', async () => {
    const properties = { 'write.object-storage.enabled': 'true' }
    const [whole, bare] = await Promise.all([
      write(people.slice(0, 1), { partitionBy: [[1, { kind: 'identity' }]], properties }),
      write(people.slice(0, 1), {
        properties: { ...properties, 'write.object-storage.partitioned-paths': 'false' },
      }),
    ])
    expect(whole.files[0]!.filePath).toMatch(
      /\/t\/data\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}\/p0=0\/00000-0-op-00001\.parquet$/,
    )
    expect(bare.files[0]!.filePath).toMatch(
      /\/t\/data\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}-00000-0-op-00001\.parquet$/,
    )
  })
})

describe('a write that fails takes back all it wrote', () => {
  const small = { 'write.target-file-size-bytes': '1', 'write.parquet.row-group-size-bytes': '1' }

  test('when a later row does not fit', async () => {
    const store = new MemoryStore()
    const rows = [...people, { id: 'x' }]
    await expect(write(rows, { store, batchRows: 100, properties: small })).rejects.toMatchObject({
      context: { row: 1000, path: 'id' },
    })
    expect(store.counters.bytesWritten).toBeGreaterThan(0)
    expect(await locations(store)).toEqual([])
  })

  test("when the store fails, and the error is the store's", async () => {
    const store = new MemoryStore()
    const openWrite = store.openWrite.bind(store)
    let opened = 0
    vi.spyOn(store, 'openWrite').mockImplementation(async (location, options) => {
      if (++opened === 3) throw new MoraineError('UNAVAILABLE', 'the store is away')
      return openWrite(location, options)
    })
    await expect(write(people, { store, batchRows: 100, properties: small })).rejects.toThrow(
      'the store is away',
    )
    expect(await locations(store)).toEqual([])
  })

  test('when the caller aborts, and the input is released', async () => {
    const store = new MemoryStore()
    const controller = new AbortController()
    let released = false
    async function* batches() {
      try {
        for await (const batch of rowsToBatches(fields, people, { batchRows: 100 })) {
          yield batch
          if (store.counters.bytesWritten > 0) controller.abort(new Error('enough'))
        }
      } finally {
        released = true
      }
    }
    const options = { store, batches: batches(), signal: controller.signal, properties: small }
    await expect(write([], options)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(released).toBe(true)
    expect(await locations(store)).toEqual([])
  })

  test('abort of a finished write deletes its files', async () => {
    const { store, abort } = await write(people, { partitionBy: [[3, { kind: 'day' }]] })
    expect(await locations(store)).toHaveLength(42)
    await abort()
    expect(await locations(store)).toEqual([])
  })
})

describe('what cannot be honoured', () => {
  const one = people.slice(0, 1)

  test.each<[string, Write, RegExp]>([
    [
      'another file format',
      { properties: { 'write.format.default': 'orc' } },
      /write\.format\.default is 'orc'/,
    ],
    ['another codec', { properties: { 'write.parquet.compression-codec': 'lz4' } }, /'lz4' is not written/],
    [
      'a data path outside',
      { properties: { 'write.data.path': 'memory://lake/other' } },
      /outside of the table/,
    ],
    [
      'a location provider',
      { properties: { 'write.location-provider.impl': 'com.acme.Provider' } },
      /location-provider\.impl is not served/,
    ],
    ['an unknown transform', { partitionBy: [[1, { kind: 'unknown', text: 'zorder' }]] }, /zorder/],
    [
      'a table of nothing to store',
      { fields: [{ id: 1, name: 'u', required: false, type: unknownType }] },
      /without columns/,
    ],
  ])('%s is UNSUPPORTED', async (_name, options, message) => {
    await expect(write(options.fields ? [{}] : one, options)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message,
    })
  })

  test('a variant column is UNSUPPORTED by name', async () => {
    const variant: NestedField = { id: 9, name: 'v', required: false, type: variantType as Type }
    await expect(write(one, { fields: [...fields, variant] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: /'v'/,
    })
  })

  test('compression level and bloom filters are warned of once', async () => {
    const warn = vi.fn()
    const warning = { ...environment, warn }
    const properties = {
      'write.parquet.compression-level': '3',
      'write.parquet.bloom-filter-enabled.column.id': 'true',
      'write.parquet.bloom-filter-enabled.column.city': 'false',
    }
    await write(one, { properties, environment: warning })
    await write(one, { properties, environment: warning })
    expect(warn.mock.calls.map(([message]) => message.split(' ')[0])).toEqual([
      'write.parquet.compression-level',
      'write.parquet.bloom-filter-enabled.column.id',
    ])
  })
})

function print(value: Literal | null): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : `${typeof value} ${String(value)}`
}

/** A memory store that knows how many writers are open, and were at most. */
function countingStore(): { store: MemoryStore; most: () => number } {
  const store = new MemoryStore()
  const openWrite = store.openWrite.bind(store)
  let open = 0
  let most = 0
  vi.spyOn(store, 'openWrite').mockImplementation(async (location, options) => {
    const writer = await openWrite(location, options)
    most = Math.max(most, ++open)
    const close = writer.close.bind(writer)
    writer.close = () => {
      open--
      return close()
    }
    return writer
  })
  return { store, most: () => most }
}
