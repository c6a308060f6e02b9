import { unsupported } from '../format/errors.ts'
import { FileStore } from './file-store.ts'
import type { ObjectStore, StoreDescription } from './object-store.ts'

/** Rebuilds a store from what `describe()` said, in another thread. Throws UNSUPPORTED for an unknown kind. */
export function openStore({ kind, options }: StoreDescription): ObjectStore {
  if (kind !== 'file')
    throw unsupported(`cannot open a store of kind '${kind}' from its description; expected 'file'`)
  const { root, durability } = options
  return new FileStore({
    ...(typeof root === 'string' ? { root } : {}),
    durability: durability === 'os' ? 'os' : 'full',
  })
}
