import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { invalidArgument, invalidData, messageOf, unsupported } from '../errors.ts'
import type { DecodeRequest, EncodedRowGroup, EncodeOptions, ParquetCodec } from './codec.ts'
import type { ColumnChunk, CompressionCodec } from './footer.ts'
import { chunkRange, decodeFooter, FOOTER_TAIL_LENGTH, footerLength } from './footer-codec.ts'
import { miniFile } from './mini-file.ts'
import { moveChunk } from './move-chunk.ts'
import { withChecksums } from './page-checksum.ts'
import { checkChunks } from './page-header.ts'
import { checkRequiredValues } from './required-values.ts'
import { storedColumns } from './stored-columns.ts'
import { parquetName } from './to-parquet-schema.ts'
import { loadParquetWasm, type ParquetWasm, type ParquetWasmFactory } from './wasm-module.ts'

export interface WasmCodecOptions {
  /** Bytes that one row group's wanted columns may take decoded. Default: 1 GiB. */
  readonly maxRowGroupBytes?: number
  /** An instance whose memory has grown past this many bytes is replaced by a fresh one. Default: 1 GiB. */
  readonly recycleAboveBytes?: number
}

const GIB = 2 ** 30
const DEFAULT_BATCH_SIZE = 65_536

/** The `ParquetCodec` over parquet-wasm. Synchronous once loaded; one per thread is enough. */
export async function loadWasmCodec(options: WasmCodecOptions = {}): Promise<ParquetCodec> {
  return wasmCodec(await loadParquetWasm(), options)
}

export function wasmCodec(factory: ParquetWasmFactory, options: WasmCodecOptions = {}): ParquetCodec {
  const { maxRowGroupBytes = GIB, recycleAboveBytes = GIB } = options
  let instance: ParquetWasm | undefined
  const run = <T>(job: (wasm: ParquetWasm) => T): T => {
    instance ??= factory()
    const wasm = instance
    try {
      const result = job(wasm)
      if (wasm.wasmMemory().buffer.byteLength > recycleAboveBytes) instance = undefined
      return result
    } catch (error) {
      // The library throws plain Errors; anything else is a trap, after which the instance is not to be trusted.
      if (!(error instanceof Error) || error.constructor !== Error) instance = undefined
      throw error
    }
  }
  return {
    encodeRowGroup: (batch, encodeOptions) => encodeRowGroup(batch, encodeOptions, run),
    decodeRowGroup: (request) => decodeRowGroup(request, maxRowGroupBytes, run),
  }
}

type Run = <T>(job: (wasm: ParquetWasm) => T) => T

function encodeRowGroup(batch: RecordBatch, options: EncodeOptions, run: Run): EncodedRowGroup {
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

function decodeRowGroup(request: DecodeRequest, maxBytes: number, run: Run): RecordBatch[] {
  const { numRows, chunks, batchSize = DEFAULT_BATCH_SIZE } = request
  if (numRows === 0) return []
  checkChunks(request, maxBytes)
  const file = miniFile(request)
  let ipc: Uint8Array
  try {
    ipc = run((wasm) => wasm.readParquet(file, { batchSize }).intoIPCStream())
  } catch (cause) {
    const names = chunks.map(({ column }) => column.pathInSchema.join('.')).join(', ')
    throw invalidData(
      `Parquet pages of ${names} cannot be decoded: ${messageOf(cause)}`,
      { rule: RULE },
      cause,
    )
  }
  const { batches } = tableFromIPC(ipc)
  const decoded = batches.reduce((sum, batch) => sum + batch.numRows, 0)
  if (decoded !== numRows) {
    throw invalidData(`the pages of a row group hold ${decoded} rows, its footer says ${numRows}`, {
      rule: RULE,
    })
  }
  return batches
}

const RULE = 'Parquet: Data Pages'
