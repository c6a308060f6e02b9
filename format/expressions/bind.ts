import { invalidArgument, messageOf, unsupported } from '../errors.ts'
import { nearNames } from '../near-names.ts'
import { fieldsById, findFieldByName, findFieldByPath, type Schema, type SchemaField } from '../schema.ts'
import { canTransform, transformResultType } from '../transforms/apply.ts'
import { parseTransform } from '../transforms/parse.ts'
import type { Transform } from '../transforms/transform.ts'
import { isPrimitive, type Literal, typeToString } from '../types.ts'
import { bindLiteral, finiteLimit } from './bind-literal.ts'
import {
  type BoundExpression,
  type BoundTerm,
  boundAnd,
  boundFalse,
  boundOr,
  boundSet,
  boundTrue,
} from './bound.ts'
import type {
  Expression,
  LiteralInput,
  LiteralOperator,
  Reference,
  SetOperator,
  Term,
  UnaryOperator,
} from './expression.ts'
import { foldExpression, type Predicate } from './fold.ts'

export type { BoundExpression, BoundPredicate, BoundTerm } from './bound.ts'

/**
 * Resolves names to columns and literals to the columns' types, and simplifies: no `not` is left, and what the
 * schema decides (is-null of a required column, a literal beyond the column's range) is folded.
 *
 * INVALID_ARGUMENT for an unknown column (the message names near ones), a column that is not primitive or lies in a
 * list or map, and a literal that the column's type cannot take. UNSUPPORTED for a transform that is not known.
 */
export function bind(expression: Expression, schema: Pick<Schema, 'fields'>): BoundExpression {
  return foldExpression<BoundExpression>(expression, {
    constant: (value) => (value ? boundTrue : boundFalse),
    predicate: (predicate) => bindPredicate(predicate, schema),
    and: boundAnd,
    or: boundOr,
  })
}

/** `bind` of a single predicate: a bound predicate, a constant, or what an unrepresentable literal comes to. */
export function bindPredicate(predicate: Predicate, schema: Pick<Schema, 'fields'>): BoundExpression {
  const term = bindTerm(predicate.term, schema)
  switch (predicate.op) {
    case 'is-null':
    case 'not-null':
    case 'is-nan':
    case 'not-nan':
      return bindUnary(predicate.op, term)
    case 'in':
    case 'not-in':
      return bindSet(predicate.op, term, predicate.values)
    default:
      return bindComparison(predicate.op, term, predicate.value)
  }
}

/** Resolves a column or a transform of one; errors as `bind`. */
export function bindTerm(term: Term, schema: Pick<Schema, 'fields'>): BoundTerm {
  if (typeof term === 'string' || !('reference' in term)) return bindReference(term, schema)
  const reference = bindReference(term.reference, schema)
  const transform = transformOf(term.transform)
  if (transform.kind === 'identity') return reference
  if (transform.kind === 'unknown') {
    throw unsupported(`transform '${transform.text}' is not known, so it cannot filter rows`)
  }
  if (!canTransform(transform, reference.sourceType)) {
    throw invalidArgument(
      `transform '${term.transform}' does not apply to column '${reference.path.join('.')}' of type ${typeToString(reference.sourceType)}`,
    )
  }
  return {
    ...reference,
    transform,
    type: transformResultType(transform, reference.sourceType),
    nullable: reference.nullable || transform.kind === 'void',
  }
}

function transformOf(text: string): Transform {
  try {
    return parseTransform(text)
  } catch (error) {
    throw invalidArgument(messageOf(error), { transform: text.slice(0, 60) })
  }
}

function bindReference(reference: Reference, schema: Pick<Schema, 'fields'>): BoundTerm {
  const entry =
    typeof reference === 'string' ? findFieldByName(schema, reference) : findFieldByPath(schema, reference)
  if (entry === undefined) throw unknownColumn(reference, schema)
  const name = entry.path.join('.')
  if (entry.repeated) {
    throw invalidArgument(`column '${name}' lies inside a list or a map; a predicate cannot refer to it`)
  }
  const { type } = entry.field
  if (!isPrimitive(type)) {
    throw invalidArgument(`column '${name}' is a ${type.kind}; a predicate needs a primitive column`)
  }
  return {
    fieldId: entry.field.id,
    idPath: entry.idPath,
    path: entry.path,
    sourceType: type,
    type,
    nullable: entry.nullable,
  }
}

