import type { RecordBatch, Schema } from 'apache-arrow'
import type { EncodedRowGroup, EncodeOptions, ParquetCodec, RowStream } from '../format/parquet/codec.ts'
import { rowStream } from '../format/parquet/row-stream.ts'
import { batchBytes } from './batch-bytes.ts'
import { SpareBuffers } from './spare-buffers.ts'

/** Encodes row groups, in this thread or in others. */
export interface RowGroupEncoder {
  /** Row groups that are encoded at once beside this thread; 0 when `encode` keeps this thread busy instead. */
  readonly parallelism: number
  /** The rows of all batches, one at least, as one row group. The batches are held until it begins. */
  encode(
    batches: readonly RecordBatch[],
    options: EncodeOptions,
    signal: AbortSignal | undefined,
  ): Promise<LentRowGroup>
}

/** A row group whose bytes are used again for another, once they have been written. */
export interface LentRowGroup {
  readonly rowGroup: EncodedRowGroup
  release(): void
}

/** Other threads that encode. */
export interface EncodingWorkers {
  /** Threads at most; one or more. */
  readonly parallelism: number
  /** Whether a thread is there already, or would have to start. */
  readonly started: boolean
  /**
   * `rows` is asked for when a thread is free; the buffer that it lies in goes there, and comes back with the row group
   * in it, where that fits.
   */
  encode(
    rows: () => RowStream,
    options: EncodeOptions,
    signal: AbortSignal | undefined,
  ): Promise<EncodedRowGroup>
}

/** Encodes in the calling thread. `schema` is that of the batches. */
export function encodeHere(schema: Schema, codec: ParquetCodec): RowGroupEncoder {
  const spare = new SpareBuffers(1)
  return {
    parallelism: 0,
    async encode(batches, options) {
      const stream = rowStream(schema, batches, (byteLength) => spare.take(byteLength))
      const rowGroup = codec.encodeStream(stream, options, stream.bytes)
      return { rowGroup, release: () => spare.give(stream.bytes.buffer as ArrayBuffer) }
    },
  }
}

/** Arrow bytes of one write that are encoded sooner than a thread has started. */
const BEFORE_START = 2 * 2 ** 20
/** Arrow bytes that are encoded sooner than a thread has been told of them. */
const BEFORE_HOP = 2 ** 17

/** Encodes in other threads what is worth the way there. */
export function encodeInWorkers(
  schema: Schema,
  codec: ParquetCodec,
  workers: EncodingWorkers,
): RowGroupEncoder {
  const here = encodeHere(schema, codec)
  const spare = new SpareBuffers(workers.parallelism + 1)
  let bytesSoFar = 0
  return {
    parallelism: workers.parallelism,
    async encode(batches, options, signal) {
      const arrowBytes = batches.reduce((sum, batch) => sum + batchBytes(batch), 0)
      bytesSoFar += arrowBytes
      const hereIsFaster = workers.started ? arrowBytes < BEFORE_HOP : bytesSoFar < BEFORE_START
      if (hereIsFaster) return here.encode(batches, options, signal)
      let waiting = batches
      const packed = () => {
        const stream = rowStream(schema, waiting, (byteLength) => spare.take(byteLength))
        waiting = []
        return stream
      }
      const rowGroup = await workers.encode(packed, options, signal)
      return { rowGroup, release: () => spare.give(rowGroup.bytes.buffer as ArrayBuffer) }
    },
  }
}
