/**
 * A set of keys of one form, each with the greatest number that it was added with: a sequence number, or that of a
 * row. A set that is made without numbers takes all to be the same.
 */
export interface KeySet<K> {
  readonly size: number
  readonly byteLength: number
  addAll(keys: K, length: number): void
  /** Puts 0 into `mask`, which has an item for each row, where the row's key was added with a number above `after`. */
  clearFrom(keys: K, mask: Uint8Array, after?: number): void
  /** Adds keys by their row numbers, the first of which is `first`; in a set with numbers. */
  addNumbered(keys: K, length: number, first: number): void
  /** The number that each row's key was added with last, `NEVER` where it is not there. */
  numbersOf(keys: K, length: number): Float64Array
  /** Adds its keys, whatever their numbers, to a set of the same form that has sequence numbers. */
  addTo(other: KeySet<K>, sequenceNumber: number): void
}

/** The number of keys in sets without numbers, and what is below it. */
export const ANY = 0
export const NEVER = -1
