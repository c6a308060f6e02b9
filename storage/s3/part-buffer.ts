/** Collects bytes into parts of one size. Small objects take little more memory than they have bytes. */
export class PartBuffer {
  readonly #partSize: number
  #bytes = new Uint8Array(0)
  #length = 0

  constructor(partSize: number) {
    this.#partSize = partSize
  }

  /** Takes as much of `chunk` as fits into the part; resolves how much that was. */
  fill(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, this.#partSize - this.#length)
    this.#reserve(this.#length + taken.length)
    this.#bytes.set(taken, this.#length)
    this.#length += taken.length
    return taken.length
  }

  get isFull(): boolean {
    return this.#length === this.#partSize
  }

  /** The part so far, which the caller then owns. */
  take(): Uint8Array {
    const part = this.#bytes.subarray(0, this.#length)
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    return part
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.min(this.#partSize, Math.max(length, 2 * this.#bytes.length)))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
