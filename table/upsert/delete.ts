/** Delete by filter or by key: whole files go from the metadata, and of others the rows that are meant. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import { bind } from '../../format/expressions/bind.ts'
import { boundFieldIds } from '../../format/expressions/bound.ts'
import { type Expression, isExpression } from '../../format/expressions/expression.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { pruneFields } from '../../readers/projection.ts'
import { isArrowRows } from '../../writers/arrow-batches.ts'
import { allDone } from '../all-done.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import type { WritingContext } from '../writing-context.ts'
import { type ChangedTable, commitChange } from './commit-change.ts'
import { findMatches } from './find-matches.ts'
import { findRows } from './find-rows.ts'
import type { FoundRows } from './finds.ts'
import { keyFields } from './key-fields.ts'
import { KeyIndexSession } from './key-index-session.ts'
import { KeyedRows } from './keyed-rows.ts'
import { requireColumns } from './require-columns.ts'
import { requireKeys } from './require-keys.ts'
import { rowCounts } from './row-counts.ts'
import { rowRemover } from './write-mode.ts'

export interface DeleteOptions extends AppendOptions {
  /** With keys: the columns that they have, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
}

const OPTIONS = ['on', 'branch', 'commitId', 'summary', 'signal']

/** Finds what is to be deleted in a snapshot of the table. */
interface Finder {
  find(metadata: TableMetadata, snapshot: Snapshot): Promise<Found>
  /** Deletes what was written. */
  discard(): Promise<void>
}

type Found = Pick<FoundRows, 'deleted' | 'finishIndex'>

const noIndex = async () => ({})
const NOTHING: Found = { deleted: [], finishIndex: noIndex }

/** See `Table.delete`. */
export async function deleteRows(
  context: WritableContext,
  held: LoadedTable,
  what: Expression | RowsInput,
  options: DeleteOptions = {},
): Promise<ChangedTable> {
  checkOptions('delete', options, OPTIONS)
  if (typeof what !== 'object' || what === null || isRow(what)) {
    throw invalidArgument(
      'delete: expected a filter, such as eq(\'id\', 1) or parseWhere("id = 1"), or keys as rows, [{ id: 1 }], ' +
        `found ${describeValue(what)}`,
    )
  }
  return commitChange(context, held, options, async (base, writing, operationId) => {
    const finder = isExpression(what)
      ? byFilter(writing, base, what, options)
      : await byKeys(writing, { base, options, operationId }, what)
    const remover = rowRemover(writing, base.metadata, 'write.delete.mode', operationId)
    return {
      async changeOf(fresh, parent) {
        const found = parent === undefined ? NOTHING : await finder.find(fresh, parent)
        const [change, summary] = await allDone([remover.write(fresh, found.deleted), found.finishIndex()])
        const deleted = found.deleted.reduce((sum, { count }) => sum + count, 0)
        return { ...change, summary, counts: rowCounts({ deleted }) }
      },
      discard: async () => {
        await Promise.all([remover.discard(), finder.discard()])
      },
    }
  })
}

/** One row where several are meant. */
function isRow(what: Expression | RowsInput): boolean {
  return (
    !isExpression(what) && !isArrowRows(what) && !(Symbol.iterator in what) && !(Symbol.asyncIterator in what)
  )
}

function byFilter(
  context: WritingContext,
  { metadata }: LoadedTable,
  where: Expression,
  { on }: DeleteOptions,
): Finder {
  if (on !== undefined) throw invalidArgument("delete: 'on' goes with keys, not with a filter")
  const schema = currentSchema(metadata)
  const ids = boundFieldIds(bind(where, schema))
  return {
    async find(fresh, snapshot) {
      requireColumns(fresh, schema, ids)
      return { deleted: await findMatches(context, fresh, snapshot, where), finishIndex: noIndex }
    },
    async discard() {},
  }
}

interface ByKeys {
  readonly base: LoadedTable
  readonly options: DeleteOptions
  readonly operationId: string
}

async function byKeys(
  context: WritingContext,
  { base, options: { on }, operationId }: ByKeys,
  input: RowsInput,
): Promise<Finder> {
  const whole = currentSchema(base.metadata)
  const ids = new Set(keyFields('delete', whole, on).map(({ field }) => field.id))
  const schema = { ...whole, fields: pruneFields(whole.fields, ids) }
  const keys = keyFields('delete', schema, on)
  const batches = inputBatches('delete', schema.fields, requireKeys('delete', keys, input))
  const rows = await KeyedRows.take('delete', batches, { keys, duplicates: 'last', signal: context.signal })
  const index = new KeyIndexSession(context, rows, operationId)
  return {
    async find(fresh, snapshot) {
      requireColumns(fresh, whole, ids)
      return findRows(context, fresh, snapshot, rows, { index })
    },
    discard: () => index.discard(),
  }
}
