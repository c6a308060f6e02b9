import { MAIN_BRANCH } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { refRequirements } from './branch.ts'
import type { CommitContext, Operation } from './commit.ts'
import { mergeAppend } from './merge-append.ts'
import { offsetsUpdates } from './offsets.ts'
import { planRefChange, type RefChange, withRetention } from './ref-change.ts'

/** An operation that changes a branch or tag. It asserts where the references that it rests on are. */
export function changeRef(context: CommitContext, change: RefChange): Operation {
  const emptyBranch = mergeAppend(context, {
    files: [],
    operationId: context.environment.uuid(),
    summary: {},
    branch: change.name,
  })
  return {
    async stage(base, attempt) {
      const { metadata } = base
      if (beginsEmpty(metadata, change)) {
        const staged = await emptyBranch.stage(base, attempt)
        const updates = staged.updates.map((update) =>
          update.action === 'set-snapshot-ref'
            ? { ...update, ref: withRetention(update.ref, change.retention) }
            : update,
        )
        return { ...staged, updates }
      }
      const { updates: planned, names } = planRefChange(metadata, change)
      const updates = planned.flatMap((update) => {
        const isMoved =
          update.action === 'set-snapshot-ref' && metadata.refs.get(update.refName)?.type === 'branch'
        return isMoved
          ? [update, ...offsetsUpdates(metadata, update.refName, update.ref.snapshotId)]
          : [update]
      })
      return { requirements: refRequirements(metadata, names), updates, files: [] }
    },
    discard: emptyBranch.discard,
  }
}

/** A branch of a table that has no snapshot begins with an empty one, as in Iceberg Java. */
function beginsEmpty(
  { refs }: TableMetadata,
  change: RefChange,
): change is Extract<RefChange, { kind: 'create' }> {
  if (change.kind !== 'create' || change.type !== 'branch' || refs.has(change.name)) return false
  return 'ref' in change.at && change.at.ref === MAIN_BRANCH && !refs.has(MAIN_BRANCH)
}
