import { invalidArgument, messageOf } from '../errors.ts'
import type { DecimalType, Literal, PrimitiveType } from '../types.ts'
import { toLiteral } from '../values/literal-input.ts'
import { hexToBytes } from '../values/text.ts'
import type { LiteralInput } from './expression.ts'

/**
 * Where a literal stands in a column's order: at a value of the column's type, between two neighbours of which
 * `below` is the lower, or beyond the type's range.
 */
export type BoundLiteral =
  | { readonly at: Literal }
  | { readonly below: bigint }
  | { readonly beyond: 'max' | 'min' }

/**
 * Converts what a caller wrote to the column's type, as Iceberg Java's literals do: numbers out of an int's, a
 * long's, a date's or a float's range stand beyond it; a decimal text keeps its scale and may fall between two
 * values of the column; a fractional JS number for a decimal column is rounded half up to its scale. Besides,
 * digits as text do for every type of number, since `where` texts and JSON keep exact what a double would not.
 *
 * INVALID_ARGUMENT for a value that the type cannot take, and for NaN, which only `is-nan` finds.
 */
export function bindLiteral(type: PrimitiveType, input: LiteralInput, column: string): BoundLiteral {
  if (typeof input === 'number' && Number.isNaN(input)) {
    throw invalidArgument(`column '${column}': nothing compares to NaN; use is-nan or not-nan`, { column })
  }
  if (input === null || input === undefined) {
    throw invalidArgument(`column '${column}': nothing compares to ${input}; use is-null or not-null`, {
      column,
    })
  }
  try {
    return convert(type, input)
  } catch (error) {
    throw invalidArgument(`column '${column}': ${messageOf(error)}`, { column })
  }
}

const MAX_FLOAT = 3.4028234663852886e38

/** The greatest or least finite value of a floating type. */
export function finiteLimit(side: 'max' | 'min'): number {
  return side === 'max' ? MAX_FLOAT : -MAX_FLOAT
}

const ranges: Partial<Record<PrimitiveType['kind'], readonly [min: bigint, max: bigint]>> = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  date: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
}

/** Least and greatest value of an integer type; undefined for other types. */
export function integerRange(type: PrimitiveType): readonly [min: bigint, max: bigint] | undefined {
  switch (type.kind) {
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return ranges.long
    default:
      return ranges[type.kind]
  }
}

function convert(type: PrimitiveType, input: LiteralInput): BoundLiteral {
  const range = ranges[type.kind]
  if (range !== undefined && isWhole(input)) {
    const value = BigInt(input)
    if (value < range[0] || value > range[1]) return { beyond: value > 0n ? 'max' : 'min' }
    return { at: type.kind === 'long' ? value : Number(value) }
  }
  switch (type.kind) {
    case 'float':
    case 'double':
      return convertFloat(type, input)
    case 'decimal':
      return convertDecimal(type, input)
    case 'timestamp':
    case 'timestamp_ns':
      return { at: toLiteral(type, isDateText(input) ? `${input}T00:00:00` : input) }
    case 'timestamptz':
    case 'timestamptz_ns':
      return { at: toLiteral(type, isDateText(input) ? `${input}T00:00:00+00:00` : input) }
    case 'fixed':
    case 'binary':
      return { at: toLiteral(type, typeof input === 'string' ? hexToBytes(input) : input) }
    default:
      return { at: toLiteral(type, input) }
  }
}

function isWhole(input: LiteralInput): input is number | bigint | string {
  if (typeof input === 'string') return /^-?\d{1,1000}$/.test(input)
  return typeof input === 'bigint' || Number.isInteger(input)
}

function isDateText(input: LiteralInput): input is string {
  return typeof input === 'string' && /^[+-]?\d{4,}-\d\d-\d\d$/.test(input)
}

function convertFloat(type: PrimitiveType, input: LiteralInput): BoundLiteral {
  const numeric = typeof input === 'string' && (DECIMAL_TEXT.test(input) || /^-?Infinity$/.test(input))
  const value = numeric || typeof input === 'bigint' ? Number(input) : input
  if (typeof value !== 'number') return { at: toLiteral(type, input) }
  if (type.kind === 'double') return { at: value }
  if (Number.isFinite(value) && Math.abs(value) > MAX_FLOAT) return { beyond: value > 0 ? 'max' : 'min' }
  return { at: Math.fround(value) }
}

const DECIMAL_TEXT = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/
/** More digits than this on either side of the point are no decimal of Iceberg's 38 digits, but an attack. */
const MAX_SHIFT = 1000

function convertDecimal(type: DecimalType, input: LiteralInput): BoundLiteral {
  // A bigint is the unscaled value, as when rows are written; it may exceed the precision, which stored values do not.
  if (typeof input === 'bigint') return { at: input }
  if (typeof input !== 'string' && typeof input !== 'number') return { at: toLiteral(type, input) }
  const match = DECIMAL_TEXT.exec(String(input))
  if (match === null) return { at: toLiteral(type, input) }
  const [, minus, whole, fraction = '', exponent = '0'] = match
  const digits = whole! + fraction
  const sign = minus === '-' ? -1n : 1n
  const shift = type.scale + Number(exponent) - fraction.length
  if (Math.abs(shift) > MAX_SHIFT || digits.length > MAX_SHIFT) return { at: toLiteral(type, input) }
  if (shift >= 0) return { at: sign * BigInt(digits) * 10n ** BigInt(shift) }
  const unit = 10n ** BigInt(-shift)
  const exact = sign * BigInt(digits)
  const below = exact / unit - (exact % unit < 0n ? 1n : 0n)
  if (below * unit === exact) return { at: below }
  if (typeof input === 'string') return { below }
  const half = (BigInt(digits) * 2n + unit) / (2n * unit)
  return { at: sign * half }
}
