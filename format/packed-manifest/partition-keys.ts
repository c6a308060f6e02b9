/**
 * The distinct partition tuples of a manifest, as their bytes: many files share one, and a filter is asked once for
 * each of them.
 */
export class PartitionKeys {
  /** By index. */
  readonly tuples: Uint8Array[] = []
  readonly #indexes = new Map<string, number>()

  /** The index of the tuple in `bytes` from `start` to `end`; one that is new is added. */
  indexOf(bytes: Buffer, start: number, end: number): number {
    const key = bytes.toString('latin1', start, end)
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    const index = this.tuples.length
    this.tuples.push(new Uint8Array(bytes.subarray(start, end)))
    this.#indexes.set(key, index)
    return index
  }
}
