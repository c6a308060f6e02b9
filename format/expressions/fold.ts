import { invalidArgument } from '../errors.ts'
import type { Expression } from './expression.ts'

/** An expression without operands but for its term. */
export type Predicate = Extract<Expression, { readonly term: unknown }>

export interface ExpressionFold<T> {
  constant(value: boolean): T
  predicate(predicate: Predicate): T
  /** Two or more operands. */
  and(operands: readonly T[]): T
  or(operands: readonly T[]): T
}

/** How often `and` and `or` may alternate on the way down; runs of one operator are free, however long. */
const MAX_ALTERNATIONS = 500

/**
 * Folds an expression bottom up with every `not` pushed down into the predicates and every run of one operator
 * handed over as one list. INVALID_ARGUMENT for an expression that nests too deep or has an unknown operator.
 */
export function foldExpression<T>(expression: Expression, fold: ExpressionFold<T>): T {
  return foldNode(expression, false, fold, 0)
}

const negations = {
  'is-null': 'not-null',
  'not-null': 'is-null',
  'is-nan': 'not-nan',
  'not-nan': 'is-nan',
  lt: 'gt-eq',
  'lt-eq': 'gt',
  gt: 'lt-eq',
  'gt-eq': 'lt',
  eq: 'not-eq',
  'not-eq': 'eq',
  in: 'not-in',
  'not-in': 'in',
  'starts-with': 'not-starts-with',
  'not-starts-with': 'starts-with',
} as const satisfies Record<Predicate['op'], Predicate['op']>

/** The operator that Iceberg takes for the negation of a predicate; nulls match neither of `lt` and `gt-eq`. */
export function negateOperator<O extends Predicate['op']>(op: O): (typeof negations)[O] {
  return negations[op]
}

function foldNode<T>(expression: Expression, negated: boolean, fold: ExpressionFold<T>, depth: number): T {
  if (depth > MAX_ALTERNATIONS) {
    throw invalidArgument(`the expression alternates between and and or more than ${MAX_ALTERNATIONS} times`)
  }
  const node = stripNot(expression, negated)
  const op = operatorOf(node)
  if (op === 'predicate') return fold.predicate(asPredicate(node))
  if (op !== 'and' && op !== 'or') return fold.constant(op === 'true')
  const operands = operandsOf(node, op).map((operand) =>
    foldNode(operand.expression, operand.negated, fold, depth + 1),
  )
  return op === 'and' ? fold.and(operands) : fold.or(operands)
}

interface Node {
  readonly expression: Expression
  readonly negated: boolean
}

function stripNot(expression: Expression, negated: boolean): Node {
  let node = { expression, negated }
  while (node.expression.op === 'not') node = { expression: node.expression.child, negated: !node.negated }
  return node
}

function operatorOf({ expression, negated }: Node): 'true' | 'false' | 'and' | 'or' | 'predicate' {
  switch (expression.op) {
    case 'true':
      return negated ? 'false' : 'true'
    case 'false':
      return negated ? 'true' : 'false'
    case 'and':
      return negated ? 'or' : 'and'
    case 'or':
      return negated ? 'and' : 'or'
    default:
      return 'predicate'
  }
}

/** Operands of a run of one operator, left to right. The stack is ours: a run may be 100,000 long. */
function operandsOf(node: Node, op: 'and' | 'or'): Node[] {
  const operands: Node[] = []
  const stack = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { expression, negated } = stripNot(next.expression, next.negated)
    if ((expression.op === 'and' || expression.op === 'or') && operatorOf({ expression, negated }) === op) {
      stack.push({ expression: expression.right, negated }, { expression: expression.left, negated })
    } else {
      operands.push({ expression, negated })
    }
  }
  return operands
}

function asPredicate({ expression, negated }: Node): Predicate {
  if (!('term' in expression) || negations[expression.op] === undefined) {
    throw invalidArgument(`expected a predicate, found operator '${String(expression.op)}'`)
  }
  return negated ? ({ ...expression, op: negations[expression.op] } as Predicate) : expression
}
