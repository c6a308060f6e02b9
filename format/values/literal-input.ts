/** What people write, as the internal form of a value. The forms taken for each type stand in `EXPECTED`. */
import { isMoraineError, type MoraineError } from '../errors.ts'
import { type Literal, type PrimitiveType, typeToString } from '../types.ts'
import { isWellFormed } from './code-points.ts'
import { mismatch } from './mismatch.ts'
import {
  bytesToUuid,
  parseDate,
  parseDecimal,
  parseTime,
  parseTimestamp,
  parseUuid,
  timestampForm,
} from './text.ts'

const MILLIS_PER_DAY = 86_400_000
const MICROS_PER_DAY = 86_400_000_000n

const EXPECTED: Readonly<Record<PrimitiveType['kind'], string>> = {
  boolean: 'a boolean',
  int: 'an integer from -2^31 to 2^31 - 1',
  long: 'a bigint from -2^63 to 2^63 - 1 or a safe integer',
  float: 'a number in the range of a float',
  double: 'a number',
  date: "'YYYY-MM-DD', a Date at midnight UTC or days since 1970-01-01",
  time: "'HH:MM:SS.ffffff' or a bigint of microseconds since midnight",
  timestamp: "'YYYY-MM-DDTHH:MM:SS.ffffff' without an offset, a Date or a bigint of microseconds",
  timestamptz: "'YYYY-MM-DDTHH:MM:SS.ffffff' with Z or ±hh:mm, a Date or a bigint of microseconds",
  timestamp_ns: "'YYYY-MM-DDTHH:MM:SS.fffffffff' without an offset, a Date or a bigint of nanoseconds",
  timestamptz_ns: "'YYYY-MM-DDTHH:MM:SS.fffffffff' with Z or ±hh:mm, a Date or a bigint of nanoseconds",
  decimal: 'digits that fit as a string, a bigint of the unscaled value or a safe integer',
  string: 'a string without lone surrogates',
  uuid: 'a dashed uuid or its 16 bytes',
  fixed: 'a Uint8Array of that length',
  binary: 'a Uint8Array',
  geometry: 'a Uint8Array of WKB',
  geography: 'a Uint8Array of WKB',
  unknown: 'null',
}

/**
 * The internal form of `input`; `INVALID_ARGUMENT` naming what was expected and found where it does not fit, for
 * nothing is rounded but a number to a float. Null is the caller's to handle. Bytes are passed on, not copied.
 */
export function toLiteral(type: PrimitiveType, input: unknown): Literal {
  const literal = literalOf(type, input)
  if (literal === undefined) throw unfit(type, input)
  return literal
}

/** Undefined where the input does not fit. */
function literalOf(type: PrimitiveType, input: unknown): Literal | undefined {
  switch (type.kind) {
    case 'boolean':
      return typeof input === 'boolean' ? input : undefined
    case 'int':
      return intOf(input)
    case 'long':
      return longOf(input)
    case 'float':
      return floatOf(input)
    case 'double':
      return doubleOf(input)
    case 'date':
      return dateOf(type, input)
    case 'time':
      return timeOf(type, input)
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return timestampOf(type, input)
    case 'decimal':
      return decimalOf(type, input)
    case 'string':
      return typeof input === 'string' && isWellFormed(input) ? input : undefined
    case 'uuid':
      if (typeof input === 'string') return parsed(type, input, parseUuid)
      return input instanceof Uint8Array && input.length === 16 ? bytesToUuid(input) : undefined
    case 'fixed':
      return input instanceof Uint8Array && input.length === type.length ? input : undefined
    case 'binary':
    case 'geometry':
    case 'geography':
      return input instanceof Uint8Array ? input : undefined
    case 'unknown':
      return undefined
  }
}

function intOf(input: unknown): number | undefined {
  if (typeof input === 'number') return input === (input | 0) ? input | 0 : undefined
  if (typeof input === 'bigint' && input === BigInt.asIntN(32, input)) return Number(input)
  return undefined
}

function longOf(input: unknown): bigint | undefined {
  if (typeof input === 'number') return Number.isSafeInteger(input) ? BigInt(input) : undefined
  return typeof input === 'bigint' ? int64(input) : undefined
}

/** Rounds to the nearest float, but never a finite number to infinity. */
function floatOf(input: unknown): number | undefined {
  const number = doubleOf(input)
  if (number === undefined) return undefined
  const rounded = Math.fround(number)
  return Number.isFinite(number) && !Number.isFinite(rounded) ? undefined : rounded
}

function doubleOf(input: unknown): number | undefined {
  if (typeof input === 'number') return input
  if (typeof input !== 'bigint' || input !== BigInt.asIntN(64, input)) return undefined
  return BigInt(Number(input)) === input ? Number(input) : undefined
}

function dateOf(type: PrimitiveType, input: unknown): number | undefined {
  if (typeof input === 'string') return parsed(type, input, parseDate)
  // A Date with a time of day is one day here and another there: local midnight east of UTC is the day before.
  return intOf(input instanceof Date ? input.getTime() / MILLIS_PER_DAY : input)
}

function timeOf(type: PrimitiveType, input: unknown): bigint | undefined {
  if (typeof input === 'string') return parsed(type, input, parseTime)
  return typeof input === 'bigint' && input >= 0n && input < MICROS_PER_DAY ? input : undefined
}

function timestampOf(type: PrimitiveType, input: unknown): bigint | undefined {
  const form = timestampForm(type)!
  if (typeof input === 'string') return parsed(type, input, (text) => parseTimestamp(text, form))
  if (typeof input === 'bigint') return int64(input)
  if (!(input instanceof Date) || Number.isNaN(input.getTime())) return undefined
  return int64(BigInt(input.getTime()) * (form.unit === 'us' ? 1000n : 1_000_000n))
}

function decimalOf(type: PrimitiveType & { kind: 'decimal' }, input: unknown): bigint | undefined {
  const unscaled = unscaledOf(type, input)
  if (unscaled === undefined) return undefined
  const limit = 10n ** BigInt(type.precision)
  return unscaled > -limit && unscaled < limit ? unscaled : undefined
}

function unscaledOf(type: PrimitiveType & { kind: 'decimal' }, input: unknown): bigint | undefined {
  if (typeof input === 'string') return parsed(type, input, (text) => parseDecimal(text, type.scale))
  if (typeof input === 'bigint') return input
  return Number.isSafeInteger(input) ? BigInt(input as number) * 10n ** BigInt(type.scale) : undefined
}

function int64(value: bigint): bigint | undefined {
  return value === BigInt.asIntN(64, value) ? value : undefined
}

function parsed<T>(type: PrimitiveType, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (error) {
    throw isMoraineError(error, 'INVALID_ARGUMENT') ? unfit(type, text) : error
  }
}

function unfit(type: PrimitiveType, input: unknown): MoraineError {
  return mismatch(`${typeToString(type)} (${EXPECTED[type.kind]})`, input)
}
