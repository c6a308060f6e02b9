import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { AvroInput } from '../../format/avro/avro-input.ts'
import { checkBlockEnd } from '../../format/avro/container.ts'
import { invalidData, namingFile } from '../../format/errors.ts'
import type { Value } from '../../format/types.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { RowWindow } from '../assemble.ts'
import { literalColumn } from '../literal-column.ts'
import type { AvroSource } from './avro-file.ts'
import type { AvroPlan } from './avro-plan.ts'

/** Unpacked bytes whose rows are gathered into one window, about. */
const WINDOW_BYTES = 32 * 2 ** 20

/**
 * The rows of an Avro file in order, block by block. Throws INVALID_DATA, naming the file, for broken bytes and when
 * it does not hold `recordCount` rows: a file that was cut between two blocks is a good one with fewer.
 */
export async function* avroWindows(
  source: AvroSource,
  plan: AvroPlan,
  recordCount: bigint,
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<RowWindow> {
  const rows = new RowBuffer(plan)
  let bytes = 0
  try {
    for await (const block of source.blocks(signal)) {
      const records = new AvroInput(block.bytes)
      for (let i = 0; i < block.count; i++) {
        rows.read(records)
        if (rows.length < batchSize) continue
        yield rows.take()
        throwIfAborted(signal)
        bytes = 0
      }
      checkBlockEnd(records)
      bytes += block.bytes.length
      if (bytes < WINDOW_BYTES || rows.length === 0) continue
      yield rows.take()
      throwIfAborted(signal)
      bytes = 0
    }
    if (rows.length > 0) yield rows.take()
    if (rows.position !== recordCount) {
      throw invalidData(`expected ${recordCount} rows as the manifest says, found ${rows.position}`, {
        rule: 'Manifests: record_count',
      })
    }
  } catch (error) {
    throw namingFile(source.location, error)
  }
}

/** Values by column, until a window is made of them. */
class RowBuffer {
  readonly #plan: AvroPlan
  readonly #values: Value[]
  #columns: Value[][]
  /** Rows that wait. */
  length = 0
  /** Rows that were taken. */
  position = 0n

  constructor(plan: AvroPlan) {
    this.#plan = plan
    this.#values = new Array(plan.decoded.length).fill(null)
    this.#columns = plan.decoded.map(() => [])
  }

  read(input: AvroInput): void {
    this.#plan.readRecord(input, this.#values)
    for (let k = 0; k < this.#columns.length; k++) this.#columns[k]!.push(this.#values[k]!)
    this.length++
  }

  take(): RowWindow {
    const { decoded: fields } = this.#plan
    const schema = arrowSchemaOf(fields)
    const children = fields.map((field, k) => literalColumn(field.type, this.#columns[k]!))
    const data = makeData({ type: new Struct(schema.fields), length: this.length, nullCount: 0, children })
    const window = { start: this.position, length: this.length, decoded: new RecordBatch(schema, data) }
    this.position += BigInt(this.length)
    this.length = 0
    this.#columns = fields.map(() => [])
    return window
  }
}
