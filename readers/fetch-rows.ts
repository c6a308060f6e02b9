import { inFile } from '../format/errors.ts'
import type { ChunkBytes, DecodeRequest } from '../format/parquet/codec.ts'
import { type ChunkCut, cutChunk, cutOf } from '../format/parquet/cut-chunk.ts'
import type { SchemaElement } from '../format/parquet/footer.ts'
import { chunkRange } from '../format/parquet/footer-codec.ts'
import type { OffsetIndex } from '../format/parquet/page-index.ts'
import { type FileNode, pruneParquetSchema } from '../format/parquet/parquet-schema.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { INT96_WIDTH } from './convert-leaf.ts'
import { fetchRanges, type ParquetSource } from './parquet-source.ts'
import type { RowRange, RowRanges } from './row-ranges.ts'

/** Encoded rows of some leaves. */
export interface EncodedRows {
  /** Of its row group. */
  readonly rows: RowRange
  readonly request: Omit<DecodeRequest, 'batchSize'>
}

/** Which rows of which leaves of a row group to fetch. */
export interface RowSelection {
  /** Of the row group in the footer. */
  readonly index: number
  readonly rows: RowRanges
  readonly leaves: ReadonlySet<number>
  /** The file's leaves, in order. */
  readonly fileLeaves: readonly FileNode[]
  /** By leaf; a leaf without one is fetched whole. */
  readonly offsetIndexes: ReadonlyMap<number, OffsetIndex>
}

/** Fetches what holds the selected rows: whole chunks where all are wanted, else the pages that have them. */
export async function fetchRows(
  store: ObjectStore,
  source: ParquetSource,
  selection: RowSelection,
  signal: AbortSignal | undefined,
): Promise<readonly EncodedRows[]> {
  const { footer } = source
  const { index, rows, leaves } = selection
  const rowGroup = footer.rowGroups[index]!
  const numRows = Number(rowGroup.numRows)
  const schema = pruneParquetSchema(footer.schema, leaves).map(int96AsBytes)
  const [first] = rows
  if (first?.start === 0 && first.end === numRows) {
    const columns = rowGroup.columns.filter((_, leaf) => leaves.has(leaf))
    const bytes = await fetchRanges(store, source, columns.map(chunkRange), signal)
    const chunks = columns.map((column, i) => int96ChunkAsBytes({ column, bytes: bytes[i]! }))
    return [{ rows: first, request: { schema, numRows, chunks } }]
  }
  const cuts = rows.map((range) => cutsOf(source, selection, range))
  const spans = cuts.flatMap((columns) => columns.flatMap(({ dictionary, pages }) => [dictionary, pages]))
  const bytes = (await fetchRanges(store, source, spans, signal)).values()
  return rows.map((range, i) => {
    const columns = cuts[i]!
    const extent = {
      start: Math.min(...columns.map((cut) => cut.rows.start)),
      end: Math.max(...columns.map((cut) => cut.rows.end)),
    }
    const chunks = inFile(source.location, () =>
      columns.map((cut) =>
        int96ChunkAsBytes(cutChunk(cut, bytes.next().value!, bytes.next().value!, extent)),
      ),
    )
    const inside = { start: range.start - extent.start, end: range.end - extent.start }
    return { rows: range, request: { schema, numRows: extent.end - extent.start, chunks, rows: inside } }
  })
}

function cutsOf(
  { footer }: ParquetSource,
  { index, leaves, fileLeaves, offsetIndexes }: RowSelection,
  rows: RowRange,
): readonly ChunkCut[] {
  const { columns, numRows } = footer.rowGroups[index]!
  return columns.flatMap((column, leaf) =>
    leaves.has(leaf)
      ? [cutOf(column, fileLeaves[leaf]!, offsetIndexes.get(leaf), rows, Number(numRows))]
      : [],
  )
}

/**
 * Decoders turn INT96 timestamps into 64-bit nanoseconds, which wrap before 1677 and after 2262. Its pages are laid
 * out as those of twelve fixed bytes, so they are decoded as that, and `convertLeaf` makes timestamps of them.
 */
function int96AsBytes(element: SchemaElement): SchemaElement {
  if (element.type !== 'INT96') return element
  const { logicalType: _1, convertedType: _2, ...bare } = element
  return { ...bare, type: 'FIXED_LEN_BYTE_ARRAY', typeLength: INT96_WIDTH }
}

function int96ChunkAsBytes({ column, bytes }: ChunkBytes): ChunkBytes {
  if (column.type !== 'INT96') return { column, bytes }
  const { statistics: _, ...bare } = column
  return { column: { ...bare, type: 'FIXED_LEN_BYTE_ARRAY' }, bytes }
}
