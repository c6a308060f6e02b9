import type { ObjectStore } from '../../storage/object-store.ts'

export type StoreCall = 'get' | 'put' | 'openWrite' | 'head' | 'list' | 'listFolders' | 'delete'

/** Runs around every call: may wait, throw, or leave out `apply`. `locations` are those that the call names. */
export type Around = <T>(call: StoreCall, locations: readonly string[], apply: () => Promise<T>) => Promise<T>

/** A store of which every call passes through `around`. A listing is one call and is read whole. */
export function wrappedStore(inner: ObjectStore, around: Around): ObjectStore {
  return {
    capabilities: inner.capabilities,
    counters: inner.counters,
    get: (location, options) => around('get', [location], () => inner.get(location, options)),
    put: (location, body, options) => around('put', [location], () => inner.put(location, body, options)),
    openWrite: (location, options) =>
      around('openWrite', [location], () => inner.openWrite(location, options)),
    head: (location, options) => around('head', [location], () => inner.head(location, options)),
    list: (prefix, options) =>
      listed(() => around('list', [prefix], () => collect(inner.list(prefix, options)))),
    listFolders: (prefix, options) =>
      listed(() => around('listFolders', [prefix], () => collect(inner.listFolders(prefix, options)))),
    delete: (locations, options) => around('delete', locations, () => inner.delete(locations, options)),
    describe: () => inner.describe(),
    close: () => inner.close(),
  }
}

async function* listed<T>(read: () => Promise<T[]>): AsyncGenerator<T> {
  yield* await read()
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
