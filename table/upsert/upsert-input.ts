import { unsupported } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import type { NestedField } from '../../format/types.ts'
import { told, type WriteHooks } from '../append.ts'
import type { RowsInput } from '../input-batches.ts'
import { type AggregateFunction, aggregateColumns, aggregatesOf } from './aggregates.ts'
import { ColumnRules } from './column-rules.ts'
import { inputSchema } from './input-schema.ts'
import { type KeyField, keyFields, orderFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import type { PartialInput } from './partial-rows.ts'
import { requireKeys } from './require-keys.ts'
import { rowOps } from './row-ops.ts'
import { groupColumns, groupsOf, type SequenceGroup } from './sequence-groups.ts'
import type { UpsertOptions } from './upsert-options.ts'

/** The input of an upsert, pulled whole, and what its options make of it. */
export interface UpsertInput {
  /** As the call began. */
  readonly metadata: TableMetadata
  readonly rowInput: PartialInput
  /** Whether rows have some columns only. */
  readonly isPartial: boolean
  /** Where there are others than that rows take each other's place. */
  readonly rules: ColumnRules | undefined
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
  const aggregated = aggregateColumns('upsert', schema, metadata.properties)
  if (aggregated.size > 0) refuseBesideAggregates(options)
  const grouped = sequenceGroups && groupColumns('upsert', schema, sequenceGroups, aggregated)
  const partial = grouped ?? options.partial
  const whole = inputSchema('upsert', schema, { on, orderBy, partial, softDelete })
  const own = sequenceGroups === undefined ? whole : withOptional(whole, new Set(grouped))
  const keys = keyFields('upsert', own, on)
  const order = orderFields('upsert', own, orderBy)
  const rules = columnRules(own, { keys, order, sequenceGroups, aggregated })
  const ops = rowOps('upsert', own, keys, order, options)
  const batches = told(ops.batches(requireKeys('upsert', keys, input)), onBatch)
  const rows = await KeyedRows.take('upsert', batches, {
    keys,
    duplicates,
    order,
    fold: rules?.fold,
    numberOf: ops.numberOf,
    signal,
  })
  const tombstone = own.fields.filter(({ name }) => name === softDelete)
  const meant = [...keys.map(({ field }) => field), ...order.map(({ field }) => field), ...tombstone]
  return {
    metadata,
    rowInput: {
      operation: 'upsert',
      schema,
      input: own,
      forKeys: partial === undefined ? [] : columnsForKeys(own, keys, partial),
    },
    isPartial: partial !== undefined,
    rules,
    rows,
    gone: ops.gone(rows),
    order,
    columns: new Set(meant.map(({ id }) => id)),
  }
}

/** Structs that are not among the columns that rows are there for, but have a key in them. */
function columnsForKeys(
  { fields }: Schema,
  keys: readonly KeyField[],
  partial: readonly string[],
): readonly NestedField[] {
  const roots = new Set(keys.flatMap(({ places }) => (places.length > 1 ? [places[0]!] : [])))
  return [...roots].map((place) => fields[place]!).filter(({ name }) => !partial.includes(name))
}

/** A row may leave out a group, its required columns too: what it becomes has to have them. */
function withOptional(schema: Schema, names: ReadonlySet<string>): Schema {
  const fields = schema.fields.map((field) => (names.has(field.name) ? { ...field, required: false } : field))
  return { ...schema, fields }
}

interface Rules {
  readonly keys: readonly KeyField[]
  readonly order: readonly KeyField[]
  readonly sequenceGroups: readonly SequenceGroup[] | undefined
  readonly aggregated: ReadonlyMap<string, AggregateFunction>
}

/** Columns that are neither aggregated nor in a group of the caller's are a group of their own. */
function columnRules(
  schema: Schema,
  { keys, order, sequenceGroups, aggregated }: Rules,
): ColumnRules | undefined {
  const aggregates = aggregatesOf('upsert', schema, keys, aggregated)
  if (sequenceGroups !== undefined) {
    return new ColumnRules({
      schema,
      keys,
      aggregates,
      order,
      groups: groupsOf('upsert', schema, keys, sequenceGroups),
    })
  }
  if (aggregates.length === 0) return undefined
  const keyRoots = new Set(keys.map(({ places }) => places[0]!))
  // Of rows of one key, the key says nothing of which is newer.
  const own = order.filter(({ field }) => !keys.some((key) => key.field.id === field.id))
  const within = own.find(({ places }) => keyRoots.has(places[0]!))
  if (within !== undefined) {
    const column = within.path.join('.')
    throw unsupported(
      `upsert: 'orderBy' column '${column}' is in a struct with a key, in a table with aggregates`,
      {
        column,
      },
    )
  }
  const other = new Set([...keyRoots, ...aggregates.map(({ place }) => place)])
  const places = [...schema.fields.keys()].filter((place) => !other.has(place))
  return new ColumnRules({ schema, keys, aggregates, order: own, groups: [{ order: own, places }] })
}

/** What a delete would take out of an aggregate is not known, and what is there has to be. */
function refuseBesideAggregates(options: UpsertOptions): void {
  const other = (['op', 'softDelete'] as const).find((name) => options[name] !== undefined)
  if (other !== undefined || options.deletes === 'equality') {
    throw unsupported(
      `upsert: '${other ?? 'deletes'}' does not go with columns that are aggregated (fields.<column>.aggregate-function)`,
    )
  }
}
