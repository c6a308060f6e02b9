/**
 * JSON without loss: integers outside ±(2^53 − 1) are bigint, objects have a null prototype and keep the order of
 * their keys, so that a name such as `__proto__` is a name like any other. (Keys that look like array indexes come
 * first: JavaScript orders them so.)
 */

import { invalidArgument, invalidData, type MoraineError } from './errors.ts'
import { readLimits } from './read-limits.ts'

export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/**
 * A finite number that `stringifyJson` writes with a fraction even when it is whole (`1.0`): by that, readers such as
 * Jackson tell doubles from integers. Opaque to all else; `parseJson` gives plain numbers.
 */
export function jsonDouble(value: number): JsonValue {
  return Number.isInteger(value) ? (new WholeDouble(value) as unknown as JsonValue) : value
}

class WholeDouble {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** Text that `stringifyJson` gave before, to stand in compact text as it is. Opaque to all else. */
export function jsonText(text: string): JsonValue {
  return new JsonText(text) as unknown as JsonValue
}

class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export interface ParseJsonOptions {
  /** How deep arrays and objects may nest. Default: `depth` of `setReadLimits`. */
  readonly maxDepth?: number
}

/** BigInt conversion of longer digits would take quadratic time. */
const MAX_INTEGER_LENGTH = 1000

/**
 * Parses one JSON text (RFC 8259), given as a string or as UTF-8 bytes. Of duplicate keys the last wins, as in
 * JSON.parse and Jackson. A number with a fraction or an exponent is a double and must not overflow.
 *
 * Throws INVALID_DATA naming line and column (both from 1, in UTF-16 units).
 */
export function parseJson(source: string | Uint8Array, options: ParseJsonOptions = {}): JsonValue {
  const text = typeof source === 'string' ? source : decodeUtf8(source)
  const cursor: Cursor = { text, at: 0, depthLeft: options.maxDepth ?? readLimits().depth }
  skipSpace(cursor)
  const value = parseValue(cursor)
  if (cursor.at < text.length) throw unexpected(cursor, 'the end of the text')
  return value
}

/**
 * Writes a value as JSON text that `parseJson` reads back as the same value. bigint is written as digits, −0 as
 * `-0.0`, a lone surrogate as an escape. NaN and infinities throw INVALID_ARGUMENT, and so does nesting that
 * `parseJson` would refuse.
 */
export function stringifyJson(value: JsonValue, indent = 0): string {
  return textOf(value, ' '.repeat(indent), indent > 0 ? '\n' : '', readLimits().depth)
}

interface Cursor {
  readonly text: string
  at: number
  depthLeft: number
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalidData('JSON text is not valid UTF-8', { rule: 'RFC 8259 section 8.1' }, error)
  }
}

/** Parses the value at the cursor, which stands on its first character, and skips the space behind it. */
function parseValue(cursor: Cursor): JsonValue {
  let value: JsonValue
  switch (cursor.text.charCodeAt(cursor.at)) {
    case 0x7b: // {
      value = parseNested(cursor, parseObject)
      break
    case 0x5b: // [
      value = parseNested(cursor, parseArray)
      break
    case 0x22: // "
      value = parseString(cursor)
      break
    case 0x74: // t
      value = parseWord(cursor, 'true', true)
      break
    case 0x66: // f
      value = parseWord(cursor, 'false', false)
      break
    case 0x6e: // n
      value = parseWord(cursor, 'null', null)
      break
    default:
      value = parseNumber(cursor)
  }
  skipSpace(cursor)
  return value
}

function parseNested(cursor: Cursor, parse: (cursor: Cursor) => JsonValue): JsonValue {
  if (cursor.depthLeft === 0) throw failure(cursor, 'arrays and objects nest too deep')
  cursor.depthLeft--
  cursor.at++
  skipSpace(cursor)
  const value = parse(cursor)
  cursor.depthLeft++
  return value
}

function parseObject(cursor: Cursor): JsonObject {
  const object: Record<string, JsonValue> = Object.create(null)
  if (take(cursor, '}')) return object
  for (;;) {
    if (cursor.text[cursor.at] !== '"') throw unexpected(cursor, 'a key in double quotes')
    const key = parseString(cursor)
    skipSpace(cursor)
    if (!take(cursor, ':')) throw unexpected(cursor, "':'")
    skipSpace(cursor)
    object[key] = parseValue(cursor)
    if (take(cursor, '}')) return object
    if (!take(cursor, ',')) throw unexpected(cursor, "',' or '}'")
    skipSpace(cursor)
  }
}

