/**
 * Commit ids: what makes a write happen once, however often it is called. The id stands in the summary of the
 * snapshot, and is looked for on the way from the branch's head to its root (docs/decisions/commit-id.md). Pure.
 */
import { checkOptions } from '../format/check-options.ts'
import { invalidArgument, MoraineError } from '../format/errors.ts'
import { MAIN_BRANCH, type Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { describeValue } from '../format/values/mismatch.ts'
import { ancestors } from './timeline.ts'

/**
 * Names one commit to one branch. Where old snapshots have expired, an id that is not found may have been committed
 * before: a bare id is then refused. `after` and `since` say why it cannot have been:
 *
 * - `after`: it is committed only after this other id was, to the same branch.
 * - `since`: it did not exist before that time (milliseconds since the epoch, or a Date). It belongs to the id, and is
 *   the same at each call.
 */
export type CommitId =
  | string
  | { readonly id: string; readonly after?: string; readonly since?: Date | number }

/** A commit id and the branch that it belongs to. */
export interface CommitKey {
  readonly branch: string
  readonly id: string
  readonly after?: string
  readonly sinceMs?: number
}

export const COMMIT_ID = 'moraine.commit-id'
/** Left out for main. */
export const COMMIT_BRANCH = 'moraine.commit-branch'

/** Clocks of different machines may disagree this far, as Iceberg allows it. */
const CLOCK_TOLERANCE_MS = 60_000
const MAX_ID_LENGTH = 256

/** Throws INVALID_ARGUMENT for what is no commit id. */
export function commitKey(commitId: CommitId, branch: string): CommitKey {
  if (typeof commitId === 'string') return { branch, id: checkedId(commitId, 'commitId') }
  if (typeof commitId !== 'object' || commitId === null) {
    throw invalidArgument(
      `commitId: expected a text, or an object { id, after } or { id, since }, found ${describeValue(commitId)}`,
    )
  }
  checkOptions('commitId', commitId, ['id', 'after', 'since'])
  const { id, after, since } = commitId
  return {
    branch,
    id: checkedId(id, 'commitId.id'),
    ...(after === undefined ? {} : { after: checkedId(after, 'commitId.after') }),
    ...(since === undefined ? {} : { sinceMs: checkedTime(since) }),
  }
}

/** What the summary of the snapshot says of it. */
export function commitKeySummary({ id, branch }: CommitKey): Record<string, string> {
  return { [COMMIT_ID]: id, ...(branch === MAIN_BRANCH ? {} : { [COMMIT_BRANCH]: branch }) }
}

/**
 * The snapshot of a commit; undefined when it was never made. Throws COMMIT_STATE_UNKNOWN when snapshots have expired
 * among which it may have been. `before` is a snapshot from before the id existed.
 */
export function findCommit(metadata: TableMetadata, key: CommitKey, before?: bigint): Snapshot | undefined {
  const head = metadata.refs.get(key.branch)
  if (head === undefined) return undefined
  let oldest: Snapshot | undefined
  for (const snapshot of ancestors(metadata, head.snapshotId)) {
    oldest = snapshot
    if (snapshot.snapshotId === before) return undefined
    if (isCommit(snapshot, key.branch, key.id)) return snapshot
    if (key.after !== undefined && isCommit(snapshot, key.branch, key.after)) return undefined
    if (key.sinceMs !== undefined && snapshot.timestampMs + CLOCK_TOLERANCE_MS < key.sinceMs) return undefined
  }
  if (oldest?.parentSnapshotId === undefined) return undefined
  throw mayHaveExpired(key, oldest)
}

function isCommit({ summary }: Snapshot, branch: string, id: string): boolean {
  return summary[COMMIT_ID] === id && (summary[COMMIT_BRANCH] ?? MAIN_BRANCH) === branch
}

function mayHaveExpired({ id, branch }: CommitKey, { snapshotId, timestampMs }: Snapshot): MoraineError {
  const time = new Date(timestampMs).toISOString()
  return new MoraineError(
    'COMMIT_STATE_UNKNOWN',
    `cannot tell whether commit '${id}' was made: it is not in the history of ${branch}, but snapshots before ` +
      `${snapshotId} (${time}) have expired. If it cannot have been among them, say why: commitId: { id, after } ` +
      'with the id of an earlier commit, or { id, since } with the time since when the id exists',
    { context: { commitId: id, branch, oldestSnapshotId: snapshotId } },
  )
}

function checkedId(id: unknown, name: string): string {
  if (typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH) return id
  throw invalidArgument(
    `${name}: expected a text of 1 to ${MAX_ID_LENGTH} characters, found ${typeof id === 'string' ? `${id.length}` : typeof id}`,
  )
}

function checkedTime(since: Date | number): number {
  const ms = since instanceof Date ? since.getTime() : since
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms
  throw invalidArgument(
    `commitId.since: expected a Date or milliseconds since the epoch, found ${String(since)}`,
  )
}
