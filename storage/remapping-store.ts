/** A read-only view of a store under other locations, for tables that were copied elsewhere. */
import { unsupported } from '../format/errors.ts'
import { type LocationRemap, locationResolver } from '../format/location.ts'
import type { ObjectStore } from './object-store.ts'

/** Wraps `store` so that a location at or below a `from` is read below its `to`; the longest `from` wins. */
export function remappingStore(store: ObjectStore, remaps: readonly LocationRemap[]): ObjectStore {
  const resolve = locationResolver(remaps)
  const refuse = (): never => {
    throw unsupported('a remapped table is read-only: open it from its catalog to write')
  }
  return {
    capabilities: store.capabilities,
    counters: store.counters,
    get: async (location, options) => store.get(resolve(location), options),
    head: async (location, options) => {
      const info = await store.head(resolve(location), options)
      return info === undefined ? undefined : { ...info, location }
    },
    list: (prefix, options) => store.list(resolve(prefix), options),
    listFolders: (prefix, options) => store.listFolders(resolve(prefix), options),
    put: async () => refuse(),
    openWrite: async () => refuse(),
    delete: async () => refuse(),
    describe: () => ({
      kind: 'remapping',
      options: { store: JSON.stringify(store.describe()), remaps: JSON.stringify(remaps) },
    }),
    close: () => store.close(),
  }
}