function parseArray(cursor: Cursor): JsonValue[] {
  const array: JsonValue[] = []
  if (take(cursor, ']')) return array
  for (;;) {
    array.push(parseValue(cursor))
    if (take(cursor, ']')) return array
    if (!take(cursor, ',')) throw unexpected(cursor, "',' or ']'")
    skipSpace(cursor)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold bare control characters.
const plainCharacters = /[^"\\\u0000-\u001f]*/y

function parseString(cursor: Cursor): string {
  cursor.at++
  const first = takePlain(cursor)
  if (take(cursor, '"')) return first
  const parts = [first]
  for (;;) {
    if (!take(cursor, '\\')) throw unexpected(cursor, 'a character of a string or its closing quote')
    parts.push(parseEscape(cursor), takePlain(cursor))
    if (take(cursor, '"')) return parts.join('')
  }
}

function takePlain(cursor: Cursor): string {
  plainCharacters.lastIndex = cursor.at
  plainCharacters.test(cursor.text)
  const start = cursor.at
  cursor.at = plainCharacters.lastIndex
  return cursor.text.slice(start, cursor.at)
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

function parseEscape(cursor: Cursor): string {
  const letter = cursor.text[cursor.at] ?? ''
  const short = shortEscapes.get(letter)
  if (short !== undefined) {
    cursor.at++
    return short
  }
  const digits = cursor.text.slice(cursor.at + 1, cursor.at + 5)
  if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw unexpected(cursor, 'an escape')
  cursor.at += 5
  return String.fromCharCode(Number.parseInt(digits, 16))
}

const numberToken = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y

function parseNumber(cursor: Cursor): number | bigint {
  numberToken.lastIndex = cursor.at
  const match = numberToken.exec(cursor.text)
  if (match === null) throw unexpected(cursor, 'a value')
  const token = match[0]
  const isInteger = match[1] === undefined && match[2] === undefined
  const value = Number(token)
  if (isInteger && !Number.isSafeInteger(value)) {
    if (token.length > MAX_INTEGER_LENGTH) throw failure(cursor, `an integer of ${token.length} characters`)
    cursor.at += token.length
    return BigInt(token)
  }
  if (!Number.isFinite(value)) throw failure(cursor, 'a number too large for a double')
  cursor.at += token.length
  return value
}

function parseWord<T extends JsonValue>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) throw unexpected(cursor, 'a value')
  cursor.at += word.length
  return value
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false
  cursor.at++
  return true
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    cursor.at++
  }
}

function unexpected(cursor: Cursor, expected: string): MoraineError {
  const found =
    cursor.at < cursor.text.length ? JSON.stringify(cursor.text[cursor.at]) : 'the end of the text'
  return failure(cursor, `expected ${expected}, found ${found}`)
}

function failure(cursor: Cursor, problem: string): MoraineError {
  const before = cursor.text.slice(0, cursor.at)
  const line = before.split('\n').length
  const column = cursor.at - before.lastIndexOf('\n')
  return invalidData(`JSON ${line}:${column}: ${problem}`, { rule: 'RFC 8259', line, column })
}

/** `newline` is '' for compact text; otherwise it carries the indentation of the line. */
function textOf(value: JsonValue, indent: string, newline: string, depthLeft: number): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return numberText(value)
  if (value === null || typeof value !== 'object') return String(value)
  if (value instanceof WholeDouble) return doubleText(value.value)
  if (value instanceof JsonText) return value.text
  if (depthLeft === 0) throw invalidArgument(`JSON nests deeper than ${readLimits().depth} levels`)
  const inner = newline === '' ? '' : newline + indent
  let text = ''
  if (Array.isArray(value)) {
    for (const element of value) {
      text += `${text === '' ? '' : ','}${inner}${textOf(element, indent, inner, depthLeft - 1)}`
    }
    return text === '' ? '[]' : `[${text}${newline}]`
  }
  const object = value as JsonObject
  const colon = newline === '' ? ':' : ': '
  for (const key of Object.keys(object)) {
    const member = textOf(object[key]!, indent, inner, depthLeft - 1)
    text += `${text === '' ? '' : ','}${inner}${quoted(key)}${colon}${member}`
  }
  return text === '' ? '{}' : `{${text}${newline}}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold bare control characters.
const plainText = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/

function quoted(text: string): string {
  return text.length < 64 && plainText.test(text) ? `"${text}"` : JSON.stringify(text)
}

function doubleText(value: number): string {
  const text = numberText(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw invalidArgument(`JSON has no number for ${value}`)
  return Object.is(value, -0) ? '-0.0' : String(value)
}
