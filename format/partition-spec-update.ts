/** A partition spec evolved step by step (spec: "Partition Evolution"; Iceberg Java's `BaseUpdatePartitionSpec`). */
import { type ColumnPath, columnName, findColumn, requireColumn } from './column-path.ts'
import { invalidArgument, type MoraineError, unsupported } from './errors.ts'
import type { PartitionField } from './partition-spec.ts'
import type { Schema } from './schema.ts'
import type { TableMetadata } from './table-metadata.ts'
import { currentSchema, defaultSpec } from './table-metadata-build.ts'
import { transformToString } from './transforms/parse.ts'
import type { Transform } from './transforms/transform.ts'

/** One change to a partition spec, as plain data. */
export type PartitionStep =
  | {
      readonly kind: 'add-partition-field'
      readonly column: ColumnPath
      readonly transform: Transform
      /** Default: the name that the table had for the same field before, else Iceberg Java's. */
      readonly name?: string
    }
  | { readonly kind: 'remove-partition-field'; readonly name: string }
  | { readonly kind: 'remove-partition-term'; readonly column: ColumnPath; readonly transform: Transform }
  | { readonly kind: 'rename-partition-field'; readonly name: string; readonly newName: string }

const RULE = 'Partition Evolution'

/**
 * The fields of the default spec after all steps, with their ids. A field that the table once had keeps its id; others
 * get new ones above `last-partition-id`. In format version 1 a removed field stays as void, since values are found
 * by position there.
 *
 * Columns are looked up in `schema`. Throws INVALID_ARGUMENT that names the field and the rule (also as
 * `context.rule`); UNSUPPORTED for a spec with a transform that is not known.
 */
export function evolvePartitionSpec(
  metadata: TableMetadata,
  steps: readonly PartitionStep[],
  schema: Schema,
): readonly PartitionField[] {
  const { fields } = defaultSpec(metadata)
  const unknown = fields.find((field) => field.transform.kind === 'unknown')
  if (unknown !== undefined) {
    throw unsupported(
      `partition field '${unknown.name}' has an unknown transform: its spec cannot be changed`,
    )
  }
  const draft: Draft = {
    metadata,
    schema,
    entries: fields.map((field) => ({ field, state: 'kept' })),
    lastPartitionId: metadata.lastPartitionId,
  }
  for (const step of steps) applyStep(draft, step)
  return draft.entries.flatMap((entry) => remaining(entry, metadata))
}

interface Entry {
  field: PartitionField
  state: 'kept' | 'removed' | 'added'
}

interface Draft {
  readonly metadata: TableMetadata
  readonly schema: Schema
  entries: Entry[]
  lastPartitionId: number
}

function applyStep(draft: Draft, step: PartitionStep): void {
  switch (step.kind) {
    case 'add-partition-field':
      addField(draft, step)
      break
    case 'remove-partition-field':
      removeEntry(draft, requireNamed(draft, step.name, 'removePartitionField'))
      break
    case 'remove-partition-term':
      removeEntry(draft, requireTerm(draft, step))
      break
    case 'rename-partition-field':
      rename(draft, requireNamed(draft, step.name, 'renamePartitionField'), step.newName)
      break
    default:
      step satisfies never
  }
}

function addField(draft: Draft, step: Extract<PartitionStep, { kind: 'add-partition-field' }>): void {
  const { transform, name } = step
  const source = requireColumn(draft.schema, step.column, 'addPartitionField')
  const same = draft.entries.find((entry) => isTerm(entry.field, source.field.id, transform))
  if (same?.state === 'removed') {
    same.state = 'kept'
    if (name !== undefined && name !== same.field.name) rename(draft, same, name)
    return
  }
  const term = `${transformToString(transform)}(${columnName(step.column)})`
  if (same !== undefined) throw wrong(`addPartitionField: ${term} is a field already, '${same.field.name}'`)
  const rival = draft.entries.find(
    ({ field, state }) =>
      state === 'added' &&
      isTime(transform) &&
      isTime(field.transform) &&
      field.sourceIds[0] === source.field.id,
  )
  if (rival !== undefined) {
    throw wrong(`addPartitionField: ${term} is redundant beside '${rival.field.name}' of the same column`)
  }
  const field = knownField(draft, source.field.id, transform, name) ?? {
    fieldId: ++draft.lastPartitionId,
    name: name ?? partitionFieldName(source.path.join('.'), transform),
    sourceIds: [source.field.id],
    transform,
  }
  makeRoom(draft, field.name)
  draft.entries.push({ field, state: 'added' })
}

