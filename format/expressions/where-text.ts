import { unsupported } from '../errors.ts'
import { hexToBytes } from '../values/text.ts'
import { allOf, alwaysFalse, alwaysTrue, anyOf, not, notNull } from './build.ts'
import type { Expression, LiteralInput, Term } from './expression.ts'
import { foldExpression } from './fold.ts'
import { type Token, unexpected, whereTokens } from './where-tokens.ts'

/**
 * Parses the text of a filter, as SQL writes it:
 *
 * ```
 * amount > 100.50 and city in ('Bergen', 'Oslo') or not (address.zip is null)
 * name like 'Mo%' and day(ts) between '2026-11-01' and '2026-11-20' and bucket(16, id) = 3
 * "odd name"."b.c" is not nan and flag != true and id = 9007199254740993 and raw = x'00ff'
 * ```
 *
 * Keywords in any case, names as they are; a name that is no plain word goes in double quotes or backticks. `like`
 * takes a prefix only, `\` keeps a `%` or `_` plain. A number that is no safe integer stays text until it meets its
 * column, so that a long or a decimal gets every digit. Nulls are SQL's: only `is null` matches them, however a
 * predicate is negated (Iceberg's own `not-eq`, `not-in` and `not-starts-with` match null; the parsed expression adds
 * `not-null` to them). Zero is SQL's too: 0 and -0.0 are one.
 *
 * INVALID_ARGUMENT says where the text went wrong and what was expected there; UNSUPPORTED a `like` pattern that is
 * no prefix.
 */
export function parseWhere(text: string): Expression {
  const cursor: Cursor = { text, tokens: whereTokens(text), next: 0 }
  const expression = parseOr(cursor, 0)
  if (peek(cursor).kind !== 'end') throw expected(cursor, 'and, or or the end')
  return withSqlNulls(expression)
}

/** Pushes every `not` down to its predicate, and keeps nulls out of the predicates that Iceberg lets them pass. */
function withSqlNulls(expression: Expression): Expression {
  return foldExpression<Expression>(expression, {
    constant: (value) => (value ? alwaysTrue : alwaysFalse),
    predicate: (predicate) =>
      MATCHES_NULL.has(predicate.op) ? allOf([notNull(predicate.term), predicate]) : predicate,
    and: allOf,
    or: anyOf,
  })
}

const MATCHES_NULL: ReadonlySet<string> = new Set(['not-eq', 'not-in', 'not-starts-with', 'not-nan'])

/** Parentheses and `not` may nest this deep. */
const MAX_DEPTH = 200

interface Cursor {
  readonly text: string
  readonly tokens: readonly Token[]
  next: number
}

function parseOr(cursor: Cursor, depth: number): Expression {
  const operands = [parseAnd(cursor, depth)]
  while (takeWord(cursor, 'or')) operands.push(parseAnd(cursor, depth))
  return anyOf(operands)
}

function parseAnd(cursor: Cursor, depth: number): Expression {
  const operands = [parseNot(cursor, depth)]
  while (takeWord(cursor, 'and')) operands.push(parseNot(cursor, depth))
  return allOf(operands)
}

function parseNot(cursor: Cursor, depth: number): Expression {
  if (depth > MAX_DEPTH) throw expected(cursor, `at most ${MAX_DEPTH} levels of not and parentheses`)
  if (takeWord(cursor, 'not')) return not(parseNot(cursor, depth + 1))
  if (takeSymbol(cursor, '(')) {
    const inner = parseOr(cursor, depth + 1)
    expectSymbol(cursor, ')')
    return inner
  }
  if (takeWord(cursor, 'true')) return alwaysTrue
  if (takeWord(cursor, 'false')) return alwaysFalse
  return parsePredicate(cursor)
}

