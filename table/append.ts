/** Append: rows or batches to data files, data files to manifests, one commit. */
import type { RecordBatch } from 'apache-arrow'
import type { LoadedTable } from '../catalog/catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import { MAIN_BRANCH } from '../format/snapshot.ts'
import { currentSchema } from '../format/table-metadata-build.ts'
import { branchHead } from '../snapshot/branch.ts'
import { type CommitContext, commit } from '../snapshot/commit.ts'
import { type CommitId, commitKey } from '../snapshot/commit-id.ts'
import { refuseEncrypted } from '../snapshot/encryption.ts'
import { mergeAppend } from '../snapshot/merge-append.ts'
import type { CompanionsOf } from '../snapshot/snapshot-operation.ts'
import { checkExtraSummary } from '../snapshot/summary.ts'
import { versionWith } from '../snapshot/version-with.ts'
import { throwIfAborted } from '../storage/abort.ts'
import { writeDataFiles } from '../writers/write-data-files.ts'
import type { WritableContext } from './context.ts'
import { inputBatches, type RowsInput } from './input-batches.ts'
import { dataFileOptions } from './writing-context.ts'

export interface AppendOptions {
  /** The branch to append to; one that does not exist begins at the head of main. Default: main. */
  readonly branch?: string
  /**
   * Names this commit to its branch, so that it is made once: a call with an id that the branch's history holds
   * changes nothing, pulls no input, and resolves to the version that holds it, in another process too. Throws
   * COMMIT_STATE_UNKNOWN when the commit may have been among snapshots that have expired; see `CommitId`.
   */
  readonly commitId?: CommitId
  /** Entries for the snapshot's summary; names of counts that Iceberg defines are refused. */
  readonly summary?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** What goes with a write of rows, for those who make one of many. */
export interface WriteHooks {
  readonly companionsOf?: CompanionsOf | undefined
  /** Whether the commit id was made for this call. */
  readonly isNewId?: boolean | undefined
  /** Told of the rows, as they come. */
  readonly onBatch?: ((batch: RecordBatch) => void) | undefined
}

/** See `Table.append`. */
export async function append(
  context: WritableContext,
  base: LoadedTable,
  input: RowsInput,
  options: AppendOptions = {},
  { companionsOf, isNewId = false, onBatch }: WriteHooks = {},
): Promise<LoadedTable> {
  checkOptions('append', options, ['branch', 'commitId', 'summary', 'signal'])
  const { metadata } = base
  const { branch = MAIN_BRANCH, commitId, signal, summary = {} } = options
  throwIfAborted(signal)
  checkExtraSummary(summary)
  refuseEncrypted(metadata)
  branchHead(metadata, branch)
  const key = commitId === undefined ? undefined : commitKey(commitId, branch)
  const mayBeDone = key !== undefined && !isNewId
  const done = mayBeDone ? await versionWith({ ...context, signal }, base, key) : undefined
  if (done !== undefined) return done
  const operationId = context.environment.uuid()
  const schema = currentSchema(metadata)
  const written = await writeDataFiles({
    ...(await dataFileOptions({ ...context, signal }, metadata)),
    batches: told(inputBatches('append', schema.fields, input), onBatch),
    operationId,
  })
  // A commit id without rows is committed too: it is told from one that is still to come, and others come after it.
  if (written.files.length === 0 && key === undefined) return base
  const commitContext: CommitContext = { ...context, signal }
  const request = {
    files: written.files,
    operationId,
    summary,
    branch,
    commitKey: key,
    isNewId,
    companionsOf,
  }
  const operation = mergeAppend(commitContext, request)
  return commit(commitContext, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await written.abort()
    },
  })
}

/** The same batches, `onBatch` told of each. */
export async function* told(
  batches: AsyncIterable<RecordBatch>,
  onBatch: WriteHooks['onBatch'],
): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    onBatch?.(batch)
    yield batch
  }
}
