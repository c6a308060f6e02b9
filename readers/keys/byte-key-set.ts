import { randomInt } from 'node:crypto'
import type { ByteKeys } from './key-columns.ts'
import { ANY, type KeySet, NEVER } from './key-set.ts'

/** Drawn once, so that nobody can prepare keys that meet in one slot. */
const SEED = randomInt(2 ** 32) | 0
const FIRST_CAPACITY = 1024
const PAGE_BYTES = 4 * 2 ** 20

/**
 * A set of keys of any length: their bytes one after another in pages, which growing does not copy, and a table in
 * open addressing of the numbers of keys, of which at most two thirds is taken.
 */
export class ByteKeySet implements KeySet<ByteKeys> {
  readonly #pages: Uint8Array[] = []
  /** Where the last page is free. */
  #free = PAGE_BYTES
  #pageBytes = 0
  /** By key: its page, its start in it, its length, its hash. */
  #entries = new Int32Array(FIRST_CAPACITY * ENTRY)
  #count = 0
  /** Numbers of keys, from 1. */
  #slots = new Int32Array(FIRST_CAPACITY)
  /** By key; undefined where all keys have the same. */
  #numbers: Float64Array<ArrayBuffer> | undefined
  #null = NEVER

  constructor({ numbered = false }: { readonly numbered?: boolean } = {}) {
    if (numbered) this.#numbers = new Float64Array(FIRST_CAPACITY)
  }

  get size(): number {
    return this.#count + Number(this.#null !== NEVER)
  }
  get byteLength(): number {
    const numbers = this.#numbers?.byteLength ?? 0
    return this.#pageBytes + this.#entries.byteLength + this.#slots.byteLength + numbers
  }

  addAll({ bytes, offsets, nulls }: ByteKeys, length: number): void {
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) this.#null = ANY
      else {
        const start = offsets[row]!
        const end = offsets[row + 1]!
        this.#add(bytes, start, end, hashOf(bytes, start, end), ANY)
      }
    }
  }

  addNumbered({ bytes, offsets, nulls }: ByteKeys, length: number, first: number): void {
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) this.#null = Math.max(this.#null, first + row)
      else {
        const start = offsets[row]!
        const end = offsets[row + 1]!
        this.#add(bytes, start, end, hashOf(bytes, start, end), first + row)
      }
    }
  }

  numbersOf({ bytes, offsets, nulls }: ByteKeys, length: number): Float64Array {
    const result = new Float64Array(length)
    for (let row = 0; row < length; row++) {
      if (nulls !== undefined && nulls[row] === 1) {
        result[row] = this.#null
        continue
      }
      const start = offsets[row]!
      const end = offsets[row + 1]!
      const number = this.#slots[this.#find(bytes, start, end, hashOf(bytes, start, end))]!
      result[row] = number === 0 ? NEVER : (this.#numbers?.[number - 1] ?? ANY)
    }
    return result
  }

  addTo(other: ByteKeySet, sequenceNumber: number): void {
    if (this.#null !== NEVER) other.#null = Math.max(other.#null, sequenceNumber)
    const entries = this.#entries
    for (let at = 0; at < this.#count * ENTRY; at += ENTRY) {
      const page = this.#pages[entries[at]!]!
      const start = entries[at + 1]!
      other.#add(page, start, start + entries[at + 2]!, entries[at + 3]!, sequenceNumber)
    }
  }

  clearFrom({ bytes, offsets, nulls }: ByteKeys, mask: Uint8Array, after = NEVER): void {
    const numbers = this.#numbers
    const isNullDeleted = this.#null > after
    for (let row = 0; row < mask.length; row++) {
      if (nulls !== undefined && nulls[row] === 1) {
        if (isNullDeleted) mask[row] = 0
        continue
      }
      const start = offsets[row]!
      const end = offsets[row + 1]!
      const number = this.#slots[this.#find(bytes, start, end, hashOf(bytes, start, end))]!
      if (number === 0) continue
      if (numbers === undefined || numbers[number - 1]! > after) mask[row] = 0
    }
  }

  /** The slot that holds the key, or the empty one where it would be. */
  #find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const number = this.#slots[slot]!
      if (number === 0 || this.#isAt(number - 1, bytes, start, end, hash)) return slot
      slot = (slot + 1) & mask
    }
  }

  #isAt(key: number, bytes: Uint8Array, start: number, end: number, hash: number): boolean {
    const entries = this.#entries
    const at = key * ENTRY
    if (entries[at + 3] !== hash || entries[at + 2] !== end - start) return false
    const page = this.#pages[entries[at]!]!
    const from = entries[at + 1]!
    for (let i = 0; i < end - start; i++) if (page[from + i] !== bytes[start + i]) return false
    return true
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, sequenceNumber: number): void {
    const slot = this.#find(bytes, start, end, hash)
    const known = this.#slots[slot]! - 1
    const numbers = this.#numbers
    if (known >= 0) {
      if (numbers !== undefined) numbers[known] = Math.max(numbers[known]!, sequenceNumber)
      return
    }
    const length = end - start
    const at = this.#count * ENTRY
    if (at === this.#entries.length) {
      this.#entries = grown(this.#entries)
      if (numbers !== undefined) this.#numbers = grown(numbers)
    }
    if (this.#numbers !== undefined) this.#numbers[this.#count] = sequenceNumber
    const from = this.#allocate(length)
    const page = this.#pages.length - 1
    this.#pages[page]!.set(bytes.subarray(start, end), from)
    this.#entries[at] = page
    this.#entries[at + 1] = from
    this.#entries[at + 2] = length
    this.#entries[at + 3] = hash
    this.#slots[slot] = ++this.#count
    if (this.#count * 3 > this.#slots.length * 2) this.#rehash()
  }

  /** Room for a key in the last page; a key that is longer than a page gets one of its own. */
  #allocate(length: number): number {
    if (this.#pages.length === 0 || this.#free + length > this.#pages.at(-1)!.length) {
      const page = new Uint8Array(Math.max(PAGE_BYTES, length))
      this.#pages.push(page)
      this.#pageBytes += page.length
      this.#free = 0
    }
    const from = this.#free
    this.#free += length
    return from
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let key = 0; key < this.#count; key++) {
      let slot = this.#entries[key * ENTRY + 3]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = key + 1
    }
  }
}

const ENTRY = 4

function grown<T extends Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(values: T): T {
  const more = new (values.constructor as new (length: number) => T)(values.length * 2)
  more.set(values)
  return more
}

/** As murmur3 mixes, four bytes at a time. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = mixed(hash, word)
  }
  let rest = 0
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!
  hash = mixed(hash, rest)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(word, 0xcc9e2d51)
  const turned = hash ^ Math.imul((product << 15) | (product >>> 17), 0x1b873593)
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}
