import { isMoraineError, MoraineError } from '../../format/errors.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { encodeTableMetadata } from '../../format/table-metadata-json.ts'
import { readProperty } from '../../format/table-properties.ts'
import { claimName, DEFAULT_STATUS_CHECK, type StatusCheck, stateUnknown } from './claim-name.ts'
import type { CatalogContext, DropRecord } from './context.ts'
import { type DropLog, readDropLog } from './drop-log.ts'
import { claimableName, isGzipName, type TablePlaces } from './layout.ts'
import { requireMetadataSize } from './read-object.ts'

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
 */
export type VersionResult =
  | { readonly status: 'written'; readonly location: string }
  | { readonly status: 'taken'; readonly location: string }
  | { readonly status: 'dropped'; readonly location: string; readonly drop: DropRecord }

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
  if ((await claimName(context, location, body, check)) === 'lost') return { status: 'taken', location }
  await writeHint(context, places, version)
  const drop = await dropSince(context, places, next, location, check)
  if (drop === undefined) return { status: 'written', location }
  await takeBack(context, places, location)
  return { status: 'dropped', location, drop }
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

/** A drop that came since the log was read and that the version is not above; one of its own table first. */
async function dropSince(
  context: CatalogContext,
  places: TablePlaces,
  { dropLog, version, metadata: { tableUuid } }: NewVersion,
  location: string,
  check: StatusCheck,
): Promise<DropRecord | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const now = await readDropLog(context, places, {})
      const drops = now.slice(dropLog.length).filter((record) => record.version >= version)
      return drops.find((record) => record.tableUuid === tableUuid) ?? drops[0]
    } catch (error) {
      if (attempt >= check.numRetries) throw stateUnknown(location, error)
      await context.environment.sleep(Math.min(check.minWaitMs * 2 ** attempt, check.maxWaitMs))
    }
  }
}

/** Best effort: what stays is dead by the log. The next create cleans it away. */
async function takeBack({ store }: CatalogContext, places: TablePlaces, location: string): Promise<void> {
  try {
    await store.delete([location, places.hint])
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
