/** What it holds in memory says how much. */
export interface Sized {
  /** Memory that it takes, by a fair estimate. */
  readonly byteLength: number
}

/** Values by name, in bounded memory; the one that was not used for longest goes first. */
export class BoundedCache<T extends Sized> {
  /** Memory for all of them, in bytes. */
  readonly maxTotalBytes: number
  /** By name, in the order of their last use. */
  readonly #kept = new Map<string, T>()
  #byteLength = 0

  constructor(maxTotalBytes: number) {
    this.maxTotalBytes = maxTotalBytes
  }

  /** Bytes that the kept ones take. */
  get byteLength(): number {
    return this.#byteLength
  }

  get(name: string): T | undefined {
    const kept = this.#kept.get(name)
    if (kept === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    return kept
  }

  /** Keeps a value, unless there is one of this name, or it is larger than all may be. */
  keep(name: string, value: T): void {
    if (this.#kept.has(name) || value.byteLength > this.maxTotalBytes) return
    this.#kept.set(name, value)
    this.#byteLength += value.byteLength
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#byteLength <= this.maxTotalBytes) return
      this.#kept.delete(oldest)
      this.#byteLength -= byteLength
    }
  }
}
