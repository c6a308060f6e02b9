/** What the threads of a lake run: jobs of Parquet, by name. */

import type { MessagePort } from 'node:worker_threads'
import type { RecordBatch } from 'apache-arrow'
import { buffersOf, type PackedBatch, packBatch, packSchema } from '../format/arrow/packed-batch.ts'
import { isMoraineError, MoraineError, messageOf } from '../format/errors.ts'
import type { DecodeRequest, EncodeOptions, RowStream } from '../format/parquet/codec.ts'
import type { CompiledWasm } from '../format/parquet/wasm-module.ts'
import { type ReadLimits, setReadLimits } from '../format/read-limits.ts'
import { type StreamParcel, sendStream } from '../threads/send-stream.ts'
import { type JobResult, type Jobs, serveJobs } from '../threads/serve-jobs.ts'

/** Cloned into every worker. */
export interface WorkerStart {
  readonly parquetWasm: CompiledWasm
}

export interface EncodeJob {
  readonly rows: RowStream
  readonly options: EncodeOptions
}

/** Twice what our own row groups take: only files of others make a thread hold so much. */
const WORN_ABOVE_BYTES = 384 * 2 ** 20

export interface DecodeJob {
  readonly request: DecodeRequest
  readonly limits: ReadLimits
  /** What the chunks lie in; it goes back. */
  readonly buffer: ArrayBuffer
  /** Where the batches go. */
  readonly port: MessagePort
}

/** What a thread sends of a row group: the batches, and before them what they all have in common. */
export type DecodedPart = { readonly schema: Uint8Array } | { readonly batch: PackedBatch }

/** Decoded bytes that wait to be taken, at most. */
const DECODED_AHEAD = 48 * 2 ** 20

function jobsOf({ parquetWasm }: WorkerStart): Jobs {
  let isWorn = false
  const loading = import('../format/parquet/wasm-codec.ts').then(({ loadWasmCodec }) =>
    loadWasmCodec({
      module: parquetWasm,
      recycleAboveBytes: WORN_ABOVE_BYTES,
      onRecycle: () => {
        isWorn = true
      },
    }),
  )
  return {
    /** The row group comes back in the memory that its rows came in, where it fits. */
    async encode({ rows, options }: EncodeJob): Promise<JobResult> {
      const codec = await loading
      const rowGroup = codec.encodeStream(rows, options, rows.bytes)
      return { value: rowGroup, transfer: [rowGroup.bytes.buffer as ArrayBuffer], retire: isWorn }
    },
    /** Batches are sent as they are decoded, and moved, not copied. */
    async decode({ request, limits, buffer, port }: DecodeJob): Promise<JobResult> {
      setReadLimits(limits)
      const codec = await loading
      await sendStream(port, decodedParts(codec.decodeRowGroup(request)), DECODED_AHEAD)
      return { value: buffer, transfer: [buffer], retire: isWorn }
    },
  }
}

function* decodedParts(batches: Iterable<RecordBatch>): Generator<StreamParcel> {
  let isFirst = true
  for (const batch of batches) {
    if (isFirst) {
      const part: DecodedPart = { schema: packSchema(batch.schema) }
      yield { value: part, weight: 0 }
      isFirst = false
    }
    const packed = packBatch(batch)
    const transfer = buffersOf(packed)
    const part: DecodedPart = { batch: packed }
    yield { value: part, transfer, weight: transfer.reduce((sum, { byteLength }) => sum + byteLength, 0) }
  }
}

serveJobs(
  (start) => jobsOf(start as WorkerStart),
  (error) => {
    const typed = isMoraineError(error)
      ? error
      : new MoraineError('INVALID_DATA', `a worker failed: ${messageOf(error)}`, { cause: error })
    return typed.toJSON()
  },
)
