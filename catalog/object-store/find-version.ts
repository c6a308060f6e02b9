/** Where the highest version may be: by a hint, by a listing, or by asking for names from the first one on. */
import type { ObjectInfo, RequestOptions } from '../../storage/object-store.ts'
import type { CatalogContext } from './context.ts'
import { lastWhere } from './last-where.ts'
import { type TablePlaces, versionNames, versionOfName } from './layout.ts'
import { getIfThere } from './read-object.ts'
import { firstUnretired, retirementOf } from './retirement.ts'

export interface FoundVersion {
  readonly version: number
  readonly name: string
  readonly info: ObjectInfo
}

/** One search for the highest version. */
export interface Search {
  readonly context: CatalogContext
  readonly places: TablePlaces
  readonly options: RequestOptions
  /** The highest version that a drop has used up. */
  readonly boundary: number
  /** Versions asked for so far. */
  readonly asked: Map<number, Promise<FoundVersion | undefined>>
}

/** The last version from `start` on; undefined where `start` is missing. */
export async function lastFrom(search: Search, start: number): Promise<FoundVersion | undefined> {
  const [first] = await Promise.all([findVersion(search, start), findVersion(search, start + 1)])
  return first && lastOf(search, first)
}

/** The last version from the highest of a listing on. */
export async function lastListed(search: Search): Promise<FoundVersion | undefined> {
  const highest = await highestListed(search.context, search.places, search.options)
  return highest && lastOf(search, highest)
}

/**
 * The last version, and the first that a new table could have where there is none: found by nothing but asking for
 * names, from the first on that no drop has used up, past those that are retired.
 */
export async function climb(
  search: Search,
): Promise<{ readonly found: FoundVersion | undefined; readonly free: number }> {
  const { context, places, options } = search
  let found: FoundVersion | undefined
  let free = search.boundary + 1
  do {
    free = await firstUnretired(context, places, free, options)
    const first = await findVersion(search, free)
    if (first === undefined) return { found, free }
    found = await lastOf(search, first)
    free = found.version + 1
  } while ((await retirementOf(context, places, free, options)) !== undefined)
  return { found, free }
}

export async function highestListed(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): Promise<FoundVersion | undefined> {
  let highest: FoundVersion | undefined
  for await (const found of listVersions(context, places, options)) {
    if (highest === undefined || found.version > highest.version) highest = found
  }
  return highest
}

/** The versions of a folder in no particular order, from a listing. */
export async function* listVersions(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): AsyncGenerator<FoundVersion> {
  for await (const info of context.store.list(`${places.metadata}v`, options)) {
    const name = info.location.slice(places.metadata.length)
    const version = versionOfName(name)
    if (version !== undefined) yield { version, name, info }
  }
}

/** The version that the hint names. Undefined for no hint and for garbage, however long. */
export async function readHint(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): Promise<number | undefined> {
  const body = await getIfThere(context.store, places.hint, options)
  const digits = body && /^([1-9]\d{0,9})\s*$/.exec(new TextDecoder().decode(body.subarray(0, 64)))?.[1]
  return digits === undefined ? undefined : versionOfName(`v${digits}.metadata.json`)
}

/** The end of the run that `start` is in. A table that another engine made anew below the boundary goes on above it. */
async function lastOf(search: Search, start: FoundVersion): Promise<FoundVersion> {
  const last = await endOfRun(search, start)
  if (last.version >= search.boundary) return last
  const above = await findVersion(search, search.boundary + 1)
  return above === undefined ? last : endOfRun(search, above)
}

async function endOfRun(search: Search, start: FoundVersion): Promise<FoundVersion> {
  search.asked.set(start.version, Promise.resolve(start))
  const isThere = async (version: number) => (await findVersion(search, version)) !== undefined
  return (await findVersion(search, await lastWhere(start.version, isThere)))!
}

function findVersion(search: Search, version: number): Promise<FoundVersion | undefined> {
  const asked = search.asked.get(version)
  if (asked !== undefined) return asked
  const asking = headVersion(search, version)
  search.asked.set(version, asking)
  return asking
}

async function headVersion(
  { context, places, options }: Search,
  version: number,
): Promise<FoundVersion | undefined> {
  const names = versionNames(version)
  const infos = await Promise.all(names.map((name) => context.store.head(places.metadata + name, options)))
  const index = infos.findIndex((info) => info !== undefined)
  return index < 0 ? undefined : { version, name: names[index]!, info: infos[index]! }
}
