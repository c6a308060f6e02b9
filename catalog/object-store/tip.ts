/**
 * Finding the tip: the highest version of a table, from a start that may be wrong, by asking for the next version
 * until it is missing under all of its names. The hint, and failing it a listing, only say where to start; a start
 * that leads to retired names is none, and without any start the names are asked for from the first one on.
 */
import { isMoraineError } from '../../format/errors.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { decodeTableMetadata } from '../../format/table-metadata-json.ts'
import type { RequestOptions } from '../../storage/object-store.ts'
import type { CatalogContext, KnownTip, Retirement } from './context.ts'
import { boundaryOf, type DropLog, isDead, readDropLog } from './drop-log.ts'
import {
  climb,
  type FoundVersion,
  highestListed,
  lastFrom,
  lastListed,
  readHint,
  type Search,
} from './find-version.ts'
import { type TablePlaces, versionNames } from './layout.ts'
import { getIfThere, requireMetadataSize } from './read-object.ts'
import { retirementOf } from './retirement.ts'
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
  /** The version that a new table begins with: above all that were ever used. */
  readonly free: number
}

/** How often a version may go away between being found and being read before it is taken as gone. */
const MAX_ATTEMPTS = 4

/** The current state. `from`, which was the tip once, is where to start, and need not be read again if it still is. */
export async function findTip(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
  from?: KnownTip,
): Promise<TableState> {
  for (let attempt = 1; ; attempt++) {
    const [dropLog, hint = 0] = await Promise.all([
      readDropLog(context, places, options),
      readHint(context, places, options),
    ])
    const search: Search = { context, places, options, boundary: boundaryOf(dropLog), asked: new Map() }
    const look = (found: FoundVersion | undefined) => found && lookAt(search, found, dropLog, from)
    const start = Math.max(hint, from?.version ?? 0)
    const hinted = start === 0 ? undefined : await look(await lastFrom(search, start))
    if (isSettled(hinted) && isLive(hinted.tip) && !mayHaveGaps(hinted.tip.content.metadata)) {
      return { tip: hinted.tip, dropLog, free: nextVersion(0, dropLog) }
    }
    // What a hint leads to may be left over from a dropped table while the new one is further up.
    const listed = await lastListed(search)
    const seen = listed !== undefined && listed.version > (hinted?.version ?? 0) ? await look(listed) : hinted
    if (isSettled(seen)) return { tip: seen.tip, dropLog, free: nextVersion(0, dropLog) }
    const { found, free } = await climb(search)
    const isAbove = found !== undefined && found.version > (seen?.version ?? 0)
    const best = isAbove ? await look(found) : seen
    if (best?.standing !== 'superseded') return { tip: best?.tip, dropLog, free }
    if (attempt >= MAX_ATTEMPTS) return { tip: undefined, dropLog, free }
  }
}

/** Whether a version that was the tip once is still there, and none after it. */
export async function isStillTip(
  context: CatalogContext,
  places: TablePlaces,
  known: KnownTip,
  options: RequestOptions,
): Promise<boolean> {
  const next = versionNames(nextVersion(known.version, known.dropLog)).map((name) => places.metadata + name)
  const [[info, ...after], listed] = await Promise.all([
    Promise.all([known.location, ...next].map((location) => context.store.head(location, options))),
    mayHaveGaps(known.metadata) ? highestListed(context, places, options) : undefined,
  ])
  if (info?.etag !== known.etag || after.some((other) => other !== undefined)) return false
  return listed === undefined || listed.version <= known.version
}

export function isLive(tip: Tip | undefined): tip is LiveTip {
  return tip?.content.kind === 'table'
}

/** Iceberg Java deletes old versions of such tables one by one: a walk from a stale hint may end before such a gap. */
function mayHaveGaps({ properties }: TableMetadata): boolean {
  // Not `readProperty`: a table with nonsense there is still to be loaded, if only to mend it.
  return properties['write.metadata.delete-after-commit.enabled']?.toLowerCase() === 'true'
}

/** The version that a table's next one gets: above its own, and above all that drops have used up. */
export function nextVersion(version: number, dropLog: DropLog): number {
  return Math.max(version, boundaryOf(dropLog)) + 1
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

/** The last version of a run, and what its successor's name tells of it. */
interface Seen {
  readonly version: number
  /** Undefined when it went away before it was read. */
  readonly tip: Tip | undefined
  /**
   * - `current`: no name of the successor's segment has ever been freed, so that there was no successor.
   * - `foreign`: some were freed, by another table of the name; so it may be the tip, where nothing is above.
   * - `superseded`: some were freed by this table: it goes on further up.
   */
  readonly standing: 'current' | 'foreign' | 'superseded'
}

function isSettled(seen: Seen | undefined): seen is Seen & { readonly tip: Tip } {
  return seen?.standing === 'current' && seen.tip !== undefined && seen.tip.content.kind !== 'dead'
}

async function lookAt(
  { context, places, options }: Search,
  found: FoundVersion,
  dropLog: DropLog,
  from: KnownTip | undefined,
): Promise<Seen> {
  const { version, name, info } = found
  const location = places.metadata + name
  const isKnown = from !== undefined && from.location === location && from.etag === info.etag
  const [content, retirement] = await Promise.all([
    isKnown
      ? contentOf(from.metadata, version, dropLog)
      : readContent(context, location, found, dropLog, options),
    retirementOf(context, places, nextVersion(version, dropLog), options),
  ])
  if (content === undefined) return { version, tip: undefined, standing: 'superseded' }
  if (content.kind === 'table') {
    const { metadata } = content
    context.knownTips.set(metadata, { version, name, location, etag: info.etag, metadata, dropLog })
  }
  return { version, tip: { version, name, location, content }, standing: standingOf(content, retirement) }
}

async function readContent(
  context: CatalogContext,
  location: string,
  { version, info }: FoundVersion,
  dropLog: DropLog,
  options: RequestOptions,
): Promise<Tip['content'] | undefined> {
  requireMetadataSize(location, info.size)
  const bytes = await getIfThere(context.store, location, options)
  if (bytes === undefined) return undefined
  const tombstone = bytes.length <= MAX_TOMBSTONE_BYTES ? decodeTombstone(bytes) : undefined
  if (tombstone !== undefined) return { kind: 'tombstone', tombstone }
  return contentOf(decodeTableMetadata(bytes, location), version, dropLog)
}

function contentOf(metadata: TableMetadata, version: number, dropLog: DropLog): Tip['content'] {
  return isDead(dropLog, version, metadata.tableUuid) ? { kind: 'dead' } : { kind: 'table', metadata }
}

function standingOf(content: Tip['content'], retirement: Retirement | undefined): Seen['standing'] {
  if (retirement === undefined) return 'current'
  if (content.kind === 'dead') return 'foreign'
  const { tableUuid } = content.kind === 'table' ? content.metadata : content.tombstone
  return tableUuid === retirement.tableUuid ? 'superseded' : 'foreign'
}
