/** Branches and tags as options of `Table`'s methods say them. */
import type { LoadedTable } from '../catalog/catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import { MAIN_BRANCH, type SnapshotRefType } from '../format/snapshot.ts'
import { changeRef } from '../snapshot/change-ref.ts'
import { commit } from '../snapshot/commit.ts'
import type { RefChange, RefRetention } from '../snapshot/ref-change.ts'
import { reload } from '../snapshot/reload.ts'
import type { SnapshotSelector } from '../snapshot/timeline.ts'
import type { WritableContext } from './context.ts'

export interface RefOptions {
  readonly signal?: AbortSignal
}

export interface CreateTagOptions extends RefOptions, Pick<RefRetention, 'maxRefAgeMs'> {
  /** Default: the current snapshot of this version of the table. */
  readonly at?: SnapshotSelector
}

export interface CreateBranchOptions extends CreateTagOptions, RefRetention {}

export interface RollbackOptions extends RefOptions {
  /** Default: main. */
  readonly branch?: string
}

/** Commits a change, onto what other commits have made of the table meanwhile. */
export async function commitRefChange(
  context: WritableContext,
  base: LoadedTable,
  change: RefChange,
  { signal }: RefOptions,
): Promise<LoadedTable> {
  const commitContext = { ...context, signal }
  // Whether there is anything to change is not for an old view to say.
  const fresh = await reload(context.catalog, base, { signal })
  return commit(commitContext, fresh, changeRef(commitContext, change))
}

/** The creation of a branch or tag of `base`. Throws INVALID_ARGUMENT for an option that it does not have. */
export function creationOf(
  { metadata: { currentSnapshotId } }: LoadedTable,
  type: SnapshotRefType,
  name: string,
  options: CreateBranchOptions,
): RefChange {
  const limits = type === 'tag' ? TAG_LIMITS : BRANCH_LIMITS
  checkOptions(type === 'tag' ? 'createTag' : 'createBranch', options, ['at', 'signal', ...limits])
  const current: SnapshotSelector =
    currentSnapshotId === undefined ? { ref: MAIN_BRANCH } : { snapshotId: currentSnapshotId }
  const { at = current, signal: _, ...retention } = options
  return { kind: 'create', type, name, at, retention }
}

/** A new retention. Throws INVALID_ARGUMENT for a limit that there is not. */
export function retentionOf(name: string, retention: RefRetention): RefChange {
  checkOptions('setRetention', retention, BRANCH_LIMITS)
  return { kind: 'set-retention', name, retention }
}

const TAG_LIMITS: readonly (keyof RefRetention)[] = ['maxRefAgeMs']
const BRANCH_LIMITS: readonly (keyof RefRetention)[] = [
  'minSnapshotsToKeep',
  'maxSnapshotAgeMs',
  ...TAG_LIMITS,
]
