import { bindTransform } from '../transforms/apply.ts'
import type { Literal } from '../types.ts'
import { literalComparator } from '../values/compare.ts'
import {
  type BoundExpression,
  type BoundPredicate,
  type BoundTerm,
  compileBound,
  literalKey,
} from './bound.ts'

/** A row, or a partition tuple: the value of a column by field id, in its internal form. */
export type ValueOf = (fieldId: number) => Literal | null

/**
 * Tests rows. Null matches as in Iceberg Java's row evaluator where that is sound: never `lt`, `lt-eq`, `gt`,
 * `gt-eq`, `eq`, `in`, `starts-with`, `is-nan`; always their opposites `not-eq`, `not-in`, `not-starts-with`,
 * `not-nan`. (Java alone lets a null pass `lt` and `lt-eq`, though its metrics evaluators prune files of nulls.)
 *
 * Floats compare as in Java: -0.0 < 0.0, and NaN is the greatest value and equal to itself.
 */
export function rowEvaluator(bound: BoundExpression): (row: ValueOf) => boolean {
  return compileBound(bound, (predicate) => {
    const test = predicateTest(predicate)
    const value = termValue(predicate.term)
    return (row) => test(value(row))
  })
}

/** Tests one value of a predicate's term, in the internal form of the term's type. */
export function predicateTest(predicate: BoundPredicate): (value: Literal | null) => boolean {
  switch (predicate.op) {
    case 'is-null':
      return (value) => value === null
    case 'not-null':
      return (value) => value !== null
    case 'is-nan':
      return (value) => Number.isNaN(value)
    case 'not-nan':
      return (value) => !Number.isNaN(value)
    case 'in':
    case 'not-in': {
      const keys = new Set(predicate.literals.map(literalKey))
      const inside = predicate.op === 'in'
      return (value) => (value !== null && keys.has(literalKey(value))) === inside
    }
    case 'starts-with':
    case 'not-starts-with': {
      const prefix = predicate.literal as string
      const starts = predicate.op === 'starts-with'
      return (value) => (value !== null && (value as string).startsWith(prefix)) === starts
    }
    default:
      return comparison(predicate.op, literalComparator(predicate.term.type), predicate.literal)
  }
}

type Comparison = 'lt' | 'lt-eq' | 'gt' | 'gt-eq' | 'eq' | 'not-eq'

function comparison(op: Comparison, compare: (a: Literal, b: Literal) => number, literal: Literal) {
  switch (op) {
    case 'lt':
      return (value: Literal | null) => value !== null && compare(value, literal) < 0
    case 'lt-eq':
      return (value: Literal | null) => value !== null && compare(value, literal) <= 0
    case 'gt':
      return (value: Literal | null) => value !== null && compare(value, literal) > 0
    case 'gt-eq':
      return (value: Literal | null) => value !== null && compare(value, literal) >= 0
    case 'eq':
      return (value: Literal | null) => value !== null && compare(value, literal) === 0
    case 'not-eq':
      return (value: Literal | null) => value === null || compare(value, literal) !== 0
  }
}

function termValue({ fieldId, sourceType, transform }: BoundTerm): (row: ValueOf) => Literal | null {
  // A partition tuple written before its column went from int to long still holds numbers.
  const source: (row: ValueOf) => Literal | null =
    sourceType.kind === 'long' ? (row) => asLong(row(fieldId)) : (row) => row(fieldId)
  if (transform === undefined) return source
  const apply = bindTransform(transform, sourceType)
  return (row) => apply(source(row))
}

function asLong(value: Literal | null): Literal | null {
  return typeof value === 'number' ? BigInt(value) : value
}
