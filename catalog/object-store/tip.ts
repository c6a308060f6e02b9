/**
 * Finding the tip: the highest version of a table, from a start that may be wrong, by asking for the next version
 * until it is missing under all of its names. The hint, and failing it a listing, only say where to start.
 */
import { isMoraineError } from '../../format/errors.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { decodeTableMetadata } from '../../format/table-metadata-json.ts'
import type { ObjectInfo, RequestOptions } from '../../storage/object-store.ts'
import type { CatalogContext } from './context.ts'
import { boundaryOf, type DropLog, isDead, readDropLog } from './drop-log.ts'
import { type TablePlaces, versionNames, versionOfName } from './layout.ts'
import { getIfThere, requireMetadataSize } from './read-object.ts'
import { decodeTombstone, MAX_TOMBSTONE_BYTES, type Tombstone } from './tombstone.ts'

/** The highest version, and what it is. */
export interface Tip {
  readonly version: number
  readonly name: string
  readonly location: string
  readonly content:
    | { readonly kind: 'table'; readonly metadata: TableMetadata }
    /** A drop that was not finished. */
    | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }
    /** A version of a dropped table, written by someone who did not know yet and never acknowledged. */
    | { readonly kind: 'dead' }
}

export interface LiveTip extends Tip {
  readonly content: { readonly kind: 'table'; readonly metadata: TableMetadata }
}

export interface TableState {
  /** Undefined when the folder holds no version at all. */
  readonly tip: Tip | undefined
  /** As it was before the tip was looked for. */
  readonly dropLog: DropLog
}

interface FoundVersion {
  readonly version: number
  readonly name: string
  readonly info: ObjectInfo
}

/** After so many steps from a stale hint a listing is the shorter way. */
const MAX_STEPS_FROM_HINT = 16
/** How often a version may go away between being found and being read before it is taken as gone. */
const MAX_ATTEMPTS = 4

export async function findTip(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): Promise<TableState> {
  for (let attempt = 1; ; attempt++) {
    const dropLog = await readDropLog(context, places, options)
    const boundary = boundaryOf(dropLog)
    const search = { context, places, options, boundary }
    const hinted = await tipFromHint(search)
    const fromHint = hinted && (await readTip(search, hinted, dropLog))
    if (isLive(fromHint) && !mayHaveGaps(fromHint)) return { tip: fromHint, dropLog }
    // What a hint leads to may be left over from a dropped table while the new one is further up.
    const listed = await tipFromListing(search)
    if (isLive(fromHint) && (listed?.version ?? 0) <= fromHint.version) return { tip: fromHint, dropLog }
    if (listed === undefined) return { tip: undefined, dropLog }
    const tip = await readTip(search, listed, dropLog)
    if (tip !== undefined || attempt >= MAX_ATTEMPTS) return { tip, dropLog }
  }
}

export function isLive(tip: Tip | undefined): tip is LiveTip {
  return tip?.content.kind === 'table'
}

/** Iceberg Java deletes old versions of such tables one by one: a walk from a stale hint may end before such a gap. */
function mayHaveGaps({ content: { metadata } }: LiveTip): boolean {
  // Not `readProperty`: a table with nonsense there is still to be loaded, if only to mend it.
  return metadata.properties['write.metadata.delete-after-commit.enabled']?.toLowerCase() === 'true'
}

/** The version that a table's next one gets: above its own, and above all that drops have used up. */
export function nextVersion(version: number, dropLog: DropLog): number {
  return Math.max(version, boundaryOf(dropLog)) + 1
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

/** What a folder's versions amount to, without reading a metadata file unless it may be a tombstone or dead. */
export async function hasVersions(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): Promise<'none' | 'live' | 'dropped'> {
  const highest = await highestListed(context, places, options)
  if (highest === undefined) return 'none'
  const log = await readDropLog(context, places, options)
  if (log.length === 0 && highest.info.size > MAX_TOMBSTONE_BYTES) return 'live'
  try {
    return isLive((await findTip(context, places, options)).tip) ? 'live' : 'dropped'
  } catch (error) {
    // Metadata that cannot be read is a table's all the same: whoever loads it is told why.
    if (isMoraineError(error, 'INVALID_DATA') || isMoraineError(error, 'UNSUPPORTED')) return 'live'
    throw error
  }
}

interface Search {
  readonly context: CatalogContext
  readonly places: TablePlaces
  readonly options: RequestOptions
  readonly boundary: number
}

async function tipFromHint(search: Search): Promise<FoundVersion | undefined> {
  const hint = await readHint(search)
  const start = hint === undefined ? undefined : await findVersion(search, hint)
  return start && walk(search, start, MAX_STEPS_FROM_HINT)
}

async function tipFromListing(search: Search): Promise<FoundVersion | undefined> {
  const highest = await highestListed(search.context, search.places, search.options)
  return highest && walk(search, highest, Number.POSITIVE_INFINITY)
}

async function highestListed(
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

/** The last version from `start` on. A table that another engine made anew below the boundary goes on above it. */
async function walk(
  search: Search,
  start: FoundVersion,
  maxSteps: number,
): Promise<FoundVersion | undefined> {
  let last = start
  for (let steps = 0; steps < maxSteps; steps++) {
    let next = await findVersion(search, last.version + 1)
    if (next === undefined && last.version < search.boundary)
      next = await findVersion(search, search.boundary + 1)
    if (next === undefined) return last
    last = next
  }
  return undefined
}

async function findVersion(
  { context, places, options }: Search,
  version: number,
): Promise<FoundVersion | undefined> {
  const names = versionNames(version)
  const infos = await Promise.all(names.map((name) => context.store.head(places.metadata + name, options)))
  const index = infos.findIndex((info) => info !== undefined)
  return index < 0 ? undefined : { version, name: names[index]!, info: infos[index]! }
}

/** Undefined for no hint and for garbage, however long. */
async function readHint({ context, places, options }: Search): Promise<number | undefined> {
  const body = await getIfThere(context.store, places.hint, options)
  const digits = body && /^([1-9]\d{0,9})\s*$/.exec(new TextDecoder().decode(body.subarray(0, 64)))?.[1]
  return digits === undefined ? undefined : versionOfName(`v${digits}.metadata.json`)
}

async function readTip(
  { context, places, options }: Search,
  { version, name, info }: FoundVersion,
  dropLog: DropLog,
): Promise<Tip | undefined> {
  const location = places.metadata + name
  requireMetadataSize(location, info.size)
  const bytes = await getIfThere(context.store, location, options)
  if (bytes === undefined) return undefined
  const tombstone = bytes.length <= MAX_TOMBSTONE_BYTES ? decodeTombstone(bytes) : undefined
  if (tombstone !== undefined) return { version, name, location, content: { kind: 'tombstone', tombstone } }
  const metadata = decodeTableMetadata(bytes, location)
  const dead = isDead(dropLog, version, metadata.tableUuid)
  return { version, name, location, content: dead ? { kind: 'dead' } : { kind: 'table', metadata } }
}
