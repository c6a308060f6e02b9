import type { Data, DataType } from 'apache-arrow'
import { arrowData, type FixedWidthArray } from '../../format/arrow/arrow-data.ts'
import { type ColumnBuilder, isAbsent, Misfit, Validity } from './column-builder.ts'

/** How values of one type lie in a column of fixed width. */
export interface FixedWidthLayout<A extends FixedWidthArray = FixedWidthArray> {
  /** The array that values are put into; it may differ from Arrow's in element size. */
  readonly array: new (
    length: number,
  ) => A
  /** Elements of `array` to a slot. */
  readonly stride: number
  /** Writes `value`, which is not null, to the elements of `slot`, which are zero; throws when it does not fit. */
  put(array: A, slot: number, value: unknown): void
}

export interface ColumnTarget {
  readonly arrowType: DataType
  /** The type's name for errors. */
  readonly expected: string
  readonly required: boolean
}

const SMALLEST = 64

export class FixedWidthColumn<A extends FixedWidthArray> implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #layout: FixedWidthLayout<A>
  readonly #validity: Validity
  #array: A
  #capacity = 0
  #length = 0

  constructor(target: ColumnTarget, layout: FixedWidthLayout<A>) {
    this.#target = target
    this.#layout = layout
    this.#validity = new Validity(target.expected, target.required)
    this.#array = new layout.array(0)
  }

  get byteLength(): number {
    return this.#length * this.#layout.stride * this.#array.BYTES_PER_ELEMENT
  }

  append(values: readonly unknown[], count: number): void {
    this.#reserve(this.#length + count)
    const array = this.#array
    const layout = this.#layout
    const start = this.#length
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        if (isAbsent(value)) this.#validity.absent(start + i, value)
        else layout.put(array, start + i, value)
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
    this.#length += count
  }

  finish(): Data {
    const { arrowType } = this.#target
    const length = this.#length
    const bytes = this.#array.buffer.byteLength
    const used = length * this.#layout.stride * this.#array.BYTES_PER_ELEMENT
    // Half-empty memory is not given away: it would be held for as long as the batch.
    const buffer = used * 2 < bytes ? this.#array.buffer.slice(0, used) : this.#array.buffer
    const elements = used / arrowType.ArrayType.BYTES_PER_ELEMENT
    const values: FixedWidthArray = new arrowType.ArrayType(buffer, 0, elements)
    const nullBitmap = this.#validity.finish(length)
    this.#length = 0
    this.#capacity = 0
    this.#array = new this.#layout.array(0)
    this.#reserve(length)
    return arrowData(arrowType, length, { nullBitmap, values })
  }

  #reserve(slots: number): void {
    if (slots <= this.#capacity) return
    this.#capacity = Math.max(SMALLEST, slots, this.#capacity * 2)
    const grown = new this.#layout.array(this.#capacity * this.#layout.stride)
    // Both are of the layout's kind; `set` alone has ten signatures.
    ;(grown as Uint8Array).set(this.#array as Uint8Array)
    this.#array = grown
  }
}
