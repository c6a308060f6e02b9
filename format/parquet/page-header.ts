/**
 * A bounded walk over the page headers of a column chunk, before its bytes are given to a decoder that trusts them.
 */

import { brotliDecompressSync, crc32, gunzipSync } from 'node:zlib'
import { invalidData, messageOf } from '../errors.ts'
import { overLimit, readLimits } from '../read-limits.ts'
import type { DecodeRequest } from './codec.ts'
import type { ColumnChunk, PhysicalType, SchemaElement } from './footer.ts'
import { bool, i32, optional, readThrift, required, struct } from './thrift.ts'

interface DataPageHeader {
  readonly numValues: number
  readonly encoding: number
}
interface DataPageHeaderV2 extends DataPageHeader {
  readonly numNulls: number
  readonly numRows: number
  readonly definitionLevelsByteLength: number
  readonly repetitionLevelsByteLength: number
  readonly isCompressed?: boolean
}
export interface PageHeader {
  /** PageType: 0 data, 1 index, 2 dictionary, 3 data V2. */
  readonly type: number
  readonly uncompressedPageSize: number
  readonly compressedPageSize: number
  /** CRC-32 of the page's bytes as stored. */
  readonly crc?: number
  readonly dataPageHeader?: DataPageHeader
  readonly dictionaryPageHeader?: DataPageHeader
  readonly dataPageHeaderV2?: DataPageHeaderV2
}

const dataPageHeader = struct<DataPageHeader>('DataPageHeader', {
  numValues: required(1, i32),
  encoding: required(2, i32),
})

export const pageHeader = struct<PageHeader>('PageHeader', {
  type: required(1, i32),
  uncompressedPageSize: required(2, i32),
  compressedPageSize: required(3, i32),
  crc: optional(4, i32),
  dataPageHeader: optional(5, dataPageHeader),
  dictionaryPageHeader: optional(7, dataPageHeader),
  dataPageHeaderV2: optional(
    8,
    struct<DataPageHeaderV2>('DataPageHeaderV2', {
      numValues: required(1, i32),
      numNulls: required(2, i32),
      numRows: required(3, i32),
      encoding: required(4, i32),
      definitionLevelsByteLength: required(5, i32),
      repetitionLevelsByteLength: required(6, i32),
      isCompressed: optional(7, bool),
    }),
  ),
})

const RULE = 'Parquet: Data Pages'

/**
 * Checks a request against the bytes that it brings: chunks as long as their footers say, page sizes inside their
 * chunk, checksums where there are any, value counts that add up, and no page and no row (on average) beyond
 * `readLimits().pageBytes`. Returns about how many bytes the row group takes decoded. Throws INVALID_DATA, and
 * UNSUPPORTED for what is too much.
 */
export function checkChunks({ schema, chunks, numRows }: DecodeRequest): number {
  const maxBytes = readLimits().pageBytes
  const leaves = schema.filter((element) => element.type !== undefined)
  if (leaves.length !== chunks.length || chunks.length === 0) {
    throw invalidData(`a schema of ${leaves.length} leaves comes with ${chunks.length} column chunks`, {
      rule: RULE,
    })
  }
  let total = 0
  for (const [i, { column, bytes }] of chunks.entries()) {
    if (leaves[i]!.type !== column.type)
      throw bad(column, `is ${column.type}, its schema says ${leaves[i]!.type}`)
    if (BigInt(bytes.length) !== column.totalCompressedSize) {
      throw bad(column, `has ${bytes.length} bytes, its footer says ${column.totalCompressedSize}`)
    }
    if (column.numValues < 0n || (column.numValues < BigInt(numRows) && numRows > 0)) {
      throw bad(column, `has ${column.numValues} values for ${numRows} rows`)
    }
    total += checkPages(column, bytes, leaves[i]!, maxBytes)
    if (total / numRows > maxBytes) {
      throw overLimit(`${nameOf(column)} brings a row to ${total / numRows} bytes decoded`, 'pageBytes')
    }
  }
  return total
}

/** Returns about how many bytes the chunk takes decoded. */
function checkPages(column: ColumnChunk, bytes: Uint8Array, leaf: SchemaElement, maxBytes: number): number {
  let at = 0
  let values = 0n
  let uncompressed = 0
  let width = arrowWidth(leaf)
  while (at < bytes.length && values < column.numValues) {
    const { value: page, end } = readThrift(pageHeader, bytes, at)
    const { uncompressedPageSize: size, compressedPageSize: stored } = page
    if (size < 0 || stored < 0 || stored > bytes.length - end) {
      throw bad(column, `has a page of ${stored} bytes at ${at}, ${bytes.length - end} are left`)
    }
    uncompressed += size
    if (size > maxBytes) throw overLimit(`${nameOf(column)} has a page of ${size} bytes`, 'pageBytes')
    if (page.crc !== undefined && (crc32(bytes.subarray(end, end + stored)) | 0) !== page.crc) {
      throw bad(column, `has a page at ${at} whose checksum does not match its bytes`)
    }
    values += BigInt(valuesOf(page, column, leaf))
    checkUnpacked(page, column, bytes.subarray(end, end + stored), maxBytes)
    // A value of a dictionary is as long in Arrow as it is there, however short the page that names it.
    const entries = page.dictionaryPageHeader?.numValues ?? 0
    if (leaf.type === 'BYTE_ARRAY' && entries > 0) width = Math.max(width, size / entries)
    at = end + stored
  }
  if (values !== column.numValues) {
    throw bad(column, `has pages of ${values} values, its footer says ${column.numValues}`)
  }
  return Math.max(uncompressed, Number(column.numValues) * width)
}

