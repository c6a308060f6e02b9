import { BLOOM_HEADER_BYTES, bloomFilterLength } from '../format/parquet/bloom-filter.ts'
import type { ColumnChunk, RowGroup } from '../format/parquet/footer.ts'
import {
  type ColumnIndex,
  decodeColumnIndex,
  decodeOffsetIndex,
  type OffsetIndex,
} from '../format/parquet/page-index.ts'
import type { ByteRange } from '../storage/byte-range.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { fetchRanges, isWithin, type ParquetSource } from './parquet-source.ts'
import { NO_INDEXES, type RowGroupIndexes } from './row-group-filter.ts'

/** Below this many bytes a row group's chunks are fetched rather than an index that may rule them out. */
const MIN_INDEXED_BYTES = 256 * 1024

/** Which indexes of row groups help: those of `filterLeaves` say which rows match, those of `leaves` where they are. */
export interface IndexRequest {
  readonly rowGroups: readonly RowGroup[]
  readonly filterLeaves: ReadonlySet<number>
  readonly leaves: ReadonlySet<number>
  /** Whether it helps to know where rows are though no filter says which match. */
  readonly offsetsAlone: boolean
}

/**
 * The page indexes of row groups, by their place in the request, all by one request where they stand together, as
 * writers put them. Row groups of few bytes have theirs only if they came with the footer.
 */
export async function fetchPageIndexes(
  store: ObjectStore,
  source: ParquetSource,
  { rowGroups, filterLeaves, leaves, offsetsAlone }: IndexRequest,
  signal: AbortSignal | undefined,
): Promise<readonly RowGroupIndexes[]> {
  const wanted: {
    readonly group: number
    readonly leaf: number
    readonly range: ByteRange
    readonly of: 'columns' | 'offsets'
  }[] = []
  for (const [group, rowGroup] of rowGroups.entries()) {
    const isLarge = chunkBytes(rowGroup, leaves) >= MIN_INDEXED_BYTES
    const want = (leaf: number, of: 'columns' | 'offsets', range: ByteRange | undefined) => {
      if (range !== undefined && (isLarge || isWithin(range, source.tail)))
        wanted.push({ group, leaf, range, of })
    }
    const hasColumnIndex = [...filterLeaves].some((leaf) => columnIndexRange(rowGroup.columns[leaf]!, source))
    if (!hasColumnIndex && !offsetsAlone) continue
    for (const leaf of filterLeaves) want(leaf, 'columns', columnIndexRange(rowGroup.columns[leaf]!, source))
    for (const leaf of leaves) want(leaf, 'offsets', offsetIndexRange(rowGroup.columns[leaf]!, source))
  }
  if (wanted.length === 0) return rowGroups.map(() => NO_INDEXES)
  const bytes = await fetchRanges(
    store,
    source,
    wanted.map(({ range }) => range),
    signal,
  )
  return rowGroups.map((rowGroup, group) => {
    const numRows = Number(rowGroup.numRows)
    const offsetIndexes = new Map<number, OffsetIndex>()
    const columnIndexes = new Map<number, ColumnIndex>()
    const own = wanted.flatMap((entry, i) => (entry.group === group ? [{ ...entry, bytes: bytes[i]! }] : []))
    for (const { leaf, of, bytes } of own) {
      if (of !== 'offsets') continue
      const index = decodeOffsetIndex(bytes, rowGroup.columns[leaf]!, numRows)
      if (index !== undefined) offsetIndexes.set(leaf, index)
    }
    for (const { leaf, of, bytes } of own) {
      const pages = offsetIndexes.get(leaf)?.pageLocations.length
      if (of !== 'columns' || pages === undefined) continue
      const index = decodeColumnIndex(bytes, pages)
      if (index !== undefined) columnIndexes.set(leaf, index)
    }
    return { ...NO_INDEXES, offsetIndexes, columnIndexes }
  })
}

/**
 * The bloom filters of some leaves of a row group, those of a known kind and of at most `maxBytes`. A filter whose
 * length the footer does not say costs a request more.
 */
export async function fetchBloomFilters(
  store: ObjectStore,
  source: ParquetSource,
  rowGroup: RowGroup,
  leaves: ReadonlySet<number>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const filters = new Map<number, Uint8Array>()
  for (const leaf of leaves) {
    const { bloomFilterOffset, bloomFilterLength: length = BLOOM_HEADER_BYTES } = rowGroup.columns[leaf]!
    if (bloomFilterOffset === undefined || length > maxBytes) continue
    const read = async (size: number) => {
      const range = rangeOf(bloomFilterOffset, size, source)
      return range && (await fetchRanges(store, source, [range], signal))[0]
    }
    const start = await read(length)
    const whole = start && bloomFilterLength(start)
    if (whole === undefined || whole > maxBytes) continue
    const filter = whole <= start!.length ? start!.subarray(0, whole) : await read(whole)
    if (filter !== undefined) filters.set(leaf, filter)
  }
  return filters
}

/** Encoded bytes of some leaves of a row group. */
export function chunkBytes({ columns }: RowGroup, leaves: ReadonlySet<number>): number {
  let bytes = 0
  for (const leaf of leaves) bytes += Number(columns[leaf]!.totalCompressedSize)
  return bytes
}

function columnIndexRange({ columnIndexOffset, columnIndexLength }: ColumnChunk, source: ParquetSource) {
  return columnIndexOffset === undefined ? undefined : rangeOf(columnIndexOffset, columnIndexLength, source)
}

function offsetIndexRange({ offsetIndexOffset, offsetIndexLength }: ColumnChunk, source: ParquetSource) {
  return offsetIndexOffset === undefined ? undefined : rangeOf(offsetIndexOffset, offsetIndexLength, source)
}

/** Undefined for what does not lie in the file. */
function rangeOf(offset: bigint, length: number | undefined, source: ParquetSource): ByteRange | undefined {
  if (length === undefined || length <= 0 || offset < 0n || offset + BigInt(length) > BigInt(source.length)) {
    return undefined
  }
  return { start: Number(offset), end: Number(offset) + length }
}
