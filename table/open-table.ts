/** Reading a table without a catalog. */

import { resolve } from 'node:path'
import type { LoadedTable } from '../catalog/catalog.ts'
import { findCurrentMetadata } from '../catalog/find-metadata.ts'
import { requireMetadataSize } from '../catalog/object-store/read-object.ts'
import { checkOptions } from '../format/check-options.ts'
import type { Environment } from '../format/environment.ts'
import { inFile } from '../format/errors.ts'
import { type LocationRemap, schemeOf } from '../format/location.ts'
import { decodeTableMetadata } from '../format/table-metadata-json.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { remappingStore } from '../storage/remapping-store.ts'
import type { S3Options } from '../storage/s3/s3-settings.ts'
import { cachesOf } from './caches-of.ts'
import { sharedCodec } from './connect.ts'
import { locationOf } from './location-of.ts'
import { S3_OPTION_NAMES, storeOf } from './store-of.ts'
import { systemEnvironment } from './system-environment.ts'
import { Table } from './table.ts'
import { sharedWorkers } from './workers.ts'

/** Those of `S3Options` say how an `s3:` location is reached. */
export interface OpenTableOptions extends S3Options {
  /**
   * For a table that was copied: what its files say → where the objects are now. A table that was moved as a whole
   * needs one entry: its old location and its new one. Both may be paths, also relative ones.
   */
  readonly remap?: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  /** Threads, beside the calling one, that decode data files; see `ConnectOptions`. They are the whole process's. */
  readonly parallelism?: number
  readonly environment?: Environment
  readonly store?: ObjectStore
}

/**
 * Opens a table for reading by the location of one of its metadata files, or by the table's own location, where the
 * newest metadata is looked for. Throws NOT_FOUND, INVALID_DATA.
 */
export async function openTable(metadataOrLocation: string, options: OpenTableOptions = {}): Promise<Table> {
  checkOptions('openTable', options, ['remap', 'parallelism', 'environment', 'store', ...S3_OPTION_NAMES])
  const location = locationOf(metadataOrLocation)
  const environment = options.environment ?? systemEnvironment
  const { caches, rest: properties } = cachesOf(options.properties ?? {}, environment)
  const remaps = options.remap === undefined ? [] : remapsOf(options.remap)
  const bare = options.store ?? storeOf(remaps[0]?.to ?? location, environment, { ...options, properties })
  const store = remaps.length === 0 ? bare : remappingStore(bare, remaps)
  const found = isMetadataFile(location) ? undefined : await findCurrentMetadata(store, location)
  const metadataLocation = found?.location ?? location
  const info = found ?? (await store.head(location))
  if (info !== undefined) requireMetadataSize(metadataLocation, info.size)
  const bytes = await store.get(metadataLocation)
  const metadata = inFile(metadataLocation, () => decodeTableMetadata(bytes, metadataLocation))
  const loaded: LoadedTable = { identifier: identifierOf(metadata.location), metadata, metadataLocation }
  const workers = sharedWorkers(options.parallelism)
  return new Table({ store, environment, ...caches, codec: sharedCodec, workers }, loaded)
}

/** Also one that was kept when its table was dropped. */
function isMetadataFile(location: string): boolean {
  return /\.metadata\.json(\.gz)?(\.kept)?$/.test(location)
}

function remapsOf(remap: NonNullable<OpenTableOptions['remap']>): LocationRemap[] {
  const entries = remap instanceof Map ? [...remap] : Object.entries(remap)
  return entries.map(([from, to]) => ({ from: absolute(from), to: locationOf(to) }))
}

/** What files say is absolute; a caller may name it relative to the working directory. */
function absolute(from: string): string {
  return from === '' || from.startsWith('/') || schemeOf(from) !== undefined ? from : resolve(from)
}

/** A table without a catalog is called by the last segment of its location. */
function identifierOf(location: string): LoadedTable['identifier'] {
  return { namespace: [], name: location.replace(/\/+$/, '').split('/').at(-1) ?? location }
}
