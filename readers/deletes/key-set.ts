/** A set of keys of one form. */
export interface KeySet<K> {
  readonly size: number
  readonly byteLength: number
  addAll(keys: K, length: number): void
  /** Puts 0 into `mask`, which has an item for each row, where the row's key is in the set. */
  clearFrom(keys: K, mask: Uint8Array): void
}
