/** Connecting: from a URI, a folder or catalog properties to a lake. */
import { stat } from 'node:fs/promises'
import { objectStoreCatalog } from '../catalog/object-store-catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import type { Environment } from '../format/environment.ts'
import { invalidArgument } from '../format/errors.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { checkPropertyNames } from '../storage/s3/s3-properties.ts'
import type { S3Options } from '../storage/s3/s3-settings.ts'
import { cachesOf } from './caches-of.ts'
import { readCatalogProperties } from './catalog-properties.ts'
import { Lake } from './lake.ts'
import { locationOf } from './location-of.ts'
import { S3_OPTION_NAMES, storeOf } from './store-of.ts'
import { systemEnvironment } from './system-environment.ts'
import { workersOf } from './workers.ts'

/** Those of `S3Options` say how an `s3:` location is reached. */
export interface ConnectOptions extends S3Options {
  /**
   * `full` (the default): data and metadata are on the disk before a commit is acknowledged. `os`: left to the
   * operating system, which may lose the last commits when the machine loses power.
   */
  readonly durability?: 'full' | 'os'
  /**
   * Threads, beside the calling one, that encode and decode data files. They start with the first work that is worth
   * it, are kept until `close`, and keep no process alive. 0: all work is done in the calling thread. Default: one for
   * each core, at most 4.
   */
  readonly parallelism?: number
  /** Clock, ids and randomness; for tests that replay a run. */
  readonly environment?: Environment
  /** The store that holds the warehouse, instead of the one that the URI names. */
  readonly store?: ObjectStore
  /**
   * Whether the store's create-only puts are raced once before the first write, in objects that are deleted
   * afterwards. Default: true. False is for roles that may not delete, once `moraine doctor` was green.
   */
  readonly probe?: boolean
}

/**
 * Opens a catalog. A path, or a `file:` URI, is a folder that is its own catalog; it is made when it is missing.
 * `s3://bucket/prefix` is the same in a bucket. `memory:` keeps everything in this process. Or Iceberg's catalog
 * properties, as other clients take them: `{ warehouse: 's3://…', 's3.endpoint': '…' }`. Other engines may write in
 * the folder before and after us, not at once.
 *
 * Throws INVALID_ARGUMENT for a URI that is none and for a file, UNSUPPORTED for a scheme or catalog type that is not served yet.
 */
export async function connect(
  uri: string | Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): Promise<Lake> {
  checkOptions('connect', options, OPTIONS)
  const given = typeof uri === 'string' ? { warehouse: uri, storeProperties: {} } : readCatalogProperties(uri)
  const all = { ...given.storeProperties, ...options.properties }
  const warehouse = locationOf(given.warehouse)
  if (options.store === undefined) await refuseFile(warehouse)
  const environment = options.environment ?? systemEnvironment
  const { caches, rest: properties } = cachesOf(all, environment)
  const store = options.store ?? warehouseStore(warehouse, environment, { ...options, properties })
  const catalog = objectStoreCatalog({ store, warehouse, environment, probe: options.probe ?? true })
  const workers = workersOf(options.parallelism)
  return new Lake({ catalog, store, environment, ...caches, codec: sharedCodec, workers }, warehouse)
}

/** A folder that is missing is made by the first write; a file in its place would fail there, and read as empty. */
async function refuseFile(warehouse: string): Promise<void> {
  if (!warehouse.startsWith('file://')) return
  const path = warehouse.slice('file://'.length)
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isFile()) throw invalidArgument(`${path} is a file, expected a folder or s3://bucket/prefix`)
}

const OPTIONS = ['durability', 'parallelism', 'environment', 'store', 'probe', ...S3_OPTION_NAMES]

function warehouseStore(warehouse: string, environment: Environment, options: ConnectOptions): ObjectStore {
  if (warehouse.startsWith('memory:')) {
    checkPropertyNames(options.properties ?? {})
    return new MemoryStore()
  }
  return storeOf(warehouse, environment, { ...options, root: warehouse })
}

let codec: Promise<ParquetCodec> | undefined

/** The codec, loaded at the first use and once for the process: loading takes longer than reading a small table. */
export function sharedCodec(): Promise<ParquetCodec> {
  codec ??= import('../format/parquet/wasm-codec.ts').then(({ loadWasmCodec }) => loadWasmCodec())
  return codec
}
