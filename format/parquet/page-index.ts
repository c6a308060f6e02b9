/** The page index of a column chunk: what its pages hold and where they stand (Parquet: PageIndex.md). */
import type { ColumnChunk } from './footer.ts'
import { chunkRange } from './footer-codec.ts'
import { binary, bools, i32, i64, list, optional, readThriftIfWhole, required, struct } from './thrift.ts'

export interface PageLocation {
  /** Absolute file offset of the page's header. */
  readonly offset: bigint
  /** Bytes, header included. */
  readonly compressedPageSize: number
  /** Row of the row group that the page begins with. */
  readonly firstRowIndex: bigint
}

export interface OffsetIndex {
  readonly pageLocations: readonly PageLocation[]
}

export interface ColumnIndex {
  /** Whether a page holds nothing but nulls; its bounds mean nothing then. */
  readonly nullPages: readonly boolean[]
  /** Bounds of a page's values; they need not occur in it. */
  readonly minValues: readonly Uint8Array[]
  readonly maxValues: readonly Uint8Array[]
  readonly nullCounts?: readonly bigint[]
}

const pageLocation = struct<PageLocation>('PageLocation', {
  offset: required(1, i64),
  compressedPageSize: required(2, i32),
  firstRowIndex: required(3, i64),
})

const offsetIndex = struct<OffsetIndex>('OffsetIndex', { pageLocations: required(1, list(pageLocation)) })

const columnIndex = struct<ColumnIndex>('ColumnIndex', {
  nullPages: required(1, bools),
  minValues: required(2, list(binary)),
  maxValues: required(3, list(binary)),
  nullCounts: optional(5, list(i64)),
})

/**
 * The offset index of a chunk. Undefined when it does not describe the chunk: its pages must stand one after another
 * to the chunk's end, and begin with ever later rows of the row group. An index only makes reading
 * faster: a file is read without one that is malformed.
 */
export function decodeOffsetIndex(
  bytes: Uint8Array,
  column: ColumnChunk,
  numRows: number,
): OffsetIndex | undefined {
  const index = readThriftIfWhole(offsetIndex, bytes)?.value
  if (index === undefined || index.pageLocations.length === 0) return undefined
  const { start, end } = chunkRange(column)
  let at = BigInt(start)
  let row = -1n
  for (const [i, page] of index.pageLocations.entries()) {
    const follows = i === 0 ? page.offset >= at && page.firstRowIndex === 0n : page.offset === at
    if (!follows || page.compressedPageSize <= 0 || page.firstRowIndex <= row) return undefined
    at = page.offset + BigInt(page.compressedPageSize)
    row = page.firstRowIndex
  }
  return at === BigInt(end) && row < BigInt(numRows) ? index : undefined
}

/** The column index of a chunk of `pages` data pages; undefined when it is not one of so many. */
export function decodeColumnIndex(bytes: Uint8Array, pages: number): ColumnIndex | undefined {
  const index = readThriftIfWhole(columnIndex, bytes)?.value
  if (index === undefined) return undefined
  const lists = [index.nullPages, index.minValues, index.maxValues, index.nullCounts ?? index.nullPages]
  return lists.every((values) => values.length === pages) ? index : undefined
}
