import type { DataFile } from '../format/manifest.ts'
import type { CommitContext, Operation } from './commit.ts'
import { type SnapshotRequest, snapshotOperation } from './snapshot-operation.ts'

export interface MergeAppend extends Omit<SnapshotRequest, 'changeOf'> {
  /** Data files that no snapshot has yet. */
  readonly files: readonly DataFile[]
}

/** An operation that appends `files` to a branch. */
export function mergeAppend(context: CommitContext, { files, ...request }: MergeAppend): Operation {
  const change = { addData: files, addDeletes: [], remove: [] }
  return snapshotOperation(context, { ...request, changeOf: async () => change })
}
