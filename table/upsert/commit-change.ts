/** What every change of rows does around finding and writing them: checks, the newest version, one commit. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { MAIN_BRANCH, type Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { branchHead } from '../../snapshot/branch.ts'
import { commit } from '../../snapshot/commit.ts'
import { commitKey, findCommit } from '../../snapshot/commit-id.ts'
import { refuseEncrypted } from '../../snapshot/encryption.ts'
import { reload } from '../../snapshot/reload.ts'
import { type Change, type CompanionsOf, snapshotOperation } from '../../snapshot/snapshot-operation.ts'
import { checkExtraSummary } from '../../snapshot/summary.ts'
import { versionWith } from '../../snapshot/version-with.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import type { WritingContext } from '../writing-context.ts'
import { countsFromSummary, countsToSummary, type RowCounts, rowCounts } from './row-counts.ts'

export interface CountedChange extends Change {
  readonly counts: RowCounts
}

export interface ChangedTable {
  readonly loaded: LoadedTable
  readonly counts: RowCounts
}

export interface ChangeOptions extends AppendOptions {
  readonly companionsOf?: CompanionsOf | undefined
  readonly isNewId?: boolean | undefined
}

/** A change of rows in the making. */
export interface RowChange {
  /** What is to be done to a version of the table, asked at every attempt. */
  changeOf(metadata: TableMetadata, parent: Snapshot | undefined): Promise<CountedChange>
  /** Deletes what was written. */
  discard(): Promise<void>
}

/**
 * Commits what `begin` makes of the newest version. A change without a file commits nothing, unless it has a commit
 * id: that is told from one that is still to come. `operationId` is in the names of what is written.
 */
export async function commitChange(
  context: WritableContext,
  held: LoadedTable,
  { branch = MAIN_BRANCH, commitId, signal, summary = {}, companionsOf, isNewId = false }: ChangeOptions,
  begin: (base: LoadedTable, writing: WritingContext, operationId: string) => Promise<RowChange>,
): Promise<ChangedTable> {
  throwIfAborted(signal)
  checkExtraSummary(summary)
  const writing = { ...context, signal }
  // What is found in the version at hand would have to be found again in the newest.
  const base = await reload(context.catalog, held, { signal })
  refuseEncrypted(base.metadata)
  branchHead(base.metadata, branch)
  const key = commitId === undefined ? undefined : commitKey(commitId, branch)
  const done = key === undefined || isNewId ? undefined : await versionWith(writing, base, key)
  if (done !== undefined) {
    return { loaded: done, counts: countsFromSummary(findCommit(done.metadata, key!)!.summary) }
  }
  const operationId = context.environment.uuid()
  const rows = await begin(base, writing, operationId)
  let counts = rowCounts({})
  const operation = snapshotOperation(writing, {
    operationId,
    summary,
    branch,
    commitKey: key,
    isNewId,
    companionsOf,
    async changeOf(metadata, parent) {
      const { counts: found, ...change } = await rows.changeOf(metadata, parent)
      counts = found
      if (isEmpty(change) && key === undefined) return undefined
      return { ...change, summary: { ...change.summary, ...countsToSummary(found) } }
    },
  })
  const loaded = await commit(writing, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await rows.discard()
    },
  })
  return { loaded, counts }
}

function isEmpty({ addData, addDeletes, remove }: Change): boolean {
  return addData.length === 0 && addDeletes.length === 0 && remove.length === 0
}
