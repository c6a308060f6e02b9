import type { Environment } from '../../format/environment.ts'
import { joinLocation } from '../../format/location.ts'
import type { ObjectStore, RequestOptions } from '../object-store.ts'

/** The store under probe, and the folder below which all of one probe's objects lie. */
export interface ProbeFolder {
  readonly store: ObjectStore
  readonly environment: Environment
  /** `<warehouse>/_moraine/probe/<uuid>`; engines pass over names that begin with '_'. */
  readonly location: string
  readonly options: RequestOptions
  /** A location in the folder, which `clear` will delete. */
  place(name: string): string
  /** Whether anything was placed. */
  isUsed(): boolean
  /** Deletes whatever was placed, and on a file store the folders. Throws the store's own errors. */
  clear(): Promise<void>
  /** Deletes what earlier probes left that were killed, once it is a day old. Resolves to how many objects. */
  sweep(): Promise<number>
}

/** The one folder that a probe makes within its own. */
export const LISTED = 'listed'

const DAY_MS = 24 * 60 * 60 * 1000

/** Bounds one delete request; S3 takes 1000 keys. */
const DELETE_BATCH = 1000

export function probeFolder(
  store: ObjectStore,
  warehouse: string,
  environment: Environment,
  options: RequestOptions,
): ProbeFolder {
  const above = joinLocation(warehouse, '_moraine')
  const location = joinLocation(above, 'probe', environment.uuid())
  const placed = new Set<string>()
  return {
    store,
    environment,
    location,
    options,
    place(name) {
      const place = joinLocation(location, name)
      placed.add(place)
      return place
    },
    isUsed: () => placed.size > 0,
    // Not under the caller's signal: what an aborted probe has written goes all the same.
    async clear() {
      await deleteAll(store, [...placed])
      const folders = [joinLocation(location, LISTED), location, joinLocation(above, 'probe'), above]
      await store.delete(folders.map((folder) => `${folder}/`))
    },
    async sweep() {
      const left: string[] = []
      for await (const { location, lastModifiedMs } of store.list(`${joinLocation(above, 'probe')}/`)) {
        if (lastModifiedMs < environment.now() - DAY_MS) left.push(location)
      }
      await deleteAll(store, left)
      return left.length
    },
  }
}

async function deleteAll(store: ObjectStore, locations: readonly string[]): Promise<void> {
  for (let start = 0; start < locations.length; start += DELETE_BATCH) {
    await store.delete(locations.slice(start, start + DELETE_BATCH))
  }
}
