import type { PartitionTuple } from '../manifest.ts'
import type { PartitionField, PartitionSpec } from '../partition-spec.ts'
import { findFieldById, type Schema } from '../schema.ts'
import { transformResultType } from '../transforms/apply.ts'
import { isPrimitive, type PrimitiveType } from '../types.ts'
import { bind } from './bind.ts'
import {
  type BoundExpression,
  type BoundPredicate,
  type BoundTerm,
  boundAnd,
  boundFalse,
  boundOr,
  boundTrue,
  isBoundPredicate,
} from './bound.ts'
import { rowEvaluator } from './evaluate.ts'
import type { Expression } from './expression.ts'
import { type PartitionColumn, type Projection, projectPredicate } from './project-predicate.ts'

/**
 * The partition predicate that a row's partition passes whenever the row passes `expression` (spec: "Scan
 * Planning"). Its terms are partition fields by field id; evaluate it with `partitionEvaluator`.
 */
export function projectInclusive(
  expression: Expression,
  schema: Pick<Schema, 'fields'>,
  spec: PartitionSpec,
): BoundExpression {
  return project('inclusive', bind(expression, schema), partitionColumns(schema, spec))
}

/** The partition predicate that only partitions pass of which every row passes `expression`. */
export function projectStrict(
  expression: Expression,
  schema: Pick<Schema, 'fields'>,
  spec: PartitionSpec,
): BoundExpression {
  return project('strict', bind(expression, schema), partitionColumns(schema, spec))
}

/** Tests the partition tuples of a spec with an expression that was projected for it. */
export function partitionEvaluator(
  projected: BoundExpression,
  spec: PartitionSpec,
): (partition: PartitionTuple) => boolean {
  const test = rowEvaluator(projected)
  const positions = new Map(spec.fields.map((field, position) => [field.fieldId, position]))
  return (partition) => test((fieldId) => partition[positions.get(fieldId)!] ?? null)
}

/** The partition fields that filters may use, with their sources: known transforms of one column that still is. */
export function partitionColumns(schema: Pick<Schema, 'fields'>, spec: PartitionSpec): PartitionColumn[] {
  const columns: PartitionColumn[] = []
  for (const field of spec.fields) {
    const source = sourceOf(schema, field)
    if (source === undefined || field.transform.kind === 'unknown' || field.transform.kind === 'void')
      continue
    const type = transformResultType(field.transform, source.type)
    const term: BoundTerm = {
      fieldId: field.fieldId,
      idPath: [field.fieldId],
      path: [field.name],
      sourceType: type,
      type,
      nullable: true,
    }
    columns.push({ term, transform: field.transform, sourceId: source.id, sourceType: source.type })
  }
  return columns
}

/** What one bound predicate says about the partition; `and` and `or` of fields are told apart by the projection. */
export function projectToColumns(
  projection: Projection,
  predicate: BoundPredicate,
  columns: readonly PartitionColumn[],
): BoundExpression {
  const projected = columns
    .filter((column) => column.sourceId === predicate.term.fieldId)
    .map((column) => projectPredicate(projection, predicate, column))
    .filter((each) => each !== undefined)
  // A row's partition passes every inclusive projection; one strict projection is enough for its rows to match.
  return projection === 'inclusive' ? boundAnd(projected) : boundOr(projected)
}

function project(
  projection: Projection,
  bound: BoundExpression,
  columns: readonly PartitionColumn[],
): BoundExpression {
  if (isBoundPredicate(bound)) return projectToColumns(projection, bound, columns)
  if (bound.op === 'true') return boundTrue
  if (bound.op === 'false') return boundFalse
  const operands = bound.operands.map((operand) => project(projection, operand, columns))
  return bound.op === 'and' ? boundAnd(operands) : boundOr(operands)
}

function sourceOf(
  schema: Pick<Schema, 'fields'>,
  { sourceIds }: PartitionField,
): { readonly id: number; readonly type: PrimitiveType } | undefined {
  const id = sourceIds[0]
  if (id === undefined || sourceIds.length > 1) return undefined
  const type = findFieldById(schema, id)?.field.type
  return type === undefined || !isPrimitive(type) ? undefined : { id, type }
}