/** From format version 2 on, what a field of an earlier spec was. Version 1 counts ids anew in every spec. */
function knownField(
  { metadata }: Draft,
  sourceId: number,
  transform: Transform,
  name: string | undefined,
): PartitionField | undefined {
  if (metadata.formatVersion === 1) return undefined
  return metadata.partitionSpecs
    .flatMap((spec) => spec.fields)
    .find((field) => isTerm(field, sourceId, transform) && (name === undefined || name === field.name))
}

/** A field that is void, or becomes so, gives its name up for a new one. */
function makeRoom(draft: Draft, name: string): void {
  const holder = draft.entries.find((entry) => entry.field.name === name)
  if (holder === undefined) return
  const isGone = holder.state === 'removed' || holder.field.transform.kind === 'void'
  if (!isGone) throw wrong(`the name '${name}' is that of another partition field`)
  holder.field = { ...holder.field, name: `${name}_${holder.field.fieldId}` }
}

function rename(draft: Draft, entry: Entry, name: string): void {
  if (entry.field.name === name) return
  makeRoom(draft, name)
  entry.field = { ...entry.field, name }
}

function removeEntry(draft: Draft, entry: Entry): void {
  if (entry.state === 'added') draft.entries = draft.entries.filter((other) => other !== entry)
  else entry.state = 'removed'
}

function requireNamed(draft: Draft, name: string, usedIn: string): Entry {
  const live = draft.entries.filter((entry) => entry.state !== 'removed')
  const found = live.find((entry) => entry.field.name === name)
  if (found !== undefined) return found
  throw wrong(`${usedIn}: there is no partition field '${name}'; ${listed(live)}`)
}

/** The column may have been dropped by the same update: then it is known by its name in the current schema. */
function requireTerm(draft: Draft, step: Extract<PartitionStep, { kind: 'remove-partition-term' }>): Entry {
  const { schema, metadata } = draft
  const source =
    findColumn(schema, step.column) ??
    requireColumn(currentSchema(metadata), step.column, 'removePartitionField')
  const live = draft.entries.filter((entry) => entry.state !== 'removed')
  const found = live.find((entry) => isTerm(entry.field, source.field.id, step.transform))
  if (found !== undefined) return found
  const term = `${transformToString(step.transform)}(${columnName(step.column)})`
  throw wrong(`removePartitionField: the table is not partitioned by ${term}; ${listed(live)}`)
}

function listed(entries: readonly Entry[]): string {
  return entries.length === 0
    ? 'it is not partitioned'
    : `there are: ${entries.map(({ field }) => field.name).join(', ')}`
}

function remaining({ field, state }: Entry, { formatVersion }: TableMetadata): PartitionField[] {
  if (state !== 'removed') return [field]
  return formatVersion === 1 ? [{ ...field, transform: { kind: 'void' } }] : []
}

function isTerm(field: PartitionField, sourceId: number, transform: Transform): boolean {
  return (
    field.sourceIds.length === 1 &&
    field.sourceIds[0] === sourceId &&
    transformToString(field.transform) === transformToString(transform)
  )
}

function isTime({ kind }: Transform): boolean {
  return kind === 'year' || kind === 'month' || kind === 'day' || kind === 'hour'
}

/** What Iceberg Java calls a field that is added to a spec; those of a new table have no numbers in their names. */
export function partitionFieldName(column: string, transform: Transform): string {
  switch (transform.kind) {
    case 'identity':
      return column
    case 'bucket':
      return `${column}_bucket_${transform.numBuckets}`
    case 'truncate':
      return `${column}_trunc_${transform.width}`
    case 'void':
      return `${column}_null`
    default:
      return `${column}_${transform.kind}`
  }
}

function wrong(message: string): MoraineError {
  return invalidArgument(message, { rule: RULE })
}
