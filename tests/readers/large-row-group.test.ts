import { expect, onTestFinished, test } from 'vitest'
import type { SchemaElement } from '../../format/parquet/footer.ts'
import { encodeFooter, PARQUET_MAGIC } from '../../format/parquet/footer-codec.ts'
import { type PageHeader, pageHeader } from '../../format/parquet/page-header.ts'
import { writeThrift } from '../../format/parquet/thrift.ts'
import { setReadLimits } from '../../format/read-limits.ts'
import { LOCATION, readBatches, readRows, required } from './support.ts'

const MIB = 2 ** 20
const LEAF: SchemaElement = {
  name: 'a',
  type: 'BYTE_ARRAY',
  repetition: 'REQUIRED',
  convertedType: 0,
  fieldId: 1,
}

function page(header: Partial<PageHeader>, bytes: Uint8Array): Uint8Array {
  const sizes = { uncompressedPageSize: bytes.length, compressedPageSize: bytes.length }
  return Buffer.concat([writeThrift(pageHeader, { type: 0, ...sizes, ...header }), bytes])
}

/** The index 0 so many times, in a run: bits of an index, the run's length as a varint, the index. */
function sameIndex(count: number): Uint8Array {
  const bytes = [1]
  let rest = count * 2
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Uint8Array.from([...bytes, rest, 0])
}

/** A file of one row group: `pages` times `rows` the same text, by a dictionary. */
function repeating(text: Uint8Array, pages: number, rows: number): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const dictionary = page(
    { type: 2, dictionaryPageHeader: { numValues: 1, encoding: 0 } },
    Buffer.concat([length, text]),
  )
  const levels = { numNulls: 0, definitionLevelsByteLength: 0, repetitionLevelsByteLength: 0 }
  const header = { numValues: rows, numRows: rows, encoding: 8, ...levels }
  const one = page({ type: 3, dataPageHeaderV2: header }, sameIndex(rows))
  const chunk = Buffer.concat([dictionary, ...Array.from({ length: pages }, () => one)])
  const count = BigInt(pages * rows)
  const column = {
    type: 'BYTE_ARRAY',
    encodings: [0, 8],
    pathInSchema: ['a'],
    codec: 'UNCOMPRESSED',
    numValues: count,
    totalUncompressedSize: BigInt(chunk.length),
    totalCompressedSize: BigInt(chunk.length),
    dictionaryPageOffset: 4n,
    dataPageOffset: BigInt(4 + dictionary.length),
  } as const
  const footer = encodeFooter({
    version: 1,
    schema: [{ name: 'root', numChildren: 1 }, LEAF],
    numRows: count,
    rowGroups: [{ columns: [column], numRows: count, totalByteSize: BigInt(chunk.length) }],
    keyValueMetadata: new Map(),
  })
  return new Uint8Array(Buffer.concat([PARQUET_MAGIC, chunk, footer]))
}

test('a row group of 1.2 GB decoded, from a file of a few kB, is read in bounded memory', async () => {
  const bytes = repeating(Buffer.from('a text that repeats '.repeat(20)), 30, 100_000)
  expect(bytes.length).toBeLessThan(5000)
  const before = process.memoryUsage.rss()
  let peak = before
  let rows = 0
  let decoded = 0
  for await (const { batch } of readBatches(bytes, 3_000_000, [required(1, 'a', { kind: 'string' })])) {
    rows += batch.numRows
    decoded += batch.data.children[0]!.values.length
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  expect([rows, decoded]).toEqual([3_000_000, 1_200_000_000])
  expect((peak - before) / MIB).toBeLessThan(512)
}, 60_000)

test('a row is read as long as it is within the limit, and else UNSUPPORTED by name', async () => {
  const bytes = repeating(Buffer.alloc(40 * MIB, 'x'), 1, 2)
  const [first] = await readRows(bytes, 2, [required(1, 'a', { kind: 'string' })])
  expect((first!['a'] as string).length).toBe(40 * MIB)
  setReadLimits({ pageBytes: 39 * MIB })
  onTestFinished(() => setReadLimits({ pageBytes: undefined }))
  await expect(readRows(bytes, 2, [required(1, 'a', { kind: 'string' })])).rejects.toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(LOCATION) }),
  )
})
