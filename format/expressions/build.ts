import type { Expression, LiteralInput, Term } from './expression.ts'

export const alwaysTrue: Expression = { op: 'true' }
export const alwaysFalse: Expression = { op: 'false' }

/** True where every operand is; constants are folded away. No operand: true. */
export function and(...operands: Expression[]): Expression {
  return allOf(operands)
}

/** True where any operand is; constants are folded away. No operand: false. */
export function or(...operands: Expression[]): Expression {
  return anyOf(operands)
}

/** `and` of a list of any length. */
export function allOf(operands: readonly Expression[]): Expression {
  return join('and', operands)
}

/** `or` of a list of any length. */
export function anyOf(operands: readonly Expression[]): Expression {
  return join('or', operands)
}

/**
 * The complement, as Iceberg takes it: it is pushed down to the predicates, so `not(lt(x, 5))` is `gtEq(x, 5)`,
 * which a null does not match either, while `not(eq(x, 5))` is `notEq(x, 5)`, which a null matches.
 */
export function not(child: Expression): Expression {
  if (child.op === 'true') return alwaysFalse
  if (child.op === 'false') return alwaysTrue
  return child.op === 'not' ? child.child : { op: 'not', child }
}

export function eq(term: Term, value: LiteralInput): Expression {
  return { op: 'eq', term, value }
}

/** Matches null too, as in Iceberg Java: null is distinct from every value. */
export function notEq(term: Term, value: LiteralInput): Expression {
  return { op: 'not-eq', term, value }
}

export function lt(term: Term, value: LiteralInput): Expression {
  return { op: 'lt', term, value }
}

export function ltEq(term: Term, value: LiteralInput): Expression {
  return { op: 'lt-eq', term, value }
}

export function gt(term: Term, value: LiteralInput): Expression {
  return { op: 'gt', term, value }
}

export function gtEq(term: Term, value: LiteralInput): Expression {
  return { op: 'gt-eq', term, value }
}

export function isIn(term: Term, values: readonly LiteralInput[]): Expression {
  return { op: 'in', term, values }
}

/** Matches null too; see `notEq`. */
export function notIn(term: Term, values: readonly LiteralInput[]): Expression {
  return { op: 'not-in', term, values }
}

export function isNull(term: Term): Expression {
  return { op: 'is-null', term }
}

export function notNull(term: Term): Expression {
  return { op: 'not-null', term }
}

export function isNan(term: Term): Expression {
  return { op: 'is-nan', term }
}

/** Matches null too: null is not a NaN. */
export function notNan(term: Term): Expression {
  return { op: 'not-nan', term }
}

export function startsWith(term: Term, prefix: string): Expression {
  return { op: 'starts-with', term, value: prefix }
}

/** Matches null too; see `notEq`. */
export function notStartsWith(term: Term, prefix: string): Expression {
  return { op: 'not-starts-with', term, value: prefix }
}

/** A balanced tree, so that the depth of many operands stays small. */
function join(op: 'and' | 'or', operands: readonly Expression[]): Expression {
  const absorbing = op === 'and' ? 'false' : 'true'
  const neutral = op === 'and' ? 'true' : 'false'
  if (operands.some((operand) => operand.op === absorbing)) return { op: absorbing }
  let row = operands.filter((operand) => operand.op !== neutral)
  if (row.length === 0) return { op: neutral }
  while (row.length > 1) {
    const pairs: Expression[] = []
    for (let i = 0; i < row.length; i += 2) {
      const left = row[i]!
      const right = row[i + 1]
      pairs.push(right === undefined ? left : { op, left, right })
    }
    row = pairs
  }
  return row[0]!
}
