import type { StartedRowGroup } from './data-file-writer.ts'

interface Entry extends StartedRowGroup {
  readonly settle: (encodedBytes: number) => void
}

/**
 * Bounds how many row groups are on their way into files: `parallelism` that are being encoded, and one that is
 * encoded and being written. Their sizes become known in the order in which they started, and only when there must be
 * room: what is decided by sizes comes out the same, whichever thread was faster.
 */
export class EncodingWindow {
  readonly #parallelism: number
  readonly #encoding: Entry[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(parallelism: number) {
    this.#parallelism = parallelism
  }

  /** Waits until one more may be encoded. */
  async room(): Promise<void> {
    while (this.#encoding.length > 0 && this.#encoding.length >= this.#parallelism) await this.#settleFirst()
  }

  /** `settle` is told the encoded size; with no parallelism that is at once, and the row group is written then. */
  async add(started: StartedRowGroup, settle: (encodedBytes: number) => void): Promise<void> {
    this.#encoding.push({ ...started, settle })
    if (this.#parallelism === 0) await this.drain()
  }

  /** Waits until all are encoded and written. */
  async drain(): Promise<void> {
    while (this.#encoding.length > 0) await this.#settleFirst()
    await this.#writing
  }

  async #settleFirst(): Promise<void> {
    const { encodedBytes, written, settle } = this.#encoding.shift()!
    settle(await encodedBytes)
    await this.#writing
    this.#writing = written
  }
}
