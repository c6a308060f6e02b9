import type { RecordBatch } from 'apache-arrow'
import { inFile } from '../format/errors.ts'
import type { ChunkBytes, ParquetCodec } from '../format/parquet/codec.ts'
import type { SchemaElement } from '../format/parquet/footer.ts'
import { pruneParquetSchema } from '../format/parquet/parquet-schema.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { INT96_WIDTH } from './convert-leaf.ts'
import { fetchChunks, type ParquetSource } from './parquet-source.ts'

/** Fetches the chunks of some leaves of one row group, and decodes them batch by batch as they are pulled. */
export async function* decodeRowGroup(
  source: ParquetSource,
  index: number,
  leaves: ReadonlySet<number>,
  store: ObjectStore,
  codec: ParquetCodec,
  batchSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch> {
  const { footer, location } = source
  const rowGroup = footer.rowGroups[index]!
  const columns = rowGroup.columns.filter((_, leaf) => leaves.has(leaf))
  const chunks = await fetchChunks(store, source, columns, signal)
  const decoded = inFile(location, () =>
    codec.decodeRowGroup({
      schema: pruneParquetSchema(footer.schema, leaves).map(int96AsBytes),
      numRows: Number(rowGroup.numRows),
      chunks: chunks.map(int96ChunkAsBytes),
      batchSize,
    }),
  )
  const batches = decoded[Symbol.iterator]()
  for (;;) {
    throwIfAborted(signal)
    const next = inFile(location, () => batches.next())
    if (next.done) return
    yield next.value
  }
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
