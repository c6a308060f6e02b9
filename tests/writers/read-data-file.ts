import type { RecordBatch } from 'apache-arrow'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import type { FileFooter } from '../../format/parquet/footer.ts'
import {
  chunkRange,
  decodeFooter,
  FOOTER_TAIL_LENGTH,
  footerLength,
} from '../../format/parquet/footer-codec.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/** A whole Parquet file, row group by row group, with nothing but the codec between. */
export async function readDataFile(
  store: ObjectStore,
  location: string,
  codec: ParquetCodec,
): Promise<{ footer: FileFooter; rowGroups: RecordBatch[][] }> {
  const bytes = await store.get(location)
  const end = bytes.length - FOOTER_TAIL_LENGTH
  const footer = decodeFooter(bytes.subarray(end - footerLength(bytes, bytes.length), end), bytes.length)
  const rowGroups = footer.rowGroups.map(({ columns, numRows }) => [
    ...codec.decodeRowGroup({
      schema: footer.schema,
      numRows: Number(numRows),
      chunks: columns.map((column) => {
        const { start, end } = chunkRange(column)
        return { column, bytes: bytes.subarray(start, end) }
      }),
    }),
  ])
  return { footer, rowGroups }
}
