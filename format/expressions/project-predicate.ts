import { bindTransform } from '../transforms/apply.ts'
import { transformToString } from '../transforms/parse.ts'
import type { Transform } from '../transforms/transform.ts'
import type { Literal, PrimitiveType } from '../types.ts'
import { integerRange } from './bind-literal.ts'
import {
  type BoundExpression,
  type BoundPredicate,
  type BoundTerm,
  boundAnd,
  boundFalse,
  boundOr,
  boundSet,
} from './bound.ts'
import type { LiteralOperator } from './expression.ts'
import { wrapsAround, wrapZone } from './wrap-zone.ts'

/**
 * - `inclusive`: a row that matches lies in a partition that matches.
 * - `strict`: in a partition that matches every row matches.
 */
export type Projection = 'inclusive' | 'strict'

/** A partition field as a column of the partition tuple, and where its values come from. */
export interface PartitionColumn {
  readonly term: BoundTerm
  readonly transform: Transform
  readonly sourceId: number
  readonly sourceType: PrimitiveType
}

/**
 * What a predicate on the column's source says about the column; undefined where it says nothing. The rules are
 * those of Iceberg Java's transforms, except that strings are measured in code points, as they are truncated, and
 * that results that wrap around are allowed for.
 */
export function projectPredicate(
  projection: Projection,
  predicate: BoundPredicate,
  column: PartitionColumn,
): BoundExpression | undefined {
  const { term, transform } = column
  // The partition holds the source's values themselves: ask them the same, through the predicate's own transform.
  if (transform.kind === 'identity') {
    const { transform: asked, type } = predicate.term
    return { ...predicate, term: asked === undefined ? term : { ...term, transform: asked, type } }
  }
  if (predicate.term.transform !== undefined) {
    const same = transformToString(predicate.term.transform) === transformToString(transform)
    return same ? { ...predicate, term } : undefined
  }
  switch (predicate.op) {
    case 'is-null':
    case 'not-null':
    case 'is-nan':
    case 'not-nan':
      return { op: predicate.op, term }
    case 'in':
    case 'not-in':
      return projectSet(projection, predicate.op, predicate.literals, column)
    default:
      return projectComparison(projection, predicate.op, predicate.literal, column)
  }
}

/** Equal sources have equal results: `eq` and `in` hold for the results too, and their opposites strictly. */
function projectSet(
  projection: Projection,
  op: 'in' | 'not-in',
  literals: readonly Literal[],
  column: PartitionColumn,
): BoundExpression | undefined {
  if ((op === 'in') !== (projection === 'inclusive')) return undefined
  const apply = bindTransform(column.transform, column.sourceType)
  const results = literals.map((literal) => apply(literal)!)
  return boundSet(op, column.term, results.concat(strayResults(column, results)))
}

function projectComparison(
  projection: Projection,
  op: LiteralOperator,
  literal: Literal,
  column: PartitionColumn,
): BoundExpression | undefined {
  switch (op) {
    case 'eq':
      return projectSet(projection, 'in', [literal], column)
    case 'not-eq':
      return projectSet(projection, 'not-in', [literal], column)
    case 'starts-with':
    case 'not-starts-with':
      return projectPrefix(projection, op, literal as string, column)
    default:
      if (column.transform.kind === 'bucket') return undefined
      return projection === 'inclusive'
        ? projectOrderInclusive(op, literal, column)
        : projectOrderStrict(op, literal, column)
  }
}

type Ordering = 'lt' | 'lt-eq' | 'gt' | 'gt-eq'

/** `x < 5` puts x at 4 or below, so its partition at that of 4 or below. */
function projectOrderInclusive(
  op: Ordering,
  literal: Literal,
  column: PartitionColumn,
): BoundExpression | undefined {
  const { term, transform, sourceType } = column
  const closed = neighbour(sourceType, literal, op === 'lt' ? -1 : op === 'gt' ? 1 : 0)
  if (closed === undefined) return boundFalse
  const edge = bindTransform(transform, sourceType)(closed)!
  if (wrapsAround(closed, edge)) return undefined
  const zone = wrapZone(transform, sourceType)
  if (op === 'gt' || op === 'gt-eq') {
    const above: BoundExpression = { op: 'gt-eq', term, literal: wasTooLow(column, edge) ? edge - 1 : edge }
    if (zone?.fromGreatest === undefined) return above
    return boundOr([above, { op: 'lt-eq', term, literal: zone.fromGreatest }])
  }
  const below: BoundExpression = { op: 'lt-eq', term, literal: wasTooHigh(column, edge) ? edge + 1 : edge }
  return zone === undefined ? below : boundOr([below, { op: 'gt-eq', term, literal: zone.fromLeast }])
}

