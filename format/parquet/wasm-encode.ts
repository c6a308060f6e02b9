import { invalidArgument, messageOf, unsupported } from '../errors.ts'
import type { EncodedRowGroup, EncodeOptions, RowStream } from './codec.ts'
import type { ColumnChunk, CompressionCodec } from './footer.ts'
import { chunkRange, decodeFooter, FOOTER_TAIL_LENGTH, footerLength } from './footer-codec.ts'
import { moveChunk } from './move-chunk.ts'
import { withChecksums } from './page-checksum.ts'
import { parquetName } from './to-parquet-schema.ts'
import type { ParquetWasm, WasmRun } from './wasm-module.ts'

/** See `ParquetCodec.encodeStream`. */
export function encodeStream(
  rows: RowStream,
  options: EncodeOptions,
  run: WasmRun,
  target?: Uint8Array,
): EncodedRowGroup {
  const { bytes, numRows } = rows
  if (numRows === 0) throw invalidArgument('a row group needs a row at least')
  let file: Uint8Array
  try {
    file = run((wasm) =>
      wasm.writeParquet(wasm.Table.fromIPCStream(bytes), writerProperties(wasm, rows, options)),
    )
  } catch (cause) {
    throw invalidArgument(`a batch of ${numRows} rows cannot be encoded as Parquet: ${messageOf(cause)}`)
  }
  return chunksOf(file, numRows, target)
}

function writerProperties(wasm: ParquetWasm, { numRows, columnNames }: RowStream, options: EncodeOptions) {
  let builder = new wasm.WriterPropertiesBuilder()
    .setCompression(compressionOf(wasm, options.compression))
    .setDataPageSizeLimit(options.dataPageSize)
    .setDictionaryPageSizeLimit(options.dictionaryPageSize)
    .setStatisticsEnabled(wasm.EnabledStatistics.Chunk)
    .setMaxRowGroupSize(numRows)
    .setWriteBatchSize(Math.min(1024, options.pageRowLimit))
  for (const name of columnNames) {
    if (options.withoutDictionary?.has(parquetName(name)))
      builder = builder.setColumnDictionaryEnabled(name, false)
  }
  return builder.build()
}

function compressionOf(wasm: ParquetWasm, codec: CompressionCodec): number {
  if (codec === 'LZO' || codec === 'LZ4') throw unsupported(`Parquet codec ${codec} is read, not written`)
  return wasm.Compression[codec]
}

/** Takes the chunks out of a file of one row group, and gives their pages checksums. */
function chunksOf(file: Uint8Array, numRows: number, target: Uint8Array | undefined): EncodedRowGroup {
  const thriftEnd = file.length - FOOTER_TAIL_LENGTH
  const footer = decodeFooter(
    file.subarray(thriftEnd - footerLength(file, file.length), thriftEnd),
    file.length,
  )
  const [group] = footer.rowGroups
  if (group === undefined || footer.rowGroups.length !== 1 || group.numRows !== BigInt(numRows)) {
    throw new Error(
      `parquet-wasm wrote ${footer.numRows} rows in ${footer.rowGroups.length} row groups of ${numRows}`,
    )
  }
  const columns: ColumnChunk[] = []
  const parts: Uint8Array[] = []
  let length = 0
  for (const column of group.columns) {
    const { start, end } = chunkRange(column)
    const checked = withChecksums(moveChunk(column, -start), file.subarray(start, end))
    columns.push(moveChunk(checked.column, length))
    parts.push(...checked.parts)
    length += Number(checked.column.totalCompressedSize)
  }
  return { bytes: joined(parts, length, target), numRows, columns }
}

function joined(parts: readonly Uint8Array[], length: number, target: Uint8Array | undefined): Uint8Array {
  const fits = target !== undefined && length <= target.length
  const bytes = fits ? target.subarray(0, length) : new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
