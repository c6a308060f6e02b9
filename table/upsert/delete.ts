/** Delete by filter or by key, merge-on-read: whole files go from the metadata, of others the rows by position. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import { bind } from '../../format/expressions/bind.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { MAIN_BRANCH, type Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { pruneFields } from '../../readers/projection.ts'
import { branchHead } from '../../snapshot/branch.ts'
import { type CommitContext, commit } from '../../snapshot/commit.ts'
import { commitKey } from '../../snapshot/commit-id.ts'
import { refuseEncrypted } from '../../snapshot/encryption.ts'
import { reload } from '../../snapshot/reload.ts'
import { snapshotOperation } from '../../snapshot/snapshot-operation.ts'
import { checkExtraSummary } from '../../snapshot/summary.ts'
import { versionWith } from '../../snapshot/version-with.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import type { WritingContext } from '../writing-context.ts'
import { findMatches } from './find-matches.ts'
import { findRows, type RowsToDelete } from './find-rows.ts'
import { keyFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import { rowRemover } from './write-mode.ts'

export interface DeleteOptions extends AppendOptions {
  /** With keys: the columns that they have, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
}

const OPTIONS = ['on', 'branch', 'commitId', 'summary', 'signal']

/** Finds what is to be deleted in a snapshot of the table. */
type Finder = (metadata: TableMetadata, snapshot: Snapshot) => Promise<readonly RowsToDelete[]>

/** See `Table.delete`. */
export async function deleteRows(
  context: WritableContext,
  held: LoadedTable,
  what: Expression | RowsInput,
  options: DeleteOptions = {},
): Promise<LoadedTable> {
  checkOptions('delete', options, OPTIONS)
  const { branch = MAIN_BRANCH, commitId, signal, summary = {} } = options
  throwIfAborted(signal)
  checkExtraSummary(summary)
  // What is found in the version at hand would have to be found again in the newest.
  const base = await reload(context.catalog, held, { signal })
  const { metadata } = base
  refuseEncrypted(metadata)
  branchHead(metadata, branch)
  const key = commitId === undefined ? undefined : commitKey(commitId, branch)
  const commitContext: CommitContext = { ...context, signal }
  const done = key === undefined ? undefined : await versionWith(commitContext, base, key)
  if (done !== undefined) return done
  const writing = { ...context, signal }
  const find = isExpression(what)
    ? byFilter(writing, base, what, options)
    : await byKeys(writing, base, what, options)
  const operationId = context.environment.uuid()
  const remover = rowRemover(writing, metadata, 'write.delete.mode', operationId)
  const operation = snapshotOperation(commitContext, {
    operationId,
    summary,
    branch,
    commitKey: key,
    async changeOf(fresh, parent) {
      const found = parent === undefined ? [] : await find(fresh, parent)
      if (found.length === 0 && key === undefined) return undefined
      const change = await remover.write(fresh, currentSchema(metadata), found)
      const count = found.reduce((sum, { count }) => sum + count, 0)
      return { ...change, summary: { 'moraine.rows-deleted': String(count) } }
    },
  })
  return commit(commitContext, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await remover.discard()
    },
  })
}

function isExpression(what: Expression | RowsInput): what is Expression {
  return typeof what === 'object' && what !== null && 'op' in what && typeof what.op === 'string'
}

function byFilter(
  context: WritingContext,
  { metadata }: LoadedTable,
  where: Expression,
  { on }: DeleteOptions,
): Finder {
  if (on !== undefined) throw invalidArgument("delete: 'on' goes with keys, not with a filter")
  const schema = currentSchema(metadata)
  bind(where, schema)
  return (fresh, snapshot) => findMatches(context, fresh, snapshot, schema, where)
}

async function byKeys(
  context: WritingContext,
  { metadata }: LoadedTable,
  input: RowsInput,
  { on }: DeleteOptions,
): Promise<Finder> {
  const whole = currentSchema(metadata)
  const ids = new Set(keyFields('delete', whole, on).map(({ field }) => field.id))
  const schema = { ...whole, fields: pruneFields(whole.fields, ids) }
  const keys = keyFields('delete', schema, on)
  const batches = inputBatches('delete', schema.fields, input)
  const rows = await KeyedRows.take('delete', batches, { keys, duplicates: 'last', signal: context.signal })
  return async (fresh, snapshot) => (await findRows(context, fresh, snapshot, whole, rows)).deleted
}