/** So many times its length is what deflated data unpacks to at most. */
const MOST_INFLATION = 1032

/**
 * Decoders bound what Snappy, LZ4 and Zstandard unpack to by what the header says, but not gzip and Brotli. Of gzip it
 * is enough to look at pages that could come near the limit, since buffers grow by doubling: above 254 KiB as stored,
 * which few are.
 */
function checkUnpacked(page: PageHeader, column: ColumnChunk, stored: Uint8Array, maxBytes: number): void {
  const { codec } = column
  const isBounded = codec === 'GZIP' ? stored.length * MOST_INFLATION <= maxBytes / 4 : codec !== 'BROTLI'
  const {
    definitionLevelsByteLength = 0,
    repetitionLevelsByteLength = 0,
    isCompressed = true,
  } = page.dataPageHeaderV2 ?? {}
  if (isBounded || !isCompressed) return
  const levels = definitionLevelsByteLength + repetitionLevelsByteLength
  const unpack = codec === 'GZIP' ? gunzipSync : brotliDecompressSync
  try {
    unpack(stored.subarray(levels), { maxOutputLength: Math.max(1, page.uncompressedPageSize - levels) })
  } catch (error) {
    throw bad(
      column,
      `has a page that does not unpack to ${page.uncompressedPageSize} bytes: ${messageOf(error)}`,
    )
  }
}

/** The values that a data page claims to hold; 0 for other pages. */
export function valuesOfPage({ type, dataPageHeader, dataPageHeaderV2 }: PageHeader): number {
  return (type === 0 ? dataPageHeader?.numValues : type === 3 ? dataPageHeaderV2?.numValues : 0) ?? 0
}

/** The same, of a page that must be well formed. */
function valuesOf(page: PageHeader, column: ColumnChunk, leaf: SchemaElement): number {
  if (page.type === 2) {
    const count = page.dictionaryPageHeader?.numValues ?? -1
    if (count < 0 || count * plainWidth(leaf) > page.uncompressedPageSize) {
      throw bad(column, `has a dictionary of ${count} values in ${page.uncompressedPageSize} bytes`)
    }
    return 0
  }
  if (page.type === 1) return 0
  const header = page.type === 0 ? page.dataPageHeader : page.type === 3 ? page.dataPageHeaderV2 : undefined
  if (header === undefined || header.numValues < 0)
    throw bad(column, `has a page of type ${page.type} with no header`)
  if (page.type === 3) checkLevels(page, column)
  return header.numValues
}

function checkLevels(page: PageHeader, column: ColumnChunk): void {
  const { definitionLevelsByteLength: definition, repetitionLevelsByteLength: repetition } =
    page.dataPageHeaderV2!
  const room = Math.min(page.compressedPageSize, page.uncompressedPageSize)
  if (definition < 0 || repetition < 0 || definition + repetition > room) {
    throw bad(column, `has a page of ${room} bytes with ${definition} + ${repetition} bytes of levels`)
  }
}

/** Bytes that a value takes at least in PLAIN encoding. */
function plainWidth(leaf: SchemaElement): number {
  switch (leaf.type) {
    case 'BOOLEAN':
      return 1 / 8
    case 'FIXED_LEN_BYTE_ARRAY':
      return leaf.typeLength ?? 0
    default:
      return widths[leaf.type!]
  }
}

/** Bytes that a value takes at least in Arrow, its validity aside. */
function arrowWidth(leaf: SchemaElement): number {
  const isDecimal = leaf.logicalType?.kind === 'DECIMAL' || leaf.convertedType === 5
  return isDecimal ? 16 : plainWidth(leaf)
}

const widths: Record<Exclude<PhysicalType, 'BOOLEAN' | 'FIXED_LEN_BYTE_ARRAY'>, number> = {
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: 4,
}

function bad(column: ColumnChunk, what: string): Error {
  return invalidData(`${nameOf(column)} ${what}`, { rule: RULE })
}

function nameOf(column: ColumnChunk): string {
  return `column '${column.pathInSchema.join('.')}'`
}
