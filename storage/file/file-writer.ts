import type { BigIntStats } from 'node:fs'
import { dirname } from 'node:path'
import { invalidArgument, MoraineError } from '../../format/errors.ts'
import { throwIfAborted } from '../abort.ts'
import type { MutableCounters } from '../counters.ts'
import type { ObjectInfo, ObjectWriter } from '../object-store.ts'
import { fileError } from './file-error.ts'
import type { FilePlace } from './file-path.ts'
import {
  type Durability,
  publishNew,
  removeIfThere,
  settle,
  syncFolder,
  type TemporaryFile,
  writeFully,
} from './publish.ts'

export interface FileWriterOptions {
  readonly durability: Durability
  readonly counters: MutableCounters
  readonly signal: AbortSignal | undefined
  readonly infoOf: (place: FilePlace, stats: BigIntStats) => ObjectInfo
}

/** Streams into `file`, which `close()` gives its name; a taken name is ALREADY_EXISTS. */
export function fileWriter(place: FilePlace, file: TemporaryFile, options: FileWriterOptions): ObjectWriter {
  return new FileWriter(place, file, options)
}

class FileWriter implements ObjectWriter {
  bytesWritten = 0
  readonly #place: FilePlace
  readonly #file: TemporaryFile
  readonly #options: FileWriterOptions
  #state: 'open' | 'closing' | 'published' | 'closed' | 'aborted' = 'open'

  constructor(place: FilePlace, file: TemporaryFile, options: FileWriterOptions) {
    this.#place = place
    this.#file = file
    this.#options = options
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#requireOpen()
    throwIfAborted(this.#options.signal)
    await this.#named('write', () => writeFully(this.#file.handle, chunk))
    this.bytesWritten += chunk.length
    this.#options.counters.bytesWritten += chunk.length
  }

  async close(): Promise<ObjectInfo> {
    this.#requireOpen()
    throwIfAborted(this.#options.signal)
    this.#state = 'closing'
    const { durability, infoOf } = this.#options
    const { path: target, location } = this.#place
    return this.#named('write', async () => {
      const stats = await this.#file.handle.stat({ bigint: true })
      await settle(this.#file, durability)
      if (!(await publishNew(this.#file.path, target))) {
        throw new MoraineError('ALREADY_EXISTS', `an object exists at ${location}`, { context: { location } })
      }
      this.#state = 'published'
      await removeIfThere(this.#file.path)
      await syncFolder(dirname(target), durability)
      this.#state = 'closed'
      return infoOf(this.#place, stats)
    })
  }

  async abort(): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'aborted') return
    const published = this.#state === 'published'
    this.#state = 'aborted'
    await this.#file.handle.close().catch(() => undefined)
    await this.#named('remove', async () => {
      await removeIfThere(this.#file.path)
      if (published) await removeIfThere(this.#place.path)
    })
  }

  #requireOpen(): void {
    if (this.#state === 'open') return
    throw invalidArgument(`the writer of ${this.#place.location} is ${this.#state}`, {
      location: this.#place.location,
    })
  }

  async #named<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw fileError(error, this.#place.location, action)
    }
  }
}
