/**
 * A set of keys of one form, each with the greatest sequence number that it was added with. A set that is made
 * without sequence numbers takes all to be the same.
 */
export interface KeySet<K> {
  readonly size: number
  readonly byteLength: number
  addAll(keys: K, length: number): void
  /** Puts 0 into `mask`, which has an item for each row, where the row's key was added with a number above `after`. */
  clearFrom(keys: K, mask: Uint8Array, after?: number): void
  /** Adds its keys, whatever their numbers, to a set of the same form that has sequence numbers. */
  addTo(other: KeySet<K>, sequenceNumber: number): void
}

/** The number of keys in sets without sequence numbers, and what is below it. */
export const ANY = 0
export const NEVER = -1
