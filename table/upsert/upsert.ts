/**
 * Upsert, merge-on-read: the rows of the table that have a key of the input are deleted by position, and the input is
 * written to new data files, in one snapshot. A lost race finds the rows anew, and keeps the data files.
 */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { MAIN_BRANCH } from '../../format/snapshot.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { branchHead } from '../../snapshot/branch.ts'
import { type CommitContext, commit } from '../../snapshot/commit.ts'
import { commitKey } from '../../snapshot/commit-id.ts'
import { refuseEncrypted } from '../../snapshot/encryption.ts'
import { reload } from '../../snapshot/reload.ts'
import { type Change, snapshotOperation } from '../../snapshot/snapshot-operation.ts'
import { checkExtraSummary } from '../../snapshot/summary.ts'
import { versionWith } from '../../snapshot/version-with.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import { findRows } from './find-rows.ts'
import { keyFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import { rowWriter } from './row-writer.ts'
import { rowRemover } from './write-mode.ts'

export interface UpsertOptions extends AppendOptions {
  /** The columns by which rows are told apart, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
  /** What becomes of rows of the input that have one key. Default: the last one wins. */
  readonly duplicates?: 'last' | 'error'
}

const OPTIONS = ['on', 'duplicates', 'branch', 'commitId', 'summary', 'signal']

/** See `Table.upsert`. */
export async function upsert(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: UpsertOptions = {},
): Promise<LoadedTable> {
  checkOptions('upsert', options, OPTIONS)
  const { branch = MAIN_BRANCH, commitId, signal, summary = {}, on, duplicates = 'last' } = options
  throwIfAborted(signal)
  checkExtraSummary(summary)
  // What is found in the version at hand would have to be found again in the newest.
  const base = await reload(context.catalog, held, { signal })
  const { metadata } = base
  refuseEncrypted(metadata)
  branchHead(metadata, branch)
  const schema = currentSchema(metadata)
  const keys = keyFields('upsert', schema, on)
  const key = commitId === undefined ? undefined : commitKey(commitId, branch)
  const commitContext: CommitContext = { ...context, signal }
  const done = key === undefined ? undefined : await versionWith(commitContext, base, key)
  if (done !== undefined) return done
  const rows = await KeyedRows.take('upsert', inputBatches('upsert', schema.fields, input), {
    keys,
    duplicates,
    signal,
  })
  if (rows.size === 0 && key === undefined) return base
  const operationId = context.environment.uuid()
  const writer = rowWriter({ ...context, signal }, metadata, rows, operationId)
  const remover = rowRemover({ ...context, signal }, metadata, 'write.merge.mode', operationId)
  const operation = snapshotOperation(commitContext, {
    operationId,
    summary,
    branch,
    commitKey: key,
    async changeOf(fresh, parent): Promise<Change> {
      const found = await findRows({ ...context, signal }, fresh, parent, schema, rows)
      const { addData: kept, addDeletes, remove } = await remover.write(fresh, schema, found.deleted)
      const written = await writer.write(found.rowIds)
      return {
        addData: kept.length === 0 ? written : [...written, ...kept],
        addDeletes,
        remove,
        summary: {
          'moraine.rows-inserted': String(rows.size - found.count),
          'moraine.rows-updated': String(found.count),
        },
      }
    },
  })
  return commit(commitContext, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await Promise.all([writer.discard(), remover.discard()])
    },
  })
}
