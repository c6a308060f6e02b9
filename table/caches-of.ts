/** What a lake keeps of files that it read, as catalog properties set it. */
import type { Environment } from '../format/environment.ts'
import { invalidArgument } from '../format/errors.ts'
import { nearNames } from '../format/near-names.ts'
import { boolean, integer, type PropertyParser } from '../format/property-parsers.ts'
import { BoundedCache } from '../readers/bounded-cache.ts'
import { DeleteCache } from '../readers/deletes/delete-cache.ts'
import type { KeyIndexCache } from '../readers/key-index/key-index-cache.ts'
import { ManifestCache } from '../snapshot/manifest-cache.ts'

const PREFIXES = ['io.manifest.', 'io.deletes.', 'io.key-index.']
const MEBIBYTE = 1024 * 1024

/** Of manifests by the names of Iceberg Java, with its defaults, but that the cache is on; the others by ours. */
const definitions = {
  'io.manifest.cache-enabled': define(boolean, true),
  'io.manifest.cache.max-total-bytes': define(integer(), 100 * MEBIBYTE),
  'io.manifest.cache.max-content-length': define(integer(), 8 * MEBIBYTE),
  'io.manifest.cache.expiration-interval-ms': define(integer(), 60_000),
  'io.deletes.cache.max-total-bytes': define(integer(), 256 * MEBIBYTE),
  'io.key-index.cache.max-total-bytes': define(integer(), 128 * MEBIBYTE),
}
type Name = keyof typeof definitions

export interface Caches {
  /** Undefined where it is off. */
  readonly manifests: ManifestCache | undefined
  readonly deletes: DeleteCache
  readonly keyIndexes: KeyIndexCache
}

/**
 * The caches that a lake's properties ask for. `rest` are the properties that are of none. Throws INVALID_ARGUMENT
 * for an unknown property of theirs, and for a value that is none.
 */
export function cachesOf(
  properties: Readonly<Record<string, string>>,
  environment: Environment,
): { readonly caches: Caches; readonly rest: Readonly<Record<string, string>> } {
  const isOwn = (name: string) => PREFIXES.some((prefix) => name.startsWith(prefix))
  const given = Object.entries(properties)
  const own = Object.fromEntries(given.filter(([name]) => isOwn(name)))
  const rest = Object.fromEntries(given.filter(([name]) => !isOwn(name)))
  for (const name of Object.keys(own)) checkName(name)
  const cache = new ManifestCache({
    maxTotalBytes: read(own, 'io.manifest.cache.max-total-bytes'),
    maxContentLength: read(own, 'io.manifest.cache.max-content-length'),
    expirationIntervalMs: read(own, 'io.manifest.cache.expiration-interval-ms'),
    now: () => environment.now(),
  })
  const manifests = read(own, 'io.manifest.cache-enabled') ? cache : undefined
  const deletes = new DeleteCache(read(own, 'io.deletes.cache.max-total-bytes'))
  const keyIndexes: KeyIndexCache = new BoundedCache(read(own, 'io.key-index.cache.max-total-bytes'))
  return { caches: { manifests, deletes, keyIndexes }, rest }
}

interface Definition<T> {
  readonly parser: PropertyParser<T>
  readonly default: T
}

function define<T>(parser: PropertyParser<T>, otherwise: T): Definition<T> {
  return { parser, default: otherwise }
}

function read<N extends Name>(
  properties: Readonly<Record<string, string>>,
  name: N,
): (typeof definitions)[N]['default'] {
  const text = properties[name]
  const { parser, default: otherwise } = definitions[name]
  if (text === undefined) return otherwise
  const value = parser.parse(text)
  if (value !== undefined) return value
  throw invalidArgument(`${name}: expected ${parser.expected}, found '${text}'`, { property: name })
}

function checkName(name: string): void {
  if (Object.hasOwn(definitions, name)) return
  const names = Object.keys(definitions)
  const near = nearNames(name, names)
  throw invalidArgument(
    `there is no property '${name}'; there are: ${(near.length > 0 ? near : names).join(', ')}`,
    { property: name },
  )
}
