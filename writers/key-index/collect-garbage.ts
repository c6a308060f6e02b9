import { isIndexFileName } from '../../format/key-index/index-root.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/** Younger files may be of a change that is still to commit, or of a reader that is at work. */
const MIN_AGE_MS = 24 * 60 * 60 * 1000

export interface CollectGarbage {
  readonly store: ObjectStore
  /** The folder of the index, which ends in '/'. */
  readonly folder: string
  /** Names of files that are in use. */
  readonly inUse: ReadonlySet<string>
  readonly nowMs: number
  readonly signal?: AbortSignal | undefined
}

/** Deletes files of a key index that are not in use and a day old; all that has another name stays. */
export async function collectGarbage({ store, folder, inUse, nowMs, signal }: CollectGarbage): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  const garbage: string[] = []
  for await (const { location, lastModifiedMs } of store.list(folder, options)) {
    const name = location.slice(folder.length)
    if (isIndexFileName(name) && !inUse.has(name) && nowMs - lastModifiedMs > MIN_AGE_MS)
      garbage.push(location)
  }
  if (garbage.length > 0) await store.delete(garbage, options)
}
