import { randomInt } from 'node:crypto'
import type { WordKeys } from './key-columns.ts'
import { ANY, type KeySet, NEVER } from './key-set.ts'

/** Drawn once, so that nobody can prepare keys that meet in one slot. */
const SEED = randomInt(2 ** 32) | 0
const FIRST_CAPACITY = 1024

/** A set of 64-bit keys in open addressing: 8 bytes a slot, of which at most two thirds are taken. */
export class WordKeySet implements KeySet<WordKeys> {
  /** Pairs of halves. A pair of zeros is an empty slot, so that the key 0 is kept aside. */
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #mask = FIRST_CAPACITY - 1
  #taken = 0
  /** By slot; undefined where all keys have the same. */
  #numbers: Float64Array | undefined
  #zero = NEVER
  #null = NEVER

  constructor({ numbered = false }: { readonly numbered?: boolean } = {}) {
    if (numbered) this.#numbers = new Float64Array(FIRST_CAPACITY)
  }

  get size(): number {
    return this.#taken + Number(this.#zero !== NEVER) + Number(this.#null !== NEVER)
  }
  get byteLength(): number {
    return this.#slots.byteLength + (this.#numbers?.byteLength ?? 0)
  }

  addAll({ halves, nulls }: WordKeys, length: number): void {
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) this.#null = ANY
      else this.#add(halves[row * 2]!, halves[row * 2 + 1]!, ANY)
    }
  }

  addNumbered({ halves, nulls }: WordKeys, length: number, first: number): void {
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) this.#null = Math.max(this.#null, first + row)
      else this.#add(halves[row * 2]!, halves[row * 2 + 1]!, first + row)
    }
  }

  numbersOf({ halves, nulls }: WordKeys, length: number): Float64Array {
    const result = new Float64Array(length)
    for (let row = 0; row < length; row++) {
      const isNull = nulls !== undefined && nulls[row] === 1
      result[row] = isNull ? this.#null : this.#numberOf(halves[row * 2]!, halves[row * 2 + 1]!)
    }
    return result
  }

  #numberOf(low: number, high: number): number {
    if (low === 0 && high === 0) return this.#zero
    const slots = this.#slots
    for (let slot = hashOf(low, high) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const slotLow = slots[slot * 2]!
      const slotHigh = slots[slot * 2 + 1]!
      if (slotLow === low && slotHigh === high) return this.#numbers?.[slot] ?? ANY
      if (slotLow === 0 && slotHigh === 0) return NEVER
    }
  }

  addTo(other: WordKeySet, sequenceNumber: number): void {
    if (this.#null !== NEVER) other.#null = Math.max(other.#null, sequenceNumber)
    if (this.#zero !== NEVER) other.#zero = Math.max(other.#zero, sequenceNumber)
    const slots = this.#slots
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i] !== 0 || slots[i + 1] !== 0) other.#add(slots[i]!, slots[i + 1]!, sequenceNumber)
    }
  }

  clearFrom({ halves, nulls }: WordKeys, mask: Uint8Array, after = NEVER): void {
    const slots = this.#slots
    const slotMask = this.#mask
    const numbers = this.#numbers
    const isNullDeleted = this.#null > after
    const isZeroDeleted = this.#zero > after
    for (let row = 0; row < mask.length; row++) {
      if (nulls !== undefined && nulls[row] === 1) {
        if (isNullDeleted) mask[row] = 0
        continue
      }
      const low = halves[row * 2]!
      const high = halves[row * 2 + 1]!
      if (low === 0 && high === 0) {
        if (isZeroDeleted) mask[row] = 0
        continue
      }
      for (let slot = hashOf(low, high) & slotMask; ; slot = (slot + 1) & slotMask) {
        const slotLow = slots[slot * 2]!
        const slotHigh = slots[slot * 2 + 1]!
        if (slotLow === low && slotHigh === high) {
          if (numbers === undefined || numbers[slot]! > after) mask[row] = 0
          break
        }
        if (slotLow === 0 && slotHigh === 0) break
      }
    }
  }

  #add(low: number, high: number, sequenceNumber: number): void {
    if (low === 0 && high === 0) {
      this.#zero = Math.max(this.#zero, sequenceNumber)
      return
    }
    const slots = this.#slots
    const numbers = this.#numbers
    let slot = hashOf(low, high) & this.#mask
    for (;;) {
      const slotLow = slots[slot * 2]!
      const slotHigh = slots[slot * 2 + 1]!
      if (slotLow === low && slotHigh === high) {
        if (numbers !== undefined) numbers[slot] = Math.max(numbers[slot]!, sequenceNumber)
        return
      }
      if (slotLow === 0 && slotHigh === 0) break
      slot = (slot + 1) & this.#mask
    }
    slots[slot * 2] = low
    slots[slot * 2 + 1] = high
    if (numbers !== undefined) numbers[slot] = sequenceNumber
    this.#taken++
    if (this.#taken * 3 > (this.#mask + 1) * 2) this.#grow()
  }

  #grow(): void {
    const slots = this.#slots
    const numbers = this.#numbers
    this.#slots = new Int32Array(slots.length * 2)
    if (numbers !== undefined) this.#numbers = new Float64Array(numbers.length * 2)
    this.#mask = this.#mask * 2 + 1
    this.#taken = 0
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i] !== 0 || slots[i + 1] !== 0) this.#add(slots[i]!, slots[i + 1]!, numbers?.[i / 2] ?? ANY)
    }
  }
}

function hashOf(low: number, high: number): number {
  let hash = Math.imul(low ^ SEED, 0x9e3779b1) ^ Math.imul(high + SEED, 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d)
  return hash ^ (hash >>> 13)
}
