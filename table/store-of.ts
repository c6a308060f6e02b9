import type { Environment } from '../format/environment.ts'
import { schemeOf } from '../format/location.ts'
import { FileStore, type FileStoreOptions } from '../storage/file-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { checkPropertyNames } from '../storage/s3/s3-properties.ts'
import type { S3Options } from '../storage/s3/s3-settings.ts'
import { S3Store } from '../storage/s3-store.ts'

/** The options that only an `s3:` location asks for; other stores pass them over, but for names that nobody knows. */
export const S3_OPTION_NAMES = [
  'region',
  'endpoint',
  'credentials',
  'profile',
  'forcePathStyle',
  'properties',
] as const satisfies readonly (keyof S3Options)[]

/** The store that a location's scheme names: S3, or this machine's files. */
export function storeOf(
  location: string,
  environment: Environment,
  options: S3Options & FileStoreOptions,
): ObjectStore {
  if (schemeOf(location) !== 's3') {
    checkPropertyNames(options.properties ?? {})
    const { root, durability } = options
    return new FileStore({
      ...(root === undefined ? {} : { root }),
      ...(durability === undefined ? {} : { durability }),
    })
  }
  return new S3Store({ ...options, timing: environment })
}
