import { type RecordBatch, type Schema, tableFromIPC } from 'apache-arrow'
import { invalidData, isMoraineError, messageOf } from '../errors.ts'
import type { DecodeRequest } from './codec.ts'
import { copyFfiBatch, ffiLength } from './ffi-batch.ts'
import { withoutHadoopFrames } from './hadoop-lz4.ts'
import { miniFile } from './mini-file.ts'
import { checkChunks } from './page-header.ts'
import { isTrap, type ParquetWasm, type WasmRun } from './wasm-module.ts'

const DEFAULT_BATCH_SIZE = 65_536

/** See `ParquetCodec.decodeRowGroup`; about `sliceBytes` are decoded at once. */
export function decodeRowGroup(
  request: DecodeRequest,
  sliceBytes: number,
  run: WasmRun,
): Iterable<RecordBatch> {
  if (request.numRows === 0) return []
  const decodedBytes = checkChunks(request)
  const plain = { ...request, chunks: request.chunks.map(withoutHadoopFrames) }
  return decodeSlices(plain, sliceRows(request, decodedBytes, sliceBytes), run)
}

/** How many rows to decode at once: all of them, or whole batches, or a part of one. */
function sliceRows(
  { numRows, batchSize = DEFAULT_BATCH_SIZE }: DecodeRequest,
  bytes: number,
  wanted: number,
) {
  if (bytes <= wanted) return numRows
  const rows = Math.max(1, Math.floor((numRows * wanted) / bytes))
  return rows > batchSize ? rows - (rows % batchSize) : rows
}

/**
 * A slice costs a copy of the chunks and the skipping of the pages before it. What it takes decoded is a guess, since
 * a dictionary may hold one long value among short ones: a slice that is too much for the instance is cut up further.
 */
function* decodeSlices(request: DecodeRequest, rowsAtOnce: number, run: WasmRun): Generator<RecordBatch> {
  const { numRows, rows: { start, end } = { start: 0, end: numRows } } = request
  const file = miniFile(request, takeMemory)
  let atOnce = rowsAtOnce
  try {
    for (let offset = start; offset < end; ) {
      const rows = Math.min(atOnce, end - offset)
      let slice: DecodedSlice
      try {
        slice = decodeSlice(file, offset, rows, request, run)
      } catch (error) {
        if (rows === 1 || isMoraineError(error) || !isTrap(error)) throw cannotDecode(request, error)
        atOnce = Math.ceil(rows / TRAP_DIVISOR)
        continue
      }
      yield* copiedBatches(slice)
      offset += rows
    }
  } finally {
    giveMemory(file)
  }
}

/** Memory of the last mini-file: the first touch of fresh memory costs a tenth of what decoding does. */
let spare: ArrayBuffer | undefined
const MOST_SPARE_BYTES = 64 * 2 ** 20

function takeMemory(byteLength: number): Uint8Array {
  const taken = spare !== undefined && spare.byteLength >= byteLength ? spare : new ArrayBuffer(byteLength)
  if (taken === spare) spare = undefined
  return new Uint8Array(taken, 0, byteLength)
}

function giveMemory({ buffer }: Uint8Array): void {
  if (buffer.byteLength > MOST_SPARE_BYTES || buffer.byteLength <= (spare?.byteLength ?? 0)) return
  spare = buffer as ArrayBuffer
}

const TRAP_DIVISOR = 16

/** Batches of a slice, in the memory of the instance that decoded them. */
interface DecodedSlice {
  /** Its buffer is another one after every growth. */
  readonly memory: { readonly buffer: ArrayBufferLike }
  readonly stream: FfiStream
  readonly schema: Schema
}

type FfiStream = ReturnType<ReturnType<ParquetWasm['readParquet']>['intoFFI']>

function decodeSlice(
  file: Uint8Array,
  offset: number,
  rows: number,
  { numRows, batchSize = DEFAULT_BATCH_SIZE }: DecodeRequest,
  run: WasmRun,
): DecodedSlice {
  // Without a limit at its end, the last slice shows what the pages hold beyond the footer's count.
  const part = {
    ...(offset === 0 ? {} : { offset }),
    ...(offset + rows === numRows ? {} : { limit: rows }),
  }
  const slice = run((wasm): DecodedSlice => {
    const table = wasm.readParquet(file, { batchSize, ...part })
    const { schema } = tableFromIPC(table.schema.intoIPCStream())
    return { memory: wasm.wasmMemory(), stream: table.intoFFI(), schema }
  })
  const decoded = addresses(slice).reduce((sum, address) => sum + ffiLength(slice.memory.buffer, address), 0)
  if (decoded === rows) return slice
  slice.stream.free()
  throw invalidData(
    `the pages of a row group hold ${offset + decoded} rows${decoded < rows ? '' : ' or more'}, its footer says ${numRows}`,
    { rule: RULE },
  )
}

/** Each batch is copied when it is pulled: what has been consumed by then is garbage, and its place is used again. */
function* copiedBatches(slice: DecodedSlice): Generator<RecordBatch> {
  const { memory, stream, schema } = slice
  try {
    for (const address of addresses(slice)) yield copyFfiBatch(memory.buffer, address, schema)
  } finally {
    stream.free()
  }
}

function addresses({ stream }: DecodedSlice): readonly number[] {
  return Array.from({ length: stream.numArrays() }, (_, i) => stream.arrayAddr(i))
}

function cannotDecode({ chunks }: DecodeRequest, cause: unknown): Error {
  if (isMoraineError(cause)) return cause
  const names = chunks.map(({ column }) => column.pathInSchema.join('.')).join(', ')
  return invalidData(
    `Parquet pages of ${names} cannot be decoded: ${messageOf(cause)}`,
    { rule: RULE },
    cause,
  )
}

const RULE = 'Parquet: Data Pages'
