import type { Data } from 'apache-arrow'
import { bitmapByteLength, clearBit } from '../../format/arrow/bitmap.ts'
import { mismatch } from '../../format/values/mismatch.ts'

/**
 * Collects the values of one column.
 *
 * Values come in slabs, column by column, so that every loop meets one type. null and undefined are nulls, HOLE is
 * a slot below a null struct. A value that does not fit throws `Misfit`; the builder is of no use after that.
 */
export interface ColumnBuilder {
  /** Appends the first `count` values. */
  append(values: readonly unknown[], count: number): void
  /** All appended slots as a column that owns its memory; the builder starts again, empty. */
  finish(): Data
  /** Arrow bytes of the appended slots, about. */
  readonly byteLength: number
}

/** Stands for a child slot whose struct is null: no value is asked for, whatever the child requires. */
export const HOLE: unique symbol = Symbol('slot below a null struct')

/** A value that does not fit its column, on its way up: each level restates the slot and leads the path. */
export class Misfit extends Error {
  readonly slot: number
  /** As a reader would write it, from this level down: `.address.zip`, `[3].sku`. */
  readonly path: string

  constructor(slot: number, path: string, cause: unknown) {
    super('value does not fit its column', { cause })
    this.slot = slot
    this.path = path
  }

  /** The same, as the level above sees it. */
  within(slot: number, prefix: string): Misfit {
    return new Misfit(slot, prefix + this.path, this.cause)
  }
}

/** The validity of a column's slots: free while nothing is null. */
export class Validity {
  readonly #expected: string
  readonly #required: boolean
  #bits: Uint8Array | undefined

  /** `expected` names the column's type in errors. */
  constructor(expected: string, required: boolean) {
    this.#expected = expected
    this.#required = required
  }

  /** Takes null, undefined or HOLE at `slot` of the column; throws when a value is required. */
  absent(slot: number, value: unknown): void {
    if (this.#required) {
      // A required child below a null struct keeps a zero: readers look at the struct's validity only.
      if (value === HOLE) return
      throw mismatch(`a required ${this.#expected}`, value)
    }
    const size = bitmapByteLength(slot + 1)
    if (this.#bits === undefined || this.#bits.length < size) {
      const grown = new Uint8Array(Math.max(size, 2 * (this.#bits?.length ?? 0))).fill(255)
      grown.set(this.#bits ?? [])
      this.#bits = grown
    }
    clearBit(this.#bits, slot)
  }

  finish(length: number): Uint8Array | undefined {
    const bits = this.#bits
    this.#bits = undefined
    if (bits === undefined) return undefined
    const size = bitmapByteLength(length)
    if (bits.length >= size) return bits.subarray(0, size)
    const whole = new Uint8Array(size).fill(255)
    whole.set(bits)
    return whole
  }
}

export function isAbsent(value: unknown): value is null | undefined | typeof HOLE {
  return value === null || value === undefined || value === HOLE
}
