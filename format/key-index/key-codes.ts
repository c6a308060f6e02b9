/** Keys as numbers of one width: what the key index sorts by and looks up. */

/** How keys become codes: 64-bit values as they are, or the first 128 bits of a hash. */
export type KeyForm = 'words' | 'hashes'

/**
 * By row, a code of 64 bits in two halves, which order as signed 64-bit integers do; equal keys have equal codes. Of
 * hashes these are the first half, and `rest` has the other.
 */
export interface KeyCodes {
  readonly length: number
  readonly high: Int32Array
  readonly low: Uint32Array
  readonly rest: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined
}

/** Compares two rows, of the same codes or of others of one form, by all that they have. */
export function compareCodes(a: KeyCodes, i: number, b: KeyCodes, j: number): number {
  if (a.high[i]! !== b.high[j]!) return a.high[i]! < b.high[j]! ? -1 : 1
  if (a.low[i]! !== b.low[j]!) return a.low[i]! < b.low[j]! ? -1 : 1
  if (a.rest === undefined || b.rest === undefined) return 0
  if (a.rest.high[i]! !== b.rest.high[j]!) return a.rest.high[i]! < b.rest.high[j]! ? -1 : 1
  if (a.rest.low[i]! !== b.rest.low[j]!) return a.rest.low[i]! < b.rest.low[j]! ? -1 : 1
  return 0
}

/** The rows in the order of `high` and `low`; undefined where they are in order. Rows of one code stay as they are. */
export function orderOf({ length, high, low }: KeyCodes): Uint32Array | undefined {
  if (isSorted(high, low, length)) return undefined
  let order = Uint32Array.from({ length }, (_, row) => row)
  let spare = new Uint32Array(length)
  const unsignedHigh = new Uint32Array(high.buffer, high.byteOffset, length)
  // From the least significant digits on, 16 bits at a time; the sign bit comes last, and the other way round.
  const digits = [
    { half: low, shift: 0, flip: 0 },
    { half: low, shift: 16, flip: 0 },
    { half: unsignedHigh, shift: 0, flip: 0 },
    { half: unsignedHigh, shift: 16, flip: 0x8000 },
  ]
  const counts = new Uint32Array(0x10000)
  for (const { half, shift, flip } of digits) {
    const digit = (row: number) => ((half[row]! >>> shift) & 0xffff) ^ flip
    counts.fill(0)
    for (let row = 0; row < length; row++) counts[digit(row)]!++
    if (counts[digit(0)] === length) continue
    let sum = 0
    for (let value = 0; value < counts.length; value++) {
      const count = counts[value]!
      counts[value] = sum
      sum += count
    }
    for (let i = 0; i < length; i++) {
      const row = order[i]!
      spare[counts[digit(row)]!++] = row
    }
    const sorted = spare
    spare = order
    order = sorted
  }
  return order
}

/** Some of the rows, in the order given. */
export function pickCodes({ high, low, rest }: KeyCodes, rows: Uint32Array): KeyCodes {
  const { length } = rows
  return {
    length,
    high: picked(high, rows, new Int32Array(length)),
    low: picked(low, rows, new Uint32Array(length)),
    rest: rest && {
      high: picked(rest.high, rows, new Uint32Array(length)),
      low: picked(rest.low, rows, new Uint32Array(length)),
    },
  }
}

/** All rows, one list after the other; the lists are of one form. */
export function concatCodes(lists: readonly KeyCodes[]): KeyCodes {
  const length = lists.reduce((sum, list) => sum + list.length, 0)
  const isOfHashes = lists[0]?.rest !== undefined
  const rest = isOfHashes ? { high: new Uint32Array(length), low: new Uint32Array(length) } : undefined
  const all = { length, high: new Int32Array(length), low: new Uint32Array(length), rest }
  let at = 0
  for (const list of lists) {
    all.high.set(list.high, at)
    all.low.set(list.low, at)
    if (rest !== undefined && list.rest !== undefined) {
      rest.high.set(list.rest.high, at)
      rest.low.set(list.rest.low, at)
    }
    at += list.length
  }
  return all
}

export function picked<A extends Int32Array | Uint32Array | Float64Array>(
  from: A,
  rows: Uint32Array,
  to: A,
): A {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!
  return to
}

function isSorted(high: Int32Array, low: Uint32Array, length: number): boolean {
  for (let row = 1; row < length; row++) {
    const [before, now] = [high[row - 1]!, high[row]!]
    if (before > now || (before === now && low[row - 1]! > low[row]!)) return false
  }
  return true
}
