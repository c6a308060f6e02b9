import { unsupported } from '../format/errors.ts'
import { FileStore } from './file-store.ts'
import type { ObjectStore, StoreDescription } from './object-store.ts'
import { S3Store } from './s3-store.ts'

/** Rebuilds a store from what `describe()` said, in another thread. Throws UNSUPPORTED for an unknown kind. */
export function openStore({ kind, options }: StoreDescription): ObjectStore {
  switch (kind) {
    case 'file':
      return new FileStore({
        ...(typeof options['root'] === 'string' ? { root: options['root'] } : {}),
        durability: options['durability'] === 'os' ? 'os' : 'full',
      })
    case 's3':
      return new S3Store({ properties: options as Readonly<Record<string, string>> })
    default:
      throw unsupported(`cannot open a store of kind '${kind}' from its description; expected 'file' or 's3'`)
  }
}
