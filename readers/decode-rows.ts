import type { RecordBatch } from 'apache-arrow'
import { inFile, namingFile } from '../format/errors.ts'
import type { DecodeRequest, ParquetCodec } from '../format/parquet/codec.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { RowWindow } from './assemble.ts'
import type { EncodedRows } from './fetch-rows.ts'
import type { RowRanges } from './row-ranges.ts'

/** Other threads that decode. */
export interface DecodingWorkers {
  /** Threads at most; one or more. */
  readonly parallelism: number
  /** Whether a thread is there already, or would have to start. */
  readonly started: boolean
  /**
   * Begins at once, whether or not batches are pulled, and goes on until a bounded number of bytes waits to be. The
   * chunks are held until a thread takes them. Leaving the batches, or the signal, ends it.
   */
  decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<RecordBatch>
}

/** Where a run of encoded rows stands. */
export interface RowsPlace {
  readonly location: string
  /** Position in the file of the first row of their row group. */
  readonly position: bigint
}

/** The rows of a file of which no column is decoded. */
export function* countedWindows(
  { position }: RowsPlace,
  rows: RowRanges,
  batchSize: number,
): Generator<RowWindow> {
  for (const { start, end } of rows) {
    for (let at = start; at < end; at += batchSize) {
      yield { start: position + BigInt(at), length: Math.min(batchSize, end - at), decoded: undefined }
    }
  }
}

/** Decodes in this thread, batch by batch as they are pulled. */
export function* decodeHere(
  { location, position }: RowsPlace,
  { rows, request }: EncodedRows,
  codec: ParquetCodec,
  batchSize: number,
  signal: AbortSignal,
): Generator<RowWindow> {
  let start = position + BigInt(rows.start)
  const batches = inFile(location, () => codec.decodeRowGroup({ ...request, batchSize }))[Symbol.iterator]()
  try {
    for (;;) {
      throwIfAborted(signal)
      const next = inFile(location, () => batches.next())
      if (next.done) return
      yield { start, length: next.value.numRows, decoded: next.value }
      start += BigInt(next.value.numRows)
    }
  } finally {
    batches.return?.()
  }
}

/** Decodes in another thread, from now on. */
export function decodeThere(
  { location, position }: RowsPlace,
  { rows, request }: EncodedRows,
  workers: DecodingWorkers,
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<RowWindow> {
  const batches = workers.decode({ ...request, batchSize }, signal)
  return (async function* () {
    let start = position + BigInt(rows.start)
    try {
      for await (const decoded of batches) {
        yield { start, length: decoded.numRows, decoded }
        start += BigInt(decoded.numRows)
      }
    } catch (error) {
      throw namingFile(location, error)
    }
  })()
}

/** Encoded bytes. */
export function encodedBytes({ request }: EncodedRows): number {
  return request.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
