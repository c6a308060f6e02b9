/**
 * The one narrow seam behind which Parquet pages are encoded and decoded. Everything around it (footers, offsets,
 * field ids, annotations, statistics, which chunks to fetch) is ours; only column chunks cross here.
 */
import type { RecordBatch } from 'apache-arrow'
import type { ColumnChunk, CompressionCodec, SchemaElement } from './footer.ts'

export interface EncodeOptions {
  readonly compression: CompressionCodec
  /** Bytes. */
  readonly dataPageSize: number
  readonly dictionaryPageSize: number
  /** Rows. */
  readonly pageRowLimit: number
  /** Leaf paths (as in the Parquet schema, joined with '.') for which a dictionary does not pay. */
  readonly withoutDictionary?: ReadonlySet<string>
}

/** Rows on their way to an encoder, as plain data that can go to another thread; `row-stream.ts` makes it. */
export interface RowStream {
  /** An Arrow IPC stream of one record batch, without columns of type Null. */
  readonly bytes: Uint8Array
  readonly numRows: number
  /** Of the top level. */
  readonly columnNames: readonly string[]
}

export interface EncodedRowGroup {
  /** All column chunks, one after another. The caller owns it. */
  readonly bytes: Uint8Array
  readonly numRows: number
  /** Leaf columns in schema order; offsets count from the start of `bytes`. No page or column index offsets. */
  readonly columns: readonly ColumnChunk[]
}

export interface ChunkBytes {
  /** As the file's footer has it (offsets are those of the file). */
  readonly column: ColumnChunk
  /** From the first page (the dictionary page, if any) for `totalCompressedSize` bytes. */
  readonly bytes: Uint8Array
}

export interface DecodeRequest {
  /** The Parquet schema, depth first, pruned to exactly the leaves of `chunks`, in the same order. */
  readonly schema: readonly SchemaElement[]
  readonly numRows: number
  readonly chunks: readonly ChunkBytes[]
  /** The rows to decode of `numRows`. Default: all. */
  readonly rows?: { readonly start: number; readonly end: number }
  /** Rows in a returned batch, at most. Default: 65,536. */
  readonly batchSize?: number
}

/**
 * `encodeRowGroup` takes a batch whose Arrow types are those of `format/arrow/arrow-schema.ts` and whose nullability
 * matches. `encodeStream` does the same for rows that are a stream already; when the chunks fit in `target`, they are
 * put there, and that may be the memory of the stream itself. `decodeRowGroup` gives batches in row order, columns by the Parquet names, decoded as they are pulled: what
 * is in memory is a part of the row group, however much of it a few bytes stand for. It throws INVALID_DATA when
 * bytes are malformed or the rows are not as many as asked for, and stays usable after that.
 */
export interface ParquetCodec {
  encodeRowGroup(batch: RecordBatch, options: EncodeOptions): EncodedRowGroup
  encodeStream(rows: RowStream, options: EncodeOptions, target?: Uint8Array): EncodedRowGroup
  decodeRowGroup(request: DecodeRequest): Iterable<RecordBatch>
}
