import type { Transform } from '../transforms/transform.ts'
import type { Literal, PrimitiveType } from '../types.ts'
import { bytesToHex } from '../values/text.ts'
import type { LiteralOperator, SetOperator, UnaryOperator } from './expression.ts'

/**
 * An expression bound to a schema or to a partition tuple, as plain data: no `not`, `and` and `or` of two or more
 * operands of which none is a constant or of the same operator, literals in the internal form of the term's type.
 */
export type BoundExpression =
  | { readonly op: 'true' }
  | { readonly op: 'false' }
  | { readonly op: 'and' | 'or'; readonly operands: readonly BoundExpression[] }
  | BoundPredicate

export type BoundPredicate =
  | { readonly op: UnaryOperator; readonly term: BoundTerm }
  | { readonly op: LiteralOperator; readonly term: BoundTerm; readonly literal: Literal }
  /** Two or more distinct literals. */
  | { readonly op: SetOperator; readonly term: BoundTerm; readonly literals: readonly Literal[] }

/** A column, or a transform of it; over a partition tuple, a partition field by its field id. */
export interface BoundTerm {
  readonly fieldId: number
  /** Field ids and names from the root to the column. */
  readonly idPath: readonly number[]
  readonly path: readonly string[]
  /** Type of the column. */
  readonly sourceType: PrimitiveType
  /** Never identity. */
  readonly transform?: Transform
  /** Type of the term's values: the transform's result type, or `sourceType`. */
  readonly type: PrimitiveType
  /** Whether the term can be null. */
  readonly nullable: boolean
}

export const boundTrue: BoundExpression = { op: 'true' }
export const boundFalse: BoundExpression = { op: 'false' }

export function boundAnd(operands: readonly BoundExpression[]): BoundExpression {
  return combine('and', operands)
}

export function boundOr(operands: readonly BoundExpression[]): BoundExpression {
  return combine('or', operands)
}

/** An `in` or `not-in` in its shortest form: a constant for no literal, `eq` or `not-eq` for one. */
export function boundSet(op: SetOperator, term: BoundTerm, values: readonly Literal[]): BoundExpression {
  const distinct = new Map<Literal, Literal>()
  for (const value of values) distinct.set(literalKey(value), value)
  const literals = [...distinct.values()]
  if (literals.length === 0) return op === 'in' ? boundFalse : boundTrue
  if (literals.length === 1) return { op: op === 'in' ? 'eq' : 'not-eq', term, literal: literals[0]! }
  return { op, term, literals }
}

/** Equal for equal literals of one type, for use in a Set or Map: -0.0 and 0.0 differ, bytes compare by content. */
export function literalKey(literal: Literal): Literal {
  if (literal instanceof Uint8Array) return bytesToHex(literal)
  return Object.is(literal, -0) ? '-0' : literal
}

/** Field ids of all columns that the expression reads. */
export function boundFieldIds(expression: BoundExpression): ReadonlySet<number> {
  const ids = new Set<number>()
  const collect = (node: BoundExpression): void => {
    if (isBoundPredicate(node)) ids.add(node.term.fieldId)
    else if (node.op === 'and' || node.op === 'or') node.operands.forEach(collect)
  }
  collect(expression)
  return ids
}

export function isBoundPredicate(expression: BoundExpression): expression is BoundPredicate {
  return 'term' in expression
}

/**
 * Evaluators are built by this fold: the predicates become functions of `T`, joined by short-circuit and/or.
 */
export function compileBound<T>(
  expression: BoundExpression,
  predicate: (predicate: BoundPredicate) => (input: T) => boolean,
): (input: T) => boolean {
  if (isBoundPredicate(expression)) return predicate(expression)
  if (expression.op === 'true') return () => true
  if (expression.op === 'false') return () => false
  const tests = expression.operands.map((operand) => compileBound(operand, predicate))
  const stopsAt = expression.op === 'or'
  return (input) => {
    for (const test of tests) if (test(input) === stopsAt) return stopsAt
    return !stopsAt
  }
}

function combine(op: 'and' | 'or', operands: readonly BoundExpression[]): BoundExpression {
  const absorbing = op === 'and' ? 'false' : 'true'
  const neutral = op === 'and' ? 'true' : 'false'
  const kept: BoundExpression[] = []
  for (const operand of operands) {
    if (operand.op === absorbing) return operand
    if (operand.op === op) for (const inner of operand.operands) kept.push(inner)
    else if (operand.op !== neutral) kept.push(operand)
  }
  if (kept.length === 0) return { op: neutral }
  return kept.length === 1 ? kept[0]! : { op, operands: kept }
}
