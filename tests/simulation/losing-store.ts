import { MoraineError } from '../../format/errors.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/**
 * A store that looks before it writes, as some S3 servers do: it keeps every condition for one client that asks one
 * request after another, and loses races. It makes no claim to exclusive creates.
 */
export function losingStore(inner: ObjectStore): ObjectStore {
  return {
    ...bound(inner),
    capabilities: { ifMatch: inner.capabilities.ifMatch },
    async put(location, body, { mode, ...options } = {}) {
      const found = await inner.head(location, options)
      // Everyone who looks now sees the same.
      await new Promise(setImmediate)
      const isRefused =
        mode === 'create' ? found !== undefined : typeof mode === 'object' && found?.etag !== mode.ifMatch
      return isRefused ? { status: 'precondition-failed' } : inner.put(location, body, options)
    },
  }
}

/** A store with another's claims: nothing is known of its creates, and every call goes through `before` first. */
export function unprovenStore(
  inner: ObjectStore,
  before: (call: 'put' | 'delete', location: string) => void = () => {},
): ObjectStore {
  return {
    ...bound(inner),
    capabilities: { ifMatch: inner.capabilities.ifMatch },
    async put(location, body, options) {
      before('put', location)
      return inner.put(location, body, options)
    },
    async delete(locations, options) {
      for (const location of locations) before('delete', location)
      return inner.delete(locations, options)
    },
  }
}

export function denied(): MoraineError {
  return new MoraineError('UNAUTHORIZED', 'access denied')
}

function bound(inner: ObjectStore): ObjectStore {
  return {
    capabilities: inner.capabilities,
    counters: inner.counters,
    get: (location, options) => inner.get(location, options),
    put: (location, body, options) => inner.put(location, body, options),
    openWrite: (location, options) => inner.openWrite(location, options),
    head: (location, options) => inner.head(location, options),
    list: (prefix, options) => inner.list(prefix, options),
    listFolders: (prefix, options) => inner.listFolders(prefix, options),
    delete: (locations, options) => inner.delete(locations, options),
    describe: () => inner.describe(),
    close: () => inner.close(),
  }
}
