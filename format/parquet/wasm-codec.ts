import { type RecordBatch, Table, tableToIPC } from 'apache-arrow'
import { invalidArgument, messageOf, unsupported } from '../errors.ts'
import type { EncodedRowGroup, EncodeOptions, ParquetCodec } from './codec.ts'
import type { ColumnChunk, CompressionCodec } from './footer.ts'
import { chunkRange, decodeFooter, FOOTER_TAIL_LENGTH, footerLength } from './footer-codec.ts'
import { moveChunk } from './move-chunk.ts'
import { withChecksums } from './page-checksum.ts'
import { checkRequiredValues } from './required-values.ts'
import { storedColumns } from './stored-columns.ts'
import { parquetName } from './to-parquet-schema.ts'
import { decodeRowGroup } from './wasm-decode.ts'
import {
  isTrap,
  loadParquetWasm,
  type ParquetWasm,
  type ParquetWasmFactory,
  type WasmRun,
} from './wasm-module.ts'

export interface WasmCodecOptions {
  /** Bytes that a page may take decompressed, and a row decoded. Default: 1 GiB. */
  readonly maxPageBytes?: number
  /** About how many bytes are decoded at once. Default: 64 MiB. */
  readonly sliceBytes?: number
  /** An instance whose memory has grown past this many bytes is replaced by a fresh one. Default: 1 GiB. */
  readonly recycleAboveBytes?: number
}

const GIB = 2 ** 30
const DEFAULT_SLICE_BYTES = 64 * 2 ** 20

/** The `ParquetCodec` over parquet-wasm. Synchronous once loaded; one per thread is enough. */
export async function loadWasmCodec(options: WasmCodecOptions = {}): Promise<ParquetCodec> {
  return wasmCodec(await loadParquetWasm(), options)
}

export function wasmCodec(factory: ParquetWasmFactory, options: WasmCodecOptions = {}): ParquetCodec {
  const { maxPageBytes = GIB, sliceBytes = DEFAULT_SLICE_BYTES, recycleAboveBytes = GIB } = options
  let instance: ParquetWasm | undefined
  const run: WasmRun = <T>(job: (wasm: ParquetWasm) => T): T => {
    instance ??= factory()
    const wasm = instance
    try {
      const result = job(wasm)
      if (wasm.wasmMemory().buffer.byteLength > recycleAboveBytes) instance = undefined
      return result
    } catch (error) {
      if (isTrap(error)) instance = undefined
      throw error
    }
  }
  return {
    encodeRowGroup: (batch, encodeOptions) => encodeRowGroup(batch, encodeOptions, run),
    decodeRowGroup: (request) => decodeRowGroup(request, { maxPageBytes, sliceBytes }, run),
  }
}

function encodeRowGroup(batch: RecordBatch, options: EncodeOptions, run: WasmRun): EncodedRowGroup {
  if (batch.numRows === 0) throw invalidArgument('a row group needs a row at least')
  checkRequiredValues(batch)
  const stored = storedColumns(batch)
  const ipc = tableToIPC(new Table([stored]), 'stream')
  let file: Uint8Array
  try {
    file = run((wasm) =>
      wasm.writeParquet(wasm.Table.fromIPCStream(ipc), writerProperties(wasm, stored, options)),
    )
  } catch (cause) {
    throw invalidArgument(
      `a batch of ${batch.numRows} rows cannot be encoded as Parquet: ${messageOf(cause)}`,
    )
  }
  return chunksOf(file, batch.numRows)
}

function writerProperties(wasm: ParquetWasm, batch: RecordBatch, options: EncodeOptions) {
  let builder = new wasm.WriterPropertiesBuilder()
    .setCompression(compressionOf(wasm, options.compression))
    .setDataPageSizeLimit(options.dataPageSize)
    .setDictionaryPageSizeLimit(options.dictionaryPageSize)
    .setStatisticsEnabled(wasm.EnabledStatistics.Chunk)
    .setMaxRowGroupSize(batch.numRows)
    .setWriteBatchSize(Math.min(1024, options.pageRowLimit))
  for (const { name } of batch.schema.fields) {
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
function chunksOf(file: Uint8Array, numRows: number): EncodedRowGroup {
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
  return { bytes: joined(parts, length), numRows, columns }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
