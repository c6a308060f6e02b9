/** Connecting: from a URI or a folder to a lake. */
import { resolve } from 'node:path'
import { objectStoreCatalog } from '../catalog/object-store-catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import type { Environment } from '../format/environment.ts'
import { invalidArgument, unsupported } from '../format/errors.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { FileStore } from '../storage/file-store.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { Lake } from './lake.ts'
import { systemEnvironment } from './system-environment.ts'

export interface ConnectOptions {
  /**
   * `full` (the default): data and metadata are on the disk before a commit is acknowledged. `os`: left to the
   * operating system, which may lose the last commits when the machine loses power.
   */
  readonly durability?: 'full' | 'os'
  /** Clock, ids and randomness; for tests that replay a run. */
  readonly environment?: Environment
  /** The store that holds the warehouse, instead of the one that the URI names. */
  readonly store?: ObjectStore
}

/**
 * Opens a catalog. A path, or a `file:` URI, is a folder that is its own catalog; it is made when it is missing.
 * `memory:` keeps everything in this process. Other engines may write in the folder before and after us, not at once.
 *
 * Throws INVALID_ARGUMENT for a URI that is none, UNSUPPORTED for a scheme that is not served yet.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Lake> {
  checkOptions('connect', options, ['durability', 'environment', 'store'])
  const warehouse = warehouseOf(uri)
  const environment = options.environment ?? systemEnvironment
  const store = options.store ?? storeOf(warehouse, options)
  const catalog = objectStoreCatalog({ store, warehouse, environment })
  return new Lake({ catalog, store, environment, codec: sharedCodec }, warehouse)
}

/** The location that a path or URI means, without a trailing '/'. */
export function warehouseOf(uri: string): string {
  if (uri === '') throw invalidArgument('connect: expected a folder or a URI, found an empty string')
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return `file://${resolve(uri)}`
    case 'file':
      return `file://${resolve(filePath(uri))}`
    case 'memory':
      return uri === 'memory:' ? 'memory://lake' : uri.replace(/\/+$/, '')
    default:
      throw unsupported(
        `connect: '${scheme}:' is not served by this version; a folder (a path or file:///…) and memory: are`,
        { scheme },
      )
  }
}

/** The path of a `file:` URI: `file:///a` and `file:/a` are absolute, `file:a` is not, and no other host is asked. */
function filePath(uri: string): string {
  const [, host, path = ''] = /^file:(?:\/\/([^/]*))?(.*)$/is.exec(uri)!
  if (host === undefined || host === '' || host.toLowerCase() === 'localhost') return path
  throw invalidArgument(`'${uri}' names the host '${host}'; a folder of this machine is file:///…`)
}

function storeOf(warehouse: string, options: ConnectOptions): ObjectStore {
  if (warehouse.startsWith('memory:')) return new MemoryStore()
  return new FileStore({ root: warehouse, durability: options.durability ?? 'full' })
}

let codec: Promise<ParquetCodec> | undefined

/** The codec, loaded at the first use and once for the process: loading takes longer than reading a small table. */
export function sharedCodec(): Promise<ParquetCodec> {
  codec ??= import('../format/parquet/wasm-codec.ts').then(({ loadWasmCodec }) => loadWasmCodec())
  return codec
}