function parsePredicate(cursor: Cursor): Expression {
  const term = parseTerm(cursor)
  if (takeWord(cursor, 'is')) return parseIs(cursor, term)
  const negated = takeWord(cursor, 'not')
  const predicate = parseWordOperator(cursor, term)
  if (predicate !== undefined) return negated ? not(predicate) : predicate
  if (negated) throw expected(cursor, 'in, like or between')
  const token = peek(cursor)
  const op = token.kind === 'symbol' ? COMPARISONS.get(token.text) : undefined
  if (op === undefined) throw expected(cursor, 'a comparison, is, in, like or between')
  cursor.next++
  return comparison(op, term, parseLiteral(cursor))
}

/** Iceberg has -0.0 below 0.0; SQL has one zero, which is the one or the other by the side that it is asked from. */
function comparison(op: Comparison, term: Term, value: LiteralInput): Expression {
  if (value !== 0) return { op, term, value }
  switch (op) {
    case 'eq':
      return { op: 'in', term, values: ZEROS }
    case 'not-eq':
      return { op: 'not-in', term, values: ZEROS }
    default:
      return { op, term, value: op === 'lt' || op === 'gt-eq' ? -0 : 0 }
  }
}

const ZEROS = [-0, 0] as const

const COMPARISONS = new Map([
  ['=', 'eq'],
  ['==', 'eq'],
  ['!=', 'not-eq'],
  ['<>', 'not-eq'],
  ['<', 'lt'],
  ['<=', 'lt-eq'],
  ['>', 'gt'],
  ['>=', 'gt-eq'],
] as const) as ReadonlyMap<string, Comparison>

type Comparison = 'eq' | 'not-eq' | 'lt' | 'lt-eq' | 'gt' | 'gt-eq'

function parseIs(cursor: Cursor, term: Term): Expression {
  const negated = takeWord(cursor, 'not')
  if (takeWord(cursor, 'null')) return { op: negated ? 'not-null' : 'is-null', term }
  if (takeWord(cursor, 'nan')) return { op: negated ? 'not-nan' : 'is-nan', term }
  throw expected(cursor, negated ? 'null or nan' : 'null, nan or not')
}

function parseWordOperator(cursor: Cursor, term: Term): Expression | undefined {
  if (takeWord(cursor, 'in')) {
    const values = parseLiterals(cursor).flatMap((value) => (value === 0 ? ZEROS : [value]))
    return { op: 'in', term, values }
  }
  if (takeWord(cursor, 'like')) return parseLike(cursor, term)
  if (!takeWord(cursor, 'between')) return undefined
  const low = parseLiteral(cursor)
  if (!takeWord(cursor, 'and')) throw expected(cursor, 'and')
  const high = parseLiteral(cursor)
  return allOf([comparison('gt-eq', term, low), comparison('lt-eq', term, high)])
}

function parseLike(cursor: Cursor, term: Term): Expression {
  const token = peek(cursor)
  if (token.kind !== 'string') throw expected(cursor, "a pattern as 'abc%'")
  cursor.next++
  const [, plain, wildcards] = /^((?:[^\\%_]|\\[\s\S])*)([\s\S]*)$/.exec(token.text)!
  if (wildcards !== '' && wildcards !== '%') {
    throw unsupported(
      `where: like takes a prefix followed by one %, found '${token.text.slice(0, 60)}' at character ${token.at + 1}`,
      { position: token.at + 1 },
    )
  }
  const value = plain!.replaceAll(/\\([\s\S])/g, '$1')
  return { op: wildcards === '' ? 'eq' : 'starts-with', term, value }
}

/** Keywords of the grammar; a column of that name needs quotes. */
const KEYWORDS = new Set('and or not is in like between null nan true false'.split(' '))
const TRANSFORMS = new Map([
  ['year', 'year'],
  ['years', 'year'],
  ['month', 'month'],
  ['months', 'month'],
  ['day', 'day'],
  ['days', 'day'],
  ['hour', 'hour'],
  ['hours', 'hour'],
  ['bucket', 'bucket'],
  ['truncate', 'truncate'],
])

