import { randomInt } from 'node:crypto'
import type { WordKeys } from './key-columns.ts'
import type { KeySet } from './key-set.ts'

/** Drawn once, so that nobody can prepare keys that meet in one slot. */
const SEED = randomInt(2 ** 32) | 0
const FIRST_CAPACITY = 1024

/** A set of 64-bit keys in open addressing: 8 bytes a slot, of which at most two thirds are taken. */
export class WordKeySet implements KeySet<WordKeys> {
  /** Pairs of halves. A pair of zeros is an empty slot, so that the key 0 is kept aside. */
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #mask = FIRST_CAPACITY - 1
  #taken = 0
  #hasZero = false
  #hasNull = false

  get size(): number {
    return this.#taken + Number(this.#hasZero) + Number(this.#hasNull)
  }
  get byteLength(): number {
    return this.#slots.byteLength
  }

  addAll({ halves, nulls }: WordKeys, length: number): void {
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) this.#hasNull = true
      else this.#add(halves[row * 2]!, halves[row * 2 + 1]!)
    }
  }

  clearFrom({ halves, nulls }: WordKeys, mask: Uint8Array): void {
    const slots = this.#slots
    const slotMask = this.#mask
    for (let row = 0; row < mask.length; row++) {
      if (nulls !== undefined && nulls[row] === 1) {
        if (this.#hasNull) mask[row] = 0
        continue
      }
      const low = halves[row * 2]!
      const high = halves[row * 2 + 1]!
      if (low === 0 && high === 0) {
        if (this.#hasZero) mask[row] = 0
        continue
      }
      for (let slot = hashOf(low, high) & slotMask; ; slot = (slot + 1) & slotMask) {
        const slotLow = slots[slot * 2]!
        const slotHigh = slots[slot * 2 + 1]!
        if (slotLow === low && slotHigh === high) {
          mask[row] = 0
          break
        }
        if (slotLow === 0 && slotHigh === 0) break
      }
    }
  }

  #add(low: number, high: number): void {
    if (low === 0 && high === 0) {
      this.#hasZero = true
      return
    }
    const slots = this.#slots
    let slot = hashOf(low, high) & this.#mask
    for (;;) {
      const slotLow = slots[slot * 2]!
      const slotHigh = slots[slot * 2 + 1]!
      if (slotLow === low && slotHigh === high) return
      if (slotLow === 0 && slotHigh === 0) break
      slot = (slot + 1) & this.#mask
    }
    slots[slot * 2] = low
    slots[slot * 2 + 1] = high
    this.#taken++
    if (this.#taken * 3 > (this.#mask + 1) * 2) this.#grow()
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    this.#taken = 0
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0 || old[i + 1] !== 0) this.#add(old[i]!, old[i + 1]!)
    }
  }
}

function hashOf(low: number, high: number): number {
  let hash = Math.imul(low ^ SEED, 0x9e3779b1) ^ Math.imul(high + SEED, 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d)
  return hash ^ (hash >>> 13)
}
