import type { SortKeys } from './sort-keys.ts'

/** Bytes of a key that one radix sort takes in, as 32-bit words. */
const LEVEL_WORDS = 3
const LEVEL_BYTES = 4 * LEVEL_WORDS
/** Fewer rows are cheaper to compare than to count. */
const MIN_RADIX_ROWS = 256

/** Rows that agree in the first `depth` bytes of their keys: positions `start` to `end` of the indices. */
interface Group {
  readonly start: number
  readonly end: number
  readonly depth: number
}

/**
 * Row numbers in the order of their keys, rows of equal keys in the order they have; undefined when the rows are in
 * that order already.
 *
 * A radix sort by the next 12 bytes of the keys, least significant byte first, then the same for each group of rows
 * that is still equal and has more to tell them apart.
 */
export function sortedIndices(keys: SortKeys): Int32Array | undefined {
  const rows = keys.offsets.length - 1
  if (isSorted(keys, rows)) return undefined
  const indices = Int32Array.from({ length: rows }, (_, row) => row)
  const radix = new RadixSorter(keys, rows)
  const groups: Group[] = [{ start: 0, end: rows, depth: 0 }]
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const { start, end, depth } = group
    if (end - start >= MIN_RADIX_ROWS) {
      radix.sort(indices.subarray(start, end), depth)
      pushTies(groups, group, radix, keys, indices)
    } else {
      indices.subarray(start, end).sort((a, b) => compareKeys(keys, a, keys, b, depth) || a - b)
    }
  }
  return indices
}

/** Negative, zero or positive as key `i` of `a` sorts before, with or after key `j` of `b`, from byte `depth` on. */
export function compareKeys(a: SortKeys, i: number, b: SortKeys, j: number, depth = 0): number {
  const aBytes = a.bytes
  const bBytes = b.bytes
  const aEnd = a.offsets[i + 1]!
  const bEnd = b.offsets[j + 1]!
  let from = a.offsets[i]! + depth
  let to = b.offsets[j]! + depth
  while (from < aEnd && to < bEnd) {
    const difference = aBytes[from++]! - bBytes[to++]!
    if (difference !== 0) return difference
  }
  return 0
}

function isSorted(keys: SortKeys, rows: number): boolean {
  for (let row = 1; row < rows; row++) {
    if (compareKeys(keys, row - 1, keys, row) > 0) return false
  }
  return true
}

function pushTies(
  groups: Group[],
  { start, end, depth }: Group,
  radix: RadixSorter,
  keys: SortKeys,
  indices: Int32Array,
): void {
  for (let first = start, next = start + 1; next <= end; next++) {
    if (next < end && radix.areEqual(next - start - 1, next - start)) continue
    const row = indices[first]!
    const hasMore = keys.offsets[row + 1]! - keys.offsets[row]! > depth + LEVEL_BYTES
    if (next - first > 1 && hasMore) groups.push({ start: first, end: next, depth: depth + LEVEL_BYTES })
    first = next
  }
}

/** A stable radix sort by `LEVEL_BYTES` of the keys. Its buffers serve one call after another. */
class RadixSorter {
  readonly #keys: SortKeys
  /** Of the last call's rows, in the order they came. */
  readonly #words: Uint32Array
  /** Places of the last call's rows, in the order found. */
  #order: Int32Array
  #spare: Int32Array
  readonly #taken: Int32Array
  readonly #counts = new Int32Array(LEVEL_BYTES * 256)

  constructor(keys: SortKeys, rows: number) {
    this.#keys = keys
    this.#words = new Uint32Array(rows * LEVEL_WORDS)
    this.#order = new Int32Array(rows)
    this.#spare = new Int32Array(rows)
    this.#taken = new Int32Array(rows)
  }

  /** Sorts the row numbers by their keys' bytes from `depth` on. */
  sort(indices: Int32Array, depth: number): void {
    const rows = indices.length
    this.#load(indices, depth)
    for (let place = 0; place < rows; place++) this.#order[place] = place
    for (let digit = LEVEL_BYTES - 1; digit >= 0; digit--) this.#pass(rows, digit)
    const taken = this.#taken
    for (let place = 0; place < rows; place++) taken[place] = indices[this.#order[place]!]!
    indices.set(taken.subarray(0, rows))
  }

  /** Whether two places of the sorted rows have the same bytes at this level. */
  areEqual(i: number, j: number): boolean {
    const a = this.#order[i]! * LEVEL_WORDS
    const b = this.#order[j]! * LEVEL_WORDS
    for (let k = 0; k < LEVEL_WORDS; k++) if (this.#words[a + k] !== this.#words[b + k]) return false
    return true
  }

  /** The keys' bytes as words, zeros behind their ends, and how often each byte occurs at each place. */
  #load(indices: Int32Array, depth: number): void {
    const { bytes, offsets } = this.#keys
    const words = this.#words
    const counts = this.#counts.fill(0)
    for (let place = 0; place < indices.length; place++) {
      const row = indices[place]!
      const end = offsets[row + 1]!
      let from = offsets[row]! + depth
      for (let k = 0; k < LEVEL_WORDS; k++) {
        let word = 0
        for (let byte = 0; byte < 4; byte++, from++) {
          const value = from < end ? bytes[from]! : 0
          word = (word << 8) | value
          counts[(k * 4 + byte) * 256 + value]!++
        }
        words[place * LEVEL_WORDS + k] = word
      }
    }
  }

  #pass(rows: number, digit: number): void {
    const counts = this.#counts.subarray(digit * 256, (digit + 1) * 256)
    const words = this.#words
    const word = digit >> 2
    const shift = 24 - 8 * (digit & 3)
    const order = this.#order
    // All alike: nothing moves.
    if (counts[(words[word]! >>> shift) & 0xff] === rows) return
    for (let value = 0, start = 0; value < 256; value++) {
      const count = counts[value]!
      counts[value] = start
      start += count
    }
    const moved = this.#spare
    for (let i = 0; i < rows; i++) {
      const place = order[i]!
      moved[counts[(words[place * LEVEL_WORDS + word]! >>> shift) & 0xff]!++] = place
    }
    this.#order = moved
    this.#spare = order
  }
}
