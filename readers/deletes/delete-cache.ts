import { BoundedCache } from '../bounded-cache.ts'
import type { MergedKeys } from './equality-deletes.ts'
import type { LoadedDeletes } from './loaded-deletes.ts'

/**
 * Delete files that were loaded, by name; a lake has one. Who asks for what is being loaded waits for it with the first;
 * a failure is not kept.
 */
export class DeleteCache {
  readonly #kept: BoundedCache<LoadedDeletes>
  readonly #loading = new Map<string, Promise<LoadedDeletes>>()

  constructor(maxTotalBytes: number) {
    this.#kept = new BoundedCache(maxTotalBytes)
  }

  /** Bytes that the kept ones take. */
  get byteLength(): number {
    return this.#kept.byteLength
  }

  /** A view for one scan, which itself holds what is too big to be kept, so that no file is loaded twice for it. */
  forScan(): ScanDeletes {
    const held = new Map<string, LoadedDeletes>()
    return {
      merged: new Map(),
      get: <T extends LoadedDeletes>(key: string, load: () => Promise<T>) => {
        const found = held.get(key) ?? this.#kept.get(key)
        if (found !== undefined) return found as T
        return this.#load(key, load).then((loaded) => {
          if (loaded.byteLength > this.#kept.maxTotalBytes) held.set(key, loaded)
          return loaded as T
        })
      },
    }
  }

  /** Keeps what is known without loading it. */
  keep(key: string, loaded: LoadedDeletes): void {
    this.#kept.keep(key, loaded)
  }

  #load(key: string, load: () => Promise<LoadedDeletes>): Promise<LoadedDeletes> {
    const running = this.#loading.get(key)
    if (running !== undefined) return running
    const loading = load()
      .then((loaded) => {
        this.#kept.keep(key, loaded)
        return loaded
      })
      .finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }
}

export interface ScanDeletes {
  /** Keys of many files by what they are keys of; they end with the scan. */
  readonly merged: Map<string, MergedKeys>
  /** What is kept under `key`, at once, or what `load` gives. */
  get<T extends LoadedDeletes>(key: string, load: () => Promise<T>): T | Promise<T>
}
