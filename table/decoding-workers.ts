import type { RecordBatch, Schema } from 'apache-arrow'
import { unpackBatch, unpackSchema } from '../format/arrow/packed-batch.ts'
import { invalidData } from '../format/errors.ts'
import type { ChunkBytes, DecodeRequest } from '../format/parquet/codec.ts'
import { readLimits } from '../format/read-limits.ts'
import type { DecodingWorkers } from '../readers/decode-rows.ts'
import { throwIfAborted } from '../storage/abort.ts'
import { type ReceivedStream, receiveStream } from '../threads/receive-stream.ts'
import { SpareBuffers } from '../writers/spare-buffers.ts'
import type { DecodedPart, DecodeJob } from './worker.ts'
import type { Workers } from './workers.ts'

/** How long a thread may be at work without a batch to show for it: some thousand times what any batch takes. */
const DEADLINE_MS = 60_000

/**
 * One for a pool: the buffers in which chunks go to its threads come back, and go again. A thread that is at pages
 * which do not end is ended, and the rows are INVALID_DATA.
 */
export function decodingWorkers(workers: Workers, deadlineMs = DEADLINE_MS): DecodingWorkers {
  const known = decoders.get(workers)
  if (known !== undefined) return known
  const spare = new SpareBuffers(workers.parallelism + 1)
  const decoder: DecodingWorkers = {
    parallelism: workers.parallelism,
    get started() {
      return workers.started
    },
    decode(request, signal) {
      const stream = receiveStream<DecodedPart>()
      signal.addEventListener('abort', stream.close, { once: true })
      const stopping = new AbortController()
      let waiting: DecodeRequest | undefined = request
      const sending = workers.run<ArrayBuffer>({
        name: 'decode',
        input: () => {
          const packed = packedRequest(waiting!, spare)
          waiting = undefined
          const value: DecodeJob = { ...packed, limits: readLimits(), port: stream.port }
          return { value, transfer: [stream.port, packed.buffer] }
        },
        signal,
        stop: stopping.signal,
      })
      sending.then(
        (buffer) => spare.give(buffer),
        () => stream.port.close(),
      )
      const isRunning = () => waiting === undefined
      return unpacked(stream, sending, signal, { deadlineMs, isRunning, stopping })
    },
  }
  decoders.set(workers, decoder)
  return decoder
}

const decoders = new WeakMap<Workers, DecodingWorkers>()

interface Deadline {
  readonly deadlineMs: number
  /** Whether a thread has taken the job: what waits for one is in no hurry. */
  readonly isRunning: () => boolean
  readonly stopping: AbortController
}

async function* unpacked(
  stream: ReceivedStream<DecodedPart>,
  sending: Promise<unknown>,
  signal: AbortSignal,
  deadline: Deadline,
): AsyncGenerator<RecordBatch> {
  let schema: Schema | undefined
  try {
    for await (const part of watched(stream.values(sending), deadline)) {
      if ('schema' in part) schema = unpackSchema(part.schema)
      else yield unpackBatch(schema!, part.batch)
    }
    // A job that was done may have sent what had not arrived when the signal closed the stream.
    throwIfAborted(signal)
  } finally {
    signal.removeEventListener('abort', stream.close)
  }
}

/** A tick is missed while this thread is busy itself, so several have to pass. */
const TICKS = 8

/** The parts, each of which has to come before the deadline once it is waited for. */
async function* watched<T>(
  parts: AsyncGenerator<T>,
  { deadlineMs, isRunning, stopping }: Deadline,
): AsyncGenerator<T> {
  try {
    for (;;) {
      let ticks = 0
      const timer = setInterval(() => {
        if (isRunning() && ++ticks === TICKS) stopping.abort()
      }, deadlineMs / TICKS)
      const next = await parts.next().finally(() => clearInterval(timer))
      if (next.done) return
      yield next.value
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    throw invalidData(`its pages were not decoded within ${deadlineMs / 1000} s`, {
      rule: 'Parquet: Data Pages',
    })
  } finally {
    await parts.return(undefined)
  }
}

/** The request with its chunks one after another in a buffer that can be given away: theirs may be others' too. */
function packedRequest(
  { chunks, ...request }: DecodeRequest,
  spare: SpareBuffers,
): Omit<DecodeJob, 'port' | 'limits'> {
  const all = spare.take(chunks.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let at = 0
  const packed = chunks.map(({ column, bytes }): ChunkBytes => {
    all.set(bytes, at)
    at += bytes.length
    return { column, bytes: all.subarray(at - bytes.length, at) }
  })
  return { request: { ...request, chunks: packed }, buffer: all.buffer as ArrayBuffer }
}