function unknownColumn(reference: Reference, schema: Pick<Schema, 'fields'>): Error {
  const name = typeof reference === 'string' ? reference : reference.join('.')
  const known = [...columnNames(fieldsById(schema).values())]
  const near = nearNames(name, known)
  const hint =
    near.length > 0
      ? `did you mean ${near.map((n) => `'${n}'`).join(' or ')}?`
      : `there are: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`
  return invalidArgument(`there is no column '${name}'; ${hint}`, { column: name })
}

function* columnNames(fields: Iterable<SchemaField>): Iterable<string> {
  for (const { field, path, repeated } of fields) {
    if (!repeated && isPrimitive(field.type)) yield path.join('.')
  }
}

function bindUnary(op: UnaryOperator, term: BoundTerm): BoundExpression {
  switch (op) {
    case 'is-null':
      if (!term.nullable) return boundFalse
      return term.type.kind === 'unknown' ? boundTrue : { op, term }
    case 'not-null':
      if (!term.nullable) return boundTrue
      return term.type.kind === 'unknown' ? boundFalse : { op, term }
    case 'is-nan':
    case 'not-nan':
      if (term.type.kind === 'float' || term.type.kind === 'double') return { op, term }
      throw invalidArgument(
        `column '${nameOf(term)}' is a ${typeToString(term.type)}; only float and double have NaN`,
      )
  }
}

function bindSet(op: SetOperator, term: BoundTerm, values: readonly LiteralInput[]): BoundExpression {
  requireComparable(term)
  if (!Array.isArray(values)) {
    throw invalidArgument(`${op} of column '${nameOf(term)}' needs a list of values`)
  }
  const literals: Literal[] = []
  for (const value of values) {
    const literal = bindLiteral(term.type, value, nameOf(term))
    // A value between two of the column's, or beyond its range, equals no row's.
    if ('at' in literal) literals.push(literal.at)
  }
  return boundSet(op, term, literals)
}

function bindComparison(op: LiteralOperator, term: BoundTerm, value: LiteralInput): BoundExpression {
  requireComparable(term)
  if ((op === 'starts-with' || op === 'not-starts-with') && term.type.kind !== 'string') {
    throw invalidArgument(`${op} needs a string; column '${nameOf(term)}' is a ${typeToString(term.type)}`)
  }
  const literal = bindLiteral(term.type, value, nameOf(term))
  if ('at' in literal) return { op, term, literal: literal.at }
  if ('below' in literal) return betweenNeighbours(op, term, literal.below)
  return beyondRange(op, term, literal.beyond)
}

/** The literal lies above `below` and under its successor: an order comparison falls to the nearer of the two. */
function betweenNeighbours(op: LiteralOperator, term: BoundTerm, below: bigint): BoundExpression {
  switch (op) {
    case 'lt':
    case 'lt-eq':
      return { op: 'lt-eq', term, literal: below }
    case 'gt':
    case 'gt-eq':
      return { op: 'gt', term, literal: below }
    default:
      return op === 'eq' ? boundFalse : boundTrue
  }
}

/**
 * Iceberg Java folds these to constants. We differ in one point: a comparison that every value passes becomes
 * not-null, since a null passes no comparison, however great the literal.
 */
function beyondRange(op: LiteralOperator, term: BoundTerm, beyond: 'max' | 'min'): BoundExpression {
  if (op === 'eq' || op === 'not-eq') return op === 'eq' ? boundFalse : boundTrue
  const below = op === 'lt' || op === 'lt-eq'
  const passes = below === (beyond === 'max')
  // A float column still has infinities and NaN beyond its finite range.
  if (term.type.kind === 'float') {
    const edge = { term, literal: finiteLimit(beyond) }
    if (below) return { op: passes ? 'lt-eq' : 'lt', ...edge }
    return { op: passes ? 'gt-eq' : 'gt', ...edge }
  }
  return passes ? bindUnary('not-null', term) : boundFalse
}

function requireComparable(term: BoundTerm): void {
  const { kind } = term.type
  if (kind === 'geometry' || kind === 'geography' || kind === 'unknown') {
    throw invalidArgument(
      `column '${nameOf(term)}' is of type ${kind}, which has no order; only is-null and not-null apply`,
    )
  }
}

function nameOf(term: BoundTerm): string {
  return term.path.join('.')
}
