import { invalidArgument, type MoraineError } from '../errors.ts'

export type Token =
  /** A bare word: a keyword in any case, or a name as written. */
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  /** A quoted name, quotes removed. */
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly text: string; readonly at: number }
  | { readonly kind: 'bytes'; readonly text: string; readonly at: number }
  /** Digits, optionally with a point or an exponent; the sign is a symbol. */
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number }

const PATTERNS: readonly (readonly [Exclude<Token['kind'], 'end'>, RegExp])[] = [
  ['bytes', /[xX]'(?:[\da-fA-F]{2})*'/y],
  ['string', /'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")+"|`(?:[^`]|``)+`/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\d_])/uy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /<=|>=|<>|!=|==|[=<>(),.+-]/y],
]
const SPACE = /\s*/y

/** Splits a `where` text; the last token is `end`. Quotes are removed and their doubled forms undone. */
export function whereTokens(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const token = tokenAt(text, at)
    tokens.push(token.token)
    at += token.length
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}

/** INVALID_ARGUMENT that says what was expected at which character, counted from 1. */
export function unexpected(text: string, at: number, expected: string, found: string): MoraineError {
  return invalidArgument(`where: expected ${expected} at character ${at + 1}, found ${found}`, {
    where: text.slice(0, 200),
    position: at + 1,
    expected,
  })
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at
  SPACE.exec(text)
  return SPACE.lastIndex
}

function tokenAt(text: string, at: number): { readonly token: Token; readonly length: number } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at
    const match = pattern.exec(text)?.[0]
    if (match !== undefined) return { token: { kind, text: unquote(kind, match), at }, length: match.length }
  }
  const found = text[at]!
  if (found === "'") throw unexpected(text, at, "a closing ' after this one", 'the end')
  if (found === '"' || found === '`') throw unexpected(text, at, `a name in ${found}`, 'no closing quote')
  const isDigit = found >= '0' && found <= '9'
  throw unexpected(
    text,
    at,
    isDigit ? 'a number' : 'a name, a value or an operator',
    `'${text.slice(at, at + 12)}'`,
  )
}

function unquote(kind: Token['kind'], match: string): string {
  switch (kind) {
    case 'string':
      return match.slice(1, -1).replaceAll("''", "'")
    case 'name':
      return match.slice(1, -1).replaceAll(match[0]! + match[0]!, match[0]!)
    case 'bytes':
      return match.slice(2, -1)
    default:
      return match
  }
}
