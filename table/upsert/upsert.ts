/**
 * Upsert: the rows of the table that have a key of the input are taken out, and the input is written to new data
 * files, in one snapshot. A lost race finds the rows anew, and keeps the data files.
 */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { allDone } from '../all-done.ts'
import { type AppendOptions, told, type WriteHooks } from '../append.ts'
import type { WritableContext } from '../context.ts'
import type { RowsInput } from '../input-batches.ts'
import { type ChangedTable, commitChange } from './commit-change.ts'
import { findRows } from './find-rows.ts'
import { inputSchema } from './input-schema.ts'
import { keyFields, orderFields } from './key-fields.ts'
import { KeyIndexSession } from './key-index-session.ts'
import { KeyedRows } from './keyed-rows.ts'
import { leftOut, requireDefaults } from './partial-rows.ts'
import { requireAllColumns, requireColumns } from './require-columns.ts'
import { rowComparer } from './row-comparer.ts'
import { countChanges } from './row-counts.ts'
import { type RowOpsOptions, rowOps } from './row-ops.ts'
import { rowWriter } from './row-writer.ts'
import { groupColumns, type SequenceGroup, SequenceGroups } from './sequence-groups.ts'
import { rowRemover } from './write-mode.ts'

export interface UpsertOptions extends AppendOptions, RowOpsOptions {
  /** The columns by which rows are told apart, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
  /** What becomes of rows of the input that have one key. Default: the last one wins. */
  readonly duplicates?: 'last' | 'error'
  /**
   * Whether rows that the table has as they are stay where they are: whole rows are read to tell. Default: false.
   */
  readonly skipUnchanged?: boolean
  /**
   * A column, or several, by which one row is newer than another, such as the time of an event. A row that is older than
   * the one in the table, by the first of them that differ, comes too late and changes nothing; of rows of the input that
   * have one key the newest counts. Of equals the one that comes later is newer; null is older than all else.
   */
  readonly orderBy?: string | readonly ColumnPath[]
  /**
   * Columns by name, where rows have these alone, beside those of the key: the others stay as they are, and of new rows
   * have their write defaults, else null. `orderBy` is among them. Default: whole rows.
   */
  readonly partial?: readonly string[]
  /**
   * Groups of columns, each with an order of its own, in place of `partial` and `orderBy`: rows have the columns of some
   * groups, and of each the newest state counts, whichever row and writer brings it. A row in which the columns of a group's
   * order are null says nothing of that group; other columns stay as they are.
   */
  readonly sequenceGroups?: readonly SequenceGroup[]
}

const OPTIONS = [
  'on',
  'duplicates',
  'skipUnchanged',
  'orderBy',
  'partial',
  'sequenceGroups',
  'op',
  'softDelete',
  'branch',
  'commitId',
  'summary',
  'signal',
]

/** See `Table.upsert`. */
export async function upsert(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: UpsertOptions = {},
  { companionsOf, onBatch }: WriteHooks = {},
): Promise<ChangedTable> {
  checkOptions('upsert', options, OPTIONS)
  const { on, duplicates = 'last', skipUnchanged = false, orderBy, softDelete, sequenceGroups } = options
  if (sequenceGroups !== undefined) refuseBesideGroups(options)
  return commitChange(
    context,
    held,
    { ...options, companionsOf },
    async ({ metadata }, writing, operationId) => {
      const schema = currentSchema(metadata)
      const partial = sequenceGroups ? groupColumns('upsert', schema, sequenceGroups) : options.partial
      const own = inputSchema('upsert', schema, { on, orderBy, partial, softDelete })
      const rowInput = { operation: 'upsert', schema, input: own }
      const keys = keyFields('upsert', own, on)
      const order = orderFields('upsert', own, orderBy)
      const groups = sequenceGroups && new SequenceGroups('upsert', own, keys, sequenceGroups)
      const ops = rowOps('upsert', own, keys, options)
      const { signal } = writing
      const batches = told(ops.batches(input), onBatch)
      const taking = { keys, duplicates, order, fold: groups?.fold, signal }
      const rows = await KeyedRows.take('upsert', batches, taking)
      const gone = ops.gone(rows)
      const others = leftOut(rowInput)
      const comparing = { schema: own, leftOut: partial && others, rows, gone, order, skipUnchanged }
      const comparer = groups?.comparer(rows, others, skipUnchanged) ?? rowComparer(comparing)
      const means = skipUnchanged ? schema.fields : [...keys, ...order].map(({ field }) => field)
      const tombstone = own.fields.filter(({ name }) => name === softDelete)
      const columns = new Set([...means, ...tombstone].map(({ id }) => id))
      const writer = rowWriter(writing, metadata, rows, { operationId, input: rowInput, groups, gone })
      const remover = rowRemover(writing, metadata, 'write.merge.mode', operationId)
      const index = new KeyIndexSession(writing, rows, operationId)
      return {
        async changeOf(fresh, parent) {
          if (partial === undefined) requireColumns(fresh, schema, columns)
          else requireAllColumns(fresh, schema)
          const found = await findRows(writing, fresh, parent, rows, { comparer, index })
          const counts = countChanges(rows, gone, found)
          if (partial !== undefined) requireDefaults(rowInput, counts)
          const [{ addData: kept, addDeletes, remove }, written, summary] = await allDone([
            remover.write(fresh, found.deleted),
            writer.write(found),
            found.finishIndex(),
          ])
          return {
            addData: kept.length === 0 ? written : [...written, ...kept],
            addDeletes,
            remove,
            summary,
            counts,
          }
        },
        discard: async () => {
          await Promise.all([writer.discard(), remover.discard(), index.discard()])
        },
      }
    },
  )
}

/** Throws INVALID_ARGUMENT for options that say another rule for the same columns, or what no group has. */
function refuseBesideGroups(options: UpsertOptions): void {
  const other = (['orderBy', 'partial', 'op', 'softDelete'] as const).find(
    (name) => options[name] !== undefined,
  )
  if (other !== undefined) {
    throw invalidArgument(
      `upsert: '${other}' does not go with 'sequenceGroups', which say the order of their columns`,
    )
  }
}
