import type { PartitionTuple } from '../manifest.ts'
import type { PartitionSpec } from '../partition-spec.ts'
import type { Schema } from '../schema.ts'
import { bindPredicate } from './bind.ts'
import { isBoundPredicate } from './bound.ts'
import { allOf, alwaysFalse, alwaysTrue, anyOf } from './build.ts'
import type { Expression } from './expression.ts'
import { foldExpression, type Predicate } from './fold.ts'
import { partitionColumns, partitionEvaluator, projectToColumns } from './project.ts'
import type { Projection } from './project-predicate.ts'

type Residual = (partition: PartitionTuple) => Expression

/**
 * What is left of an expression for the rows of a partition, once the partition's values are known: for those rows
 * it is true exactly where the expression is. Predicates that the partition decides become constants and are folded
 * away; the others stay as they were written, unbound, so that the residual is plain data and binds again. No `not`
 * is left. Errors as `bind`.
 */
export function residualEvaluator(
  expression: Expression,
  schema: Pick<Schema, 'fields'>,
  spec: PartitionSpec,
): Residual {
  return foldExpression<Residual>(expression, {
    constant: (value) => () => (value ? alwaysTrue : alwaysFalse),
    predicate: (predicate) => predicateResidual(predicate, schema, spec),
    and: (operands) => (partition) => allOf(operands.map((operand) => operand(partition))),
    or: (operands) => (partition) => anyOf(operands.map((operand) => operand(partition))),
  })
}

/** True where the strict projection is, false where the inclusive one is not, else the predicate itself. */
function predicateResidual(
  predicate: Predicate,
  schema: Pick<Schema, 'fields'>,
  spec: PartitionSpec,
): Residual {
  const bound = bindPredicate(predicate, schema)
  if (!isBoundPredicate(bound)) {
    const constant = bound.op === 'true' ? alwaysTrue : alwaysFalse
    return () => constant
  }
  const columns = partitionColumns(schema, spec)
  const evaluator = (projection: Projection) =>
    partitionEvaluator(projectToColumns(projection, bound, columns), spec)
  const allRowsMatch = evaluator('strict')
  const anyRowMayMatch = evaluator('inclusive')
  return (partition) => {
    if (allRowsMatch(partition)) return alwaysTrue
    return anyRowMayMatch(partition) ? predicate : alwaysFalse
  }
}
