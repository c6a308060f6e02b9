import type { DataFile } from '../../format/manifest.ts'
import type { WriteResult } from '../../writers/write-data-files.ts'

/** Data files that an attempt at a commit has written, kept for the next one where it would write the same rows. */
export class KeptFiles<T> {
  readonly #operationId: string
  readonly #areSame: (a: T, b: T) => boolean
  #written: { readonly of: T; readonly result: WriteResult } | undefined
  #attempts = 0

  /** `areSame` tells whether the same rows would be written of two. */
  constructor(operationId: string, areSame: (a: T, b: T) => boolean) {
    this.#operationId = operationId
    this.#areSame = areSame
  }

  /**
   * The files of what `of` stands for; `writeFiles` is given an id that no other writing has. The first may begin
   * before it is known what they are of.
   */
  async write(
    of: T | Promise<T>,
    writeFiles: (operationId: string) => Promise<WriteResult>,
  ): Promise<readonly DataFile[]> {
    if (this.#written !== undefined && this.#areSame(this.#written.of, await of)) {
      return this.#written.result.files
    }
    await this.discard()
    // A name is used once, so that a late answer to a delete hits nothing new.
    const attempt = ++this.#attempts
    const result = await writeFiles(attempt === 1 ? this.#operationId : `${this.#operationId}-${attempt}`)
    try {
      this.#written = { of: await of, result }
    } catch (error) {
      await result.abort().catch(() => undefined)
      throw error
    }
    return result.files
  }

  /** Deletes what was written: a courtesy, for what cannot be deleted now is left to orphan removal. */
  async discard(): Promise<void> {
    await this.#written?.result.abort().catch(() => undefined)
    this.#written = undefined
  }
}
