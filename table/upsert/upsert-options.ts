import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import type { AppendOptions } from '../append.ts'
import type { RowOpsOptions } from './row-ops.ts'
import type { SequenceGroup } from './sequence-groups.ts'

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
   * have their write defaults, else null. A column among them that a row leaves out becomes that too. `orderBy` is among
   * them. Default: whole rows.
   */
  readonly partial?: readonly string[]
  /**
   * Groups of columns, each with an order of its own, in place of `partial` and `orderBy`: rows have the columns of some
   * groups, and of each the newest state counts, whichever row and writer brings it. A row in which the columns of a group's
   * order are null says nothing of that group; other columns stay as they are.
   */
  readonly sequenceGroups?: readonly SequenceGroup[]
  /**
   * How rows are deleted that others take the place of. With `equality`, by their keys: nothing is read, which whoever reads
   * the table pays for, until it is compacted. Every column that rows are partitioned by has to be in the key, else UNSUPPORTED;
   * rows get new ids, and `changed` tells of the input only. Default: `position`.
   */
  readonly deletes?: 'position' | 'equality'
}

const OPTIONS = [
  'on',
  'duplicates',
  'skipUnchanged',
  'orderBy',
  'partial',
  'sequenceGroups',
  'deletes',
  'op',
  'softDelete',
  'branch',
  'commitId',
  'summary',
  'signal',
]

/** Throws INVALID_ARGUMENT for options that are none, or do not go together. */
export function checkUpsertOptions(options: UpsertOptions): void {
  checkOptions('upsert', options, OPTIONS)
  const { deletes = 'position', sequenceGroups } = options
  if (deletes !== 'position' && deletes !== 'equality') {
    throw invalidArgument(
      `upsert: expected deletes to be 'position' or 'equality', found ${describeValue(deletes)}`,
    )
  }
  const { duplicates = 'last', skipUnchanged = false } = options
  if (duplicates !== 'last' && duplicates !== 'error') {
    throw invalidArgument(
      `upsert: expected duplicates to be 'last' or 'error', found ${describeValue(duplicates)}`,
    )
  }
  if (typeof skipUnchanged !== 'boolean') {
    throw invalidArgument(
      `upsert: expected skipUnchanged to be true or false, found ${describeValue(skipUnchanged)}`,
    )
  }
  for (const name of ['sequenceGroups', 'partial', 'op', 'softDelete', 'orderBy'] as const) {
    if (options[name] !== null) continue
    throw invalidArgument(`upsert: expected '${name}' to be left out, or to say something; found null`)
  }
  const given = (names: readonly (keyof UpsertOptions)[]) =>
    names.find((name) => options[name] !== undefined && options[name] !== false)
  const beside = sequenceGroups && given(['orderBy', 'partial', 'op', 'softDelete'])
  if (beside !== undefined) {
    throw invalidArgument(
      beside === 'op' || beside === 'softDelete'
        ? `upsert: '${beside}' does not go with 'sequenceGroups': which of the groups would a delete be of?`
        : `upsert: '${beside}' does not go with 'sequenceGroups', which say it of their columns`,
    )
  }
  const reading = deletes === 'equality' && given(['orderBy', 'partial', 'sequenceGroups', 'skipUnchanged'])
  if (typeof reading === 'string') {
    throw invalidArgument(
      `upsert: '${reading}' needs the rows that are there, which deletes: 'equality' does not read`,
    )
  }
}
