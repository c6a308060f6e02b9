import { isMoraineError, MoraineError, messageOf } from '../../format/errors.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import type { TableUpdate } from '../../format/table-update.ts'
import type { CatalogContext } from './context.ts'
import type { TablePlaces } from './layout.ts'
import { findTip, isLive, type LiveTip } from './tip.ts'

/**
 * The current version, if it holds the snapshots that a commit on `base` was to add: then the commit had landed, and
 * others on top of it. Throws COMMIT_STATE_UNKNOWN when it does not, since they may have expired, or when the commit
 * was to add none.
 */
export async function landedSince(
  context: CatalogContext,
  places: TablePlaces,
  base: TableMetadata,
  updates: readonly TableUpdate[],
): Promise<LiveTip> {
  const added = updates.flatMap((update) => (update.action === 'add-snapshot' ? [update.snapshot] : []))
  const { tip } = await findTip(context, places, {}).catch((error: unknown) => {
    throw unknown(places, error)
  })
  if (!isLive(tip) || tip.content.metadata.tableUuid !== base.tableUuid) throw unknown(places, undefined)
  const { snapshots } = tip.content.metadata
  if (added.length === 0 || !added.every((snapshot) => snapshots.some((other) => isSame(snapshot, other)))) {
    throw unknown(places, undefined)
  }
  return tip
}

/** The manifest list is unique to an attempt, where ids need not be. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.snapshotId === b.snapshotId && a.manifestList === b.manifestList
}

function unknown({ folder }: TablePlaces, cause: unknown): MoraineError {
  const why = cause === undefined || !isMoraineError(cause) ? '' : ` (${messageOf(cause)})`
  return new MoraineError(
    'COMMIT_STATE_UNKNOWN',
    `${folder} has gone on so far under a commit that versions of its age are deleted, and its history does not show ` +
      `whether the commit had landed${why}`,
    { context: { location: folder }, cause },
  )
}