function parseTerm(cursor: Cursor): Term {
  const token = peek(cursor)
  const transform = token.kind === 'word' ? TRANSFORMS.get(token.text.toLowerCase()) : undefined
  const opens = cursor.tokens[cursor.next + 1]
  if (transform === undefined || opens?.kind !== 'symbol' || opens.text !== '(') return parseName(cursor)
  cursor.next += 2
  if (transform !== 'bucket' && transform !== 'truncate') {
    const reference = parseName(cursor)
    expectSymbol(cursor, ')')
    return { transform, reference }
  }
  const first = takeCount(cursor)
  if (first !== undefined) expectSymbol(cursor, ',')
  const reference = parseName(cursor)
  if (first === undefined) expectSymbol(cursor, ',')
  const count = first ?? takeCount(cursor)
  if (count === undefined) throw expected(cursor, 'a whole number from 1 to 2147483647')
  expectSymbol(cursor, ')')
  return { transform: `${transform}[${count}]`, reference }
}

function takeCount(cursor: Cursor): string | undefined {
  const token = peek(cursor)
  if (token.kind !== 'number') return undefined
  const count = Number(token.text)
  if (!Number.isInteger(count) || count < 1 || count > 2147483647) {
    throw expected(cursor, 'a whole number from 1 to 2147483647')
  }
  cursor.next++
  return String(count)
}

/** A full name, or the path where one of its parts holds a dot. */
function parseName(cursor: Cursor): string | readonly string[] {
  const parts = [parseNamePart(cursor)]
  while (takeSymbol(cursor, '.')) parts.push(parseNamePart(cursor))
  return parts.some((part) => part.includes('.')) ? parts : parts.join('.')
}

function parseNamePart(cursor: Cursor): string {
  const token = peek(cursor)
  const plain = token.kind === 'word' && !KEYWORDS.has(token.text.toLowerCase())
  if (!plain && token.kind !== 'name') throw expected(cursor, 'a column')
  cursor.next++
  return token.text
}

function parseLiterals(cursor: Cursor): LiteralInput[] {
  expectSymbol(cursor, '(')
  const values = [parseLiteral(cursor)]
  while (takeSymbol(cursor, ',')) values.push(parseLiteral(cursor))
  expectSymbol(cursor, ')')
  return values
}

function parseLiteral(cursor: Cursor): LiteralInput {
  const sign = takeSymbol(cursor, '-') ? '-' : takeSymbol(cursor, '+') ? '+' : ''
  const token = peek(cursor)
  if (token.kind === 'number') {
    cursor.next++
    return numberLiteral(sign, token.text)
  }
  if (sign !== '') throw expected(cursor, 'a number')
  if (token.kind === 'string' || token.kind === 'bytes') {
    cursor.next++
    return token.kind === 'string' ? token.text : hexToBytes(token.text)
  }
  if (takeWord(cursor, 'true')) return true
  if (takeWord(cursor, 'false')) return false
  if (isWord(token, 'null') || isWord(token, 'nan')) {
    throw expected(cursor, `a value (for ${token.text.toLowerCase()} write: is ${token.text.toLowerCase()})`)
  }
  throw expected(cursor, token.kind === 'name' ? "a value (texts go in '…')" : 'a value')
}

function numberLiteral(sign: string, digits: string): LiteralInput {
  const text = sign === '-' ? `-${digits}` : digits
  if (/^[0.]+$/.test(digits)) return 0
  return /^\d+$/.test(digits) && Number.isSafeInteger(Number(text)) ? Number(text) : text
}

function peek(cursor: Cursor): Token {
  return cursor.tokens[cursor.next]!
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word
}

function takeWord(cursor: Cursor, word: string): boolean {
  if (!isWord(peek(cursor), word)) return false
  cursor.next++
  return true
}

function takeSymbol(cursor: Cursor, symbol: string): boolean {
  const token = peek(cursor)
  if (token.kind !== 'symbol' || token.text !== symbol) return false
  cursor.next++
  return true
}

function expectSymbol(cursor: Cursor, symbol: string): void {
  if (!takeSymbol(cursor, symbol)) throw expected(cursor, `'${symbol}'`)
}

function expected(cursor: Cursor, what: string) {
  const token = peek(cursor)
  const found = token.kind === 'end' ? 'the end' : `'${token.text.slice(0, 40)}'`
  return unexpected(cursor.text, token.at, what, found)
}
