import { type Data, RecordBatch, Schema, type Struct } from 'apache-arrow'
import { AvroInput } from '../../format/avro/avro-input.ts'
import { checkBlockEnd } from '../../format/avro/container.ts'
import { invalidData, namingFile } from '../../format/errors.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { RowWindow } from '../assemble.ts'
import type { AvroSource } from './avro-file.ts'
import type { AvroFileSchema } from './avro-file-schema.ts'
import { recordDecoder } from './record-decoder.ts'
import type { StructColumn } from './value-columns.ts'

export interface AvroRows {
  readonly source: AvroSource
  readonly schema: AvroFileSchema
  /** To decode; with none, rows are only counted. */
  readonly leaves: ReadonlySet<number>
  /** Rows that the manifest says the file has; unknown if it is not above 0. */
  readonly recordCount: bigint
}

/**
 * The rows of an Avro file in order, block by block as they are pulled. Throws INVALID_DATA, naming the file, for
 * broken bytes and when it does not hold `recordCount` rows: a file that was cut between two blocks is a good one with
 * fewer.
 */
export async function* avroWindows(
  { source, schema, leaves, recordCount }: AvroRows,
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<RowWindow> {
  const isCounted = recordCount > 0n
  try {
    const decoder = leaves.size === 0 ? undefined : recordDecoder(schema, leaves)
    const rows = new RowBuffer(decoder, batchSize)
    let seen = 0n
    for await (const { count, bytes } of source.blocks(signal)) {
      seen += BigInt(count)
      if (isCounted && seen > recordCount) throw wrongCount(recordCount, `${seen} or more`)
      const input = new AvroInput(bytes)
      for (let left = count; left > 0; ) {
        left -= rows.read(input, left)
        if (!rows.isFull) continue
        yield rows.take()
        throwIfAborted(signal)
      }
      if (decoder !== undefined) checkBlockEnd(input)
    }
    if (rows.length > 0) yield rows.take()
    if (isCounted && seen !== recordCount) throw wrongCount(recordCount, String(seen))
  } catch (error) {
    throw namingFile(source.location, error)
  }
}

function wrongCount(expected: bigint, found: string): Error {
  return invalidData(`expected ${expected} rows as the manifest says, found ${found}`, {
    rule: 'Manifests: record_count',
  })
}

/** Arrow bytes after which a batch is closed, whatever rows it was to have. */
const BATCH_BYTES = 64 * 2 ** 20
/** Rows after which their bytes are looked at, at most: to sum them up costs time. */
const ROWS_PER_LOOK = 256

/** Rows, until a window is made of them. */
class RowBuffer {
  readonly #decoder: StructColumn | undefined
  readonly #batchSize: number
  #start = 0n
  #bytes = 0
  #nextLook = 1
  length = 0

  constructor(decoder: StructColumn | undefined, batchSize: number) {
    this.#decoder = decoder
    this.#batchSize = batchSize
  }

  get isFull(): boolean {
    return this.length >= this.#batchSize || this.#bytes > BATCH_BYTES
  }

  /** Takes up to `most` rows, as many as may come until the next look; answers how many. */
  read(input: AvroInput, most: number): number {
    const decoder = this.#decoder
    const room = this.#batchSize - this.length
    if (decoder === undefined) {
      const taken = Math.min(most, room)
      this.length += taken
      return taken
    }
    const taken = Math.min(most, room, this.#nextLook - this.length)
    for (let i = 0; i < taken; i++) decoder.read(input)
    this.length += taken
    if (this.length === this.#nextLook) this.#look(decoder)
    return taken
  }

  #look(decoder: StructColumn): void {
    this.#bytes = decoder.byteLength
    const perRow = Math.max(1, this.#bytes / this.length)
    this.#nextLook += Math.max(1, Math.min(ROWS_PER_LOOK, Math.floor(BATCH_BYTES / 16 / perRow)))
  }

  take(): RowWindow {
    const window = {
      start: this.#start,
      length: this.length,
      decoded: this.#decoder && batchOf(this.#decoder),
    }
    this.#start += BigInt(this.length)
    this.length = 0
    this.#bytes = 0
    this.#nextLook = 1
    return window
  }
}

function batchOf(decoder: StructColumn): RecordBatch {
  const data = decoder.finish() as Data<Struct>
  return new RecordBatch(new Schema(data.type.children), data)
}
