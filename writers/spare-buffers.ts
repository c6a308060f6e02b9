/** Buffers are as large as a multiple of this, so that one serves for another of about its size. */
const STEP = 2 ** 20

/**
 * Memory that is used again. The first write to fresh memory costs several times what a copy does, and row groups are
 * large and alike.
 */
export class SpareBuffers {
  readonly #spare: ArrayBuffer[] = []
  readonly #kept: number

  /** Keeps at most `kept` buffers that nobody uses. */
  constructor(kept: number) {
    this.#kept = kept
  }

  /** `byteLength` bytes at the start of a buffer, with anything in them. */
  take(byteLength: number): Uint8Array {
    const at = this.#spare.findIndex((buffer) => buffer.byteLength >= byteLength)
    const [buffer] = at === -1 ? [undefined] : this.#spare.splice(at, 1)
    return new Uint8Array(buffer ?? new ArrayBuffer(Math.ceil(byteLength / STEP) * STEP), 0, byteLength)
  }

  /** Takes a buffer back, in place of a smaller one where there are enough. */
  give(buffer: ArrayBuffer): void {
    this.#spare.push(buffer)
    this.#spare.sort((a, b) => a.byteLength - b.byteLength)
    if (this.#spare.length > this.#kept) this.#spare.shift()
  }
}
