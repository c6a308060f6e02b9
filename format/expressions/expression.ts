import type { Literal } from '../types.ts'

/**
 * Row predicates as plain data (the REST spec's `Expression`). Names are full field names (`a.b`) or exact paths.
 * Literals are what a caller wrote (`17`, `17n`, '2026-11-21', a Date, bytes); `bind` converts them to the
 * column's type.
 */
export type Expression =
  | { readonly op: 'true' }
  | { readonly op: 'false' }
  | { readonly op: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly op: 'not'; readonly child: Expression }
  | { readonly op: UnaryOperator; readonly term: Term }
  | { readonly op: LiteralOperator; readonly term: Term; readonly value: LiteralInput }
  | { readonly op: SetOperator; readonly term: Term; readonly values: readonly LiteralInput[] }

export type UnaryOperator = 'is-null' | 'not-null' | 'is-nan' | 'not-nan'
export type LiteralOperator =
  | 'lt'
  | 'lt-eq'
  | 'gt'
  | 'gt-eq'
  | 'eq'
  | 'not-eq'
  | 'starts-with'
  | 'not-starts-with'
export type SetOperator = 'in' | 'not-in'

/** A column, or a transform of one as the REST spec allows. */
export type Term = Reference | { readonly transform: string; readonly reference: Reference }
/** A full name, or a path for names with dots. */
export type Reference = string | readonly string[]

export type LiteralInput = Literal | Date

/** Whether it looks like one; `bind` tells what is wrong with it. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && 'op' in value && typeof value.op === 'string'
}
