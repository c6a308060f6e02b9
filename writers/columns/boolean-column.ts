import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { booleanType } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { type ColumnBuilder, isAbsent, Misfit, Validity } from './column-builder.ts'
import type { ColumnTarget } from './fixed-width-column.ts'

export class BooleanColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #validity: Validity
  #bits = new Uint8Array(64)
  #length = 0

  constructor(target: ColumnTarget) {
    this.#target = target
    this.#validity = new Validity(target.expected, target.required)
  }

  get byteLength(): number {
    return this.#length >> 3
  }

  append(values: readonly unknown[], count: number): void {
    this.#reserve(this.#length + count)
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        if (isAbsent(value)) this.#validity.absent(this.#length + i, value)
        else if (toLiteral(booleanType, value) === true) setBit(this.#bits, this.#length + i)
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
    this.#length += count
  }

  finish(): Data {
    const length = this.#length
    const nullBitmap = this.#validity.finish(length)
    const values = this.#bits.slice(0, bitmapByteLength(length))
    this.#bits.fill(0)
    this.#length = 0
    return arrowData(this.#target.arrowType, length, { nullBitmap, values })
  }

  #reserve(slots: number): void {
    const size = bitmapByteLength(slots)
    if (size <= this.#bits.length) return
    const grown = new Uint8Array(Math.max(size, this.#bits.length * 2))
    grown.set(this.#bits)
    this.#bits = grown
  }
}
