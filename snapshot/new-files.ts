import { invalidArgument } from '../format/errors.ts'
import { resolveLocation } from '../format/location.ts'
import { deleteQuietly } from '../storage/delete-quietly.ts'
import type { CommitContext } from './commit.ts'

/** The manifests and manifest lists that one operation writes. */
export interface NewFiles {
  /** A name is written once: a late delete of what had it before must not hit what has it now. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Deletes some of them. Errors are passed over. */
  delete(paths: readonly string[]): Promise<void>
  /** Deletes every file that was written, or may have been: an answer can be lost. */
  deleteAll(): Promise<void>
}

export function newFiles({ store, signal }: CommitContext): NewFiles {
  const locations = new Set<string>()
  const remove = async (removed: readonly string[]) => {
    await deleteQuietly(store, removed)
    for (const location of removed) locations.delete(location)
  }
  return {
    async put(path, bytes) {
      const location = resolveLocation(path)
      locations.add(location)
      const result = await store.put(location, bytes, { mode: 'create', signal })
      if (result.status === 'written') return
      // A store that sent the request again meets its own object.
      if (Buffer.compare(await store.get(location, { signal }), bytes) === 0) return
      locations.delete(location)
      throw invalidArgument(`${location} is there already; ids must be unique to one operation`, {
        file: location,
      })
    },
    delete: (paths) => remove(paths.map(resolveLocation)),
    deleteAll: () => remove([...locations]),
  }
}
