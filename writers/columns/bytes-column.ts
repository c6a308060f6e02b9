import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { unsupported } from '../../format/errors.ts'
import type { PrimitiveType } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { type ColumnBuilder, isAbsent, Misfit, Validity } from './column-builder.ts'
import type { ColumnTarget } from './fixed-width-column.ts'

/** Offsets of an Arrow column are 32 bits wide. */
const MAX_BYTES = 0x7fff_ffff

/** Values of any length, one after another, and where each ends; the scratch is reused from batch to batch. */
export class GrowingBytes {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096)
  offsets = new Int32Array(65)
  slots = 0

  get used(): number {
    return this.offsets[this.slots]!
  }

  /** Makes room for `extra` more bytes. */
  reserveBytes(extra: number): void {
    const needed = this.used + extra
    if (needed <= this.bytes.length) return
    if (needed > MAX_BYTES) throw unsupported('a column of one batch is over 2 GiB: make batches smaller')
    const grown = Buffer.allocUnsafeSlow(Math.min(MAX_BYTES, Math.max(needed, this.bytes.length * 2)))
    this.bytes.copy(grown, 0, 0, this.used)
    this.bytes = grown
  }

  reserveSlots(extra: number): void {
    const needed = this.slots + extra + 1
    if (needed <= this.offsets.length) return
    const grown = new Int32Array(Math.max(needed, this.offsets.length * 2))
    grown.set(this.offsets)
    this.offsets = grown
  }

  /** Ends the next slot `length` bytes after the last one. */
  endSlot(length: number): void {
    this.offsets[this.slots + 1] = this.used + length
    this.slots++
  }

  /** Copies of what was collected; starts again. */
  finish(): { valueOffsets: Int32Array; values: Uint8Array } {
    const valueOffsets = this.offsets.slice(0, this.slots + 1)
    const values = new Uint8Array(this.bytes.subarray(0, this.used))
    this.slots = 0
    return { valueOffsets, values }
  }
}

/** A column of binary values. */
export class BytesColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #type: PrimitiveType
  readonly #validity: Validity
  readonly #content = new GrowingBytes()

  constructor(target: ColumnTarget, type: PrimitiveType) {
    this.#target = target
    this.#type = type
    this.#validity = new Validity(target.expected, target.required)
  }

  get byteLength(): number {
    return this.#content.used + 4 * this.#content.slots
  }

  append(values: readonly unknown[], count: number): void {
    const content = this.#content
    content.reserveSlots(count)
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        if (isAbsent(value)) {
          this.#validity.absent(content.slots, value)
          content.endSlot(0)
        } else {
          const bytes = toLiteral(this.#type, value) as Uint8Array
          content.reserveBytes(bytes.length)
          content.bytes.set(bytes, content.used)
          content.endSlot(bytes.length)
        }
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
  }

  finish(): Data {
    const length = this.#content.slots
    const nullBitmap = this.#validity.finish(length)
    return arrowData(this.#target.arrowType, length, { nullBitmap, ...this.#content.finish() })
  }
}
