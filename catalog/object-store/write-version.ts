import { isMoraineError, MoraineError } from '../../format/errors.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { encodeTableMetadata } from '../../format/table-metadata-json.ts'
import { readProperty } from '../../format/table-properties.ts'
import { claimName, DEFAULT_STATUS_CHECK, type StatusCheck, stateUnknown } from './claim-name.ts'
import type { CatalogContext, DropRecord } from './context.ts'
import { type DropLog, readDropLog } from './drop-log.ts'
import { claimableName, isGzipName, type TablePlaces } from './layout.ts'
import { requireMetadataSize } from './read-object.ts'
import { retirementOf } from './retirement.ts'
import { findTip, isLive } from './tip.ts'

export interface NewVersion {
  readonly version: number
  /** What the new version follows on; undefined for the first one. */
  readonly base: TableMetadata | undefined
  readonly metadata: TableMetadata
  /** The log that `version` was chosen by. */
  readonly dropLog: DropLog
}

/**
 * - `written`: it is the table's current version.
 * - `taken`: another writer has the version.
 * - `dropped`: a drop came first, and the version was taken back.
 * - `superseded`: the table has gone on so far that versions as old as this one are deleted. Nothing tells whether it
 *   was the first of its name or came to a name that was freed; it is there no more.
 */
export type VersionResult =
  | { readonly status: 'written'; readonly location: string; readonly etag?: string }
  | { readonly status: 'taken'; readonly location: string }
  | { readonly status: 'dropped'; readonly location: string; readonly drop: DropRecord }
  | { readonly status: 'superseded'; readonly location: string }

/** Makes metadata the next version of its table, or nothing. Throws COMMIT_STATE_UNKNOWN. */
export async function writeVersion(
  context: CatalogContext,
  places: TablePlaces,
  next: NewVersion,
): Promise<VersionResult> {
  const { version, base, metadata } = next
  const name = claimableName(version, base)
  const location = places.metadata + name
  const body = encodeTableMetadata(metadata, { gzip: isGzipName(name) })
  requireMetadataSize(location, body.length)
  const check = base === undefined ? DEFAULT_STATUS_CHECK : statusCheckOf(base)
  const claim = await claimName(context, location, body, check)
  switch (claim.status) {
    case 'lost':
      return { status: 'taken', location }
    case 'gone':
      return { status: base === undefined ? 'taken' : 'superseded', location }
    case 'won':
      return acknowledge(context, places, next, { location, etag: claim.etag, check })
  }
}

interface Created {
  readonly location: string
  readonly etag: string | undefined
  readonly check: StatusCheck
}

/** A version counts unless its table was dropped, or its name freed, before it was created. */
async function acknowledge(
  context: CatalogContext,
  places: TablePlaces,
  next: NewVersion,
  { location, etag, check }: Created,
): Promise<VersionResult> {
  const { version, base, dropLog, metadata } = next
  const [drop, isRetired] = await Promise.all([
    answered(context, location, check, () => dropSince(context, places, next)),
    answered(context, location, check, () => isRetiredFor(context, places, version, base)),
    writeHint(context, places, version),
  ])
  if (drop !== undefined) {
    await takeBack(context, [location, places.hint])
    return { status: 'dropped', location, drop }
  }
  if (isRetired) {
    await takeBack(context, [location])
    await mendHint(context, places)
    return { status: 'superseded', location }
  }
  if (etag === undefined) return { status: 'written', location }
  const name = location.slice(places.metadata.length)
  context.knownTips.set(metadata, { version, name, location, etag, metadata, dropLog })
  return { status: 'written', location }
}

/**
 * The error for a commit that met a drop. A version below the tombstone may have landed before the drop, and then
 * what the drop kept holds it: only where that cannot be is the loss definite.
 */
export function droppedError(
  table: string,
  base: TableMetadata,
  version: number,
  drop: DropRecord,
): MoraineError {
  const context = { table, version, dropVersion: drop.version }
  const isDefinite = drop.tableUuid === base.tableUuid && (drop.purge || version >= drop.version)
  return isDefinite
    ? new MoraineError('NOT_FOUND', `table ${table} was dropped while a commit to it was under way`, {
        context,
      })
    : new MoraineError(
        'COMMIT_STATE_UNKNOWN',
        `table ${table} was dropped while a commit to it was under way; the metadata that the drop kept may hold it`,
        { context },
      )
}

/** Advice only: that a version is current does not rest on it. */
async function writeHint({ store }: CatalogContext, places: TablePlaces, version: number): Promise<void> {
  try {
    await store.put(places.hint, new TextEncoder().encode(String(version)))
  } catch {
    // Readers walk forward from an older hint.
  }
}

/** A stale writer has pointed other engines at a version that is no more. */
async function mendHint(context: CatalogContext, places: TablePlaces): Promise<void> {
  try {
    const { tip } = await findTip(context, places, {})
    if (isLive(tip)) await writeHint(context, places, tip.version)
  } catch (error) {
    if (!isMoraineError(error)) throw error
  }
}

/** A drop that came since the log was read and that the version is not above; one of its own table first. */
async function dropSince(
  context: CatalogContext,
  places: TablePlaces,
  { dropLog, version, metadata: { tableUuid } }: NewVersion,
): Promise<DropRecord | undefined> {
  const now = await readDropLog(context, places, {})
  const drops = now.slice(dropLog.length).filter((record) => record.version >= version)
  return drops.find((record) => record.tableUuid === tableUuid) ?? drops[0]
}

/**
 * Whether the name of a version may have been used before, for a writer who follows on `base`. What another table of
 * the name retired, which another engine has dropped since, only keeps a new table away.
 */
export async function isRetiredFor(
  context: CatalogContext,
  places: TablePlaces,
  version: number,
  base: TableMetadata | undefined,
): Promise<boolean> {
  const retirement = await retirementOf(context, places, version, {})
  return retirement !== undefined && (base === undefined || retirement.tableUuid === base.tableUuid)
}

/** Asks until there is an answer, as often as outcomes are looked for. Throws COMMIT_STATE_UNKNOWN. */
async function answered<T>(
  { environment }: CatalogContext,
  location: string,
  check: StatusCheck,
  ask: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (attempt >= check.numRetries) throw stateUnknown(location, error)
      await environment.sleep(Math.min(check.minWaitMs * 2 ** attempt, check.maxWaitMs))
    }
  }
}

/** Best effort: what stays is dead by the log, or below what is retired. */
async function takeBack({ store }: CatalogContext, locations: readonly string[]): Promise<void> {
  try {
    await store.delete(locations)
  } catch (error) {
    if (!isMoraineError(error)) throw error
  }
}

function statusCheckOf({ properties }: TableMetadata): StatusCheck {
  return {
    numRetries: readProperty(properties, 'commit.status-check.num-retries'),
    minWaitMs: readProperty(properties, 'commit.status-check.min-wait-ms'),
    maxWaitMs: readProperty(properties, 'commit.status-check.max-wait-ms'),
    totalTimeoutMs: readProperty(properties, 'commit.status-check.total-timeout-ms'),
  }
}
