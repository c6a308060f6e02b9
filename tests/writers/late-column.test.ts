import type { RecordBatch } from 'apache-arrow'
import { beforeAll, describe, expect, test } from 'vitest'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import { unpartitionedSpec } from '../../format/partition-spec.ts'
import { parseTransform } from '../../format/transforms/parse.ts'
import { longType, type NestedField, stringType } from '../../format/types.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { LateValues } from '../../writers/late-column.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { type WriteDataFilesOptions, writeDataFiles } from '../../writers/write-data-files.ts'
import { batchRows } from '../arrow-values.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { readDataFile } from './read-data-file.ts'

const fields: readonly NestedField[] = [
  { id: 1, name: 'id', required: true, type: longType },
  { id: 2, name: 'city', required: false, type: stringType },
]
const ALONE = arrowSchemaOf([ROW_ID_COLUMN])
const COUNT = 5000
let codec: ParquetCodec

beforeAll(async () => {
  codec = await loadWasmCodec()
})

const rowOf = (id: number) => ({ id, city: `city ${id % 7}`, _row_id: BigInt(id) })

function write(
  store: MemoryStore,
  lateValues: Promise<LateValues>,
  more: Partial<WriteDataFilesOptions> = {},
) {
  const rows = Array.from({ length: COUNT }, (_, i) => rowOf((i * 7919) % COUNT))
  return writeDataFiles({
    store,
    location: 'memory://lake/db/t',
    schema: { schemaId: 0, fields, identifierFieldIds: [] },
    metadataFields: [ROW_ID_COLUMN],
    lateValues,
    spec: unpartitionedSpec,
    properties: {},
    codec,
    environment: testEnvironment(),
    batches: rowsToBatches([...fields, ROW_ID_COLUMN], rows),
    operationId: 'late',
    ...more,
  })
}

/** A hundred more than what stands there. */
const hundredMore: LateValues = ({ data: { children }, numRows }: RecordBatch) => {
  const numbers: BigInt64Array = children[0]!.values
  const values = numbers.slice(0, numRows).map((number) => number + 100n)
  return batchOf(ALONE, [arrowData(ALONE.fields[0]!.type, numRows, { values })], numRows)
}

const layouts: readonly (readonly [string, Partial<WriteDataFilesOptions>])[] = [
  ['one row group', {}],
  ['many row groups', { properties: { 'write.parquet.row-group-size-bytes': '4096' } }],
  [
    'partitions',
    {
      spec: {
        specId: 1,
        fields: [{ fieldId: 1000, name: 'p', sourceIds: [1], transform: parseTransform('bucket[3]') }],
      },
    },
  ],
  [
    'sorted rows',
    {
      sortOrder: {
        orderId: 1,
        fields: [
          {
            sourceIds: [1],
            transform: parseTransform('identity'),
            direction: 'desc',
            nullOrder: 'nulls-last',
          },
        ],
      },
    },
  ],
]

describe('a column whose values are known late', () => {
  test.each(layouts)('stands beside those of its rows, in %s', async (_, more) => {
    const store = new MemoryStore()
    const { files } = await write(store, Promise.resolve(hundredMore), more)
    const read: unknown[] = []
    for (const { filePath } of files) {
      const { rowGroups } = await readDataFile(store, filePath, codec)
      read.push(...rowGroups.flat().flatMap(batchRows))
    }
    const byId = (read as { id: bigint }[]).sort((a, b) => Number(a.id - b.id))
    const expected = Array.from({ length: COUNT }, (_, id) => ({
      ...rowOf(id),
      id: BigInt(id),
      _row_id: BigInt(id) + 100n,
    }))
    expect(byId).toEqual(expected)
  })

  test('does not hold up the others', async () => {
    const encoded: string[][] = []
    const watched: ParquetCodec = {
      ...codec,
      encodeStream: (rows, options, target) => {
        encoded.push([...rows.columnNames])
        return codec.encodeStream(rows, options, target)
      },
    }
    let resolve: (values: LateValues) => void = () => {}
    const late = new Promise<LateValues>((found) => {
      resolve = found
    })
    const writing = write(new MemoryStore(), late, { codec: watched })
    while (encoded.length === 0) await new Promise((done) => setImmediate(done))
    expect(encoded).toEqual([['id', 'city']])
    resolve(hundredMore)
    await writing
    expect(encoded).toEqual([['id', 'city'], ['_row_id']])
  })

  test('of which the values are not found leaves no file', async () => {
    const store = new MemoryStore()
    await expect(write(store, Promise.reject(new Error('not found')))).rejects.toThrow('not found')
    const left: string[] = []
    for await (const { location } of store.list('memory://lake/')) left.push(location)
    expect(left).toEqual([])
  })
})
