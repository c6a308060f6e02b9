import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { told, type WriteHooks } from '../append.ts'
import type { RowsInput } from '../input-batches.ts'
import { inputSchema } from './input-schema.ts'
import { type KeyField, keyFields, orderFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import type { PartialInput } from './partial-rows.ts'
import { rowOps } from './row-ops.ts'
import { groupColumns, SequenceGroups } from './sequence-groups.ts'
import type { UpsertOptions } from './upsert-options.ts'

/** The input of an upsert, pulled whole, and what its options make of it. */
export interface UpsertInput {
  /** As the call began. */
  readonly metadata: TableMetadata
  readonly rowInput: PartialInput
  /** Whether rows have some columns only. */
  readonly isPartial: boolean
  readonly groups: SequenceGroups | undefined
  readonly rows: KeyedRows
  /** Numbers of rows that are to be deleted. */
  readonly gone: ReadonlySet<number>
  readonly order: readonly KeyField[]
  /** The columns by which rows are meant, which nobody must change meanwhile. */
  readonly columns: ReadonlySet<number>
}

export interface TakeUpsertInput {
  readonly metadata: TableMetadata
  readonly input: RowsInput
  readonly options: UpsertOptions
  readonly signal: AbortSignal | undefined
  readonly onBatch: WriteHooks['onBatch']
}

export async function takeUpsertInput({
  metadata,
  input,
  options,
  signal,
  onBatch,
}: TakeUpsertInput): Promise<UpsertInput> {
  const { on, duplicates = 'last', orderBy, softDelete, sequenceGroups } = options
  const schema = currentSchema(metadata)
  const partial = sequenceGroups ? groupColumns('upsert', schema, sequenceGroups) : options.partial
  const own = inputSchema('upsert', schema, { on, orderBy, partial, softDelete })
  const keys = keyFields('upsert', own, on)
  const order = orderFields('upsert', own, orderBy)
  const groups = sequenceGroups && new SequenceGroups('upsert', own, keys, sequenceGroups)
  const ops = rowOps('upsert', own, keys, options)
  const batches = told(ops.batches(input), onBatch)
  const rows = await KeyedRows.take('upsert', batches, {
    keys,
    duplicates,
    order,
    fold: groups?.fold,
    signal,
  })
  const tombstone = own.fields.filter(({ name }) => name === softDelete)
  const meant = [...keys.map(({ field }) => field), ...order.map(({ field }) => field), ...tombstone]
  return {
    metadata,
    rowInput: { operation: 'upsert', schema, input: own },
    isPartial: partial !== undefined,
    groups,
    rows,
    gone: ops.gone(rows),
    order,
    columns: new Set(meant.map(({ id }) => id)),
  }
}
