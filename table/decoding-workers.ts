import type { RecordBatch, Schema } from 'apache-arrow'
import { unpackBatch, unpackSchema } from '../format/arrow/packed-batch.ts'
import type { ChunkBytes, DecodeRequest } from '../format/parquet/codec.ts'
import type { DecodingWorkers } from '../readers/decode-rows.ts'
import { throwIfAborted } from '../storage/abort.ts'
import { type ReceivedStream, receiveStream } from '../threads/receive-stream.ts'
import { SpareBuffers } from '../writers/spare-buffers.ts'
import type { DecodedPart, DecodeJob } from './worker.ts'
import type { Workers } from './workers.ts'

/** One for a pool: the buffers in which chunks go to its threads come back, and go again. */
export function decodingWorkers(workers: Workers): DecodingWorkers {
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
      let waiting: DecodeRequest | undefined = request
      const sending = workers.run<ArrayBuffer>({
        name: 'decode',
        input: () => {
          const packed = packedRequest(waiting!, spare)
          waiting = undefined
          const value: DecodeJob = { ...packed, port: stream.port }
          return { value, transfer: [stream.port, packed.buffer] }
        },
        signal,
      })
      sending.then(
        (buffer) => spare.give(buffer),
        () => stream.port.close(),
      )
      return unpacked(stream, sending, signal)
    },
  }
  decoders.set(workers, decoder)
  return decoder
}

const decoders = new WeakMap<Workers, DecodingWorkers>()

async function* unpacked(
  stream: ReceivedStream<DecodedPart>,
  sending: Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<RecordBatch> {
  let schema: Schema | undefined
  try {
    for await (const part of stream.values(sending)) {
      if ('schema' in part) schema = unpackSchema(part.schema)
      else yield unpackBatch(schema!, part.batch)
    }
    // A job that was done may have sent what had not arrived when the signal closed the stream.
    throwIfAborted(signal)
  } finally {
    signal.removeEventListener('abort', stream.close)
  }
}

/** The request with its chunks one after another in a buffer that can be given away: theirs may be others' too. */
function packedRequest({ chunks, ...request }: DecodeRequest, spare: SpareBuffers): Omit<DecodeJob, 'port'> {
  const all = spare.take(chunks.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let at = 0
  const packed = chunks.map(({ column, bytes }): ChunkBytes => {
    all.set(bytes, at)
    at += bytes.length
    return { column, bytes: all.subarray(at - bytes.length, at) }
  })
  return { request: { ...request, chunks: packed }, buffer: all.buffer as ArrayBuffer }
}