/** A partition below that of 5 holds only x < 5; one below that of 6 only x <= 5. */
function projectOrderStrict(
  op: Ordering,
  literal: Literal,
  column: PartitionColumn,
): BoundExpression | undefined {
  const { term, transform, sourceType } = column
  const open = neighbour(sourceType, literal, op === 'gt-eq' ? -1 : op === 'lt-eq' ? 1 : 0)
  if (open === undefined) return undefined
  const edge = bindTransform(transform, sourceType)(open)!
  if (wrapsAround(open, edge)) return undefined
  const zone = wrapZone(transform, sourceType)
  if (op === 'gt' || op === 'gt-eq') {
    const above: BoundExpression = { op: 'gt', term, literal: raisedEdge(column, edge) }
    return zone === undefined ? above : boundAnd([above, { op: 'lt', term, literal: zone.fromLeast }])
  }
  const below: BoundExpression = { op: 'lt', term, literal: wasTooLow(column, edge) ? edge - 1 : edge }
  if (zone?.fromGreatest === undefined) return below
  return boundAnd([below, { op: 'gt', term, literal: zone.fromGreatest }])
}

/**
 * The value a step above or below; undefined beyond the type's range. Of types without a next value, strings and
 * bytes, the value itself.
 */
function neighbour(type: PrimitiveType, literal: Literal, step: -1 | 0 | 1): Literal | undefined {
  if (type.kind === 'decimal') return (literal as bigint) + BigInt(step)
  const range = integerRange(type)
  if (range === undefined) return literal
  const next = BigInt(literal as number | bigint) + BigInt(step)
  if (next < range[0] || next > range[1]) return undefined
  return typeof literal === 'number' ? Number(next) : next
}

/**
 * Where files of Iceberg Java may lie instead. Up to 0.10 it gave dates and times before 1970 a year, month, day or
 * hour one too great (a day right for dates). It still gives timestamps before 1970 one too small when only the last
 * step before a full second is missing, in the first second of a unit: it carries nothing into the seconds.
 */
function strayResults(column: PartitionColumn, results: readonly Literal[]): number[] {
  return results.flatMap((result) => [
    ...(wasTooHigh(column, result) ? [result + 1] : []),
    ...(wasTooLow(column, result) ? [result - 1] : []),
  ])
}

function wasTooHigh(column: PartitionColumn, result: Literal): result is number {
  return wasOffByOne(column) && (result as number) < 0
}

function wasTooLow(column: PartitionColumn, result: Literal): result is number {
  return wasTooHigh(column, result) && column.sourceType.kind !== 'date'
}

/** Strictly above: a wrong result of one more must not lift a partition over the edge. */
function raisedEdge(column: PartitionColumn, edge: Literal): Literal {
  return wasOffByOne(column) && (edge as number) <= 0 ? (edge as number) + 1 : edge
}

function wasOffByOne({ transform, sourceType }: PartitionColumn): boolean {
  switch (transform.kind) {
    case 'year':
    case 'month':
    case 'hour':
      return true
    case 'day':
      return sourceType.kind !== 'date'
    default:
      return false
  }
}

/** Of `truncate`: a prefix as long as the width, or longer, leaves one result; the partition shows a shorter one. */
function projectPrefix(
  projection: Projection,
  op: 'starts-with' | 'not-starts-with',
  prefix: string,
  { term, transform, sourceType }: PartitionColumn,
): BoundExpression | undefined {
  if (transform.kind !== 'truncate') return undefined
  const length = codePointCount(prefix)
  if (length < transform.width) return { op, term, literal: prefix }
  // Partitions tell whether a longer prefix is ruled out, not whether it is there.
  if (length > transform.width && (op === 'starts-with') !== (projection === 'inclusive')) return undefined
  const literal = bindTransform(transform, sourceType)(prefix)!
  return { op: op === 'starts-with' ? 'eq' : 'not-eq', term, literal }
}

function codePointCount(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
