/**
 * The folder of a partition, as Iceberg Java names it. Paths are for people and for object-store prefixes: readers
 * take partition values from manifests, never from here.
 */
import type { PartitionTuple } from './manifest.ts'
import type { PartitionField, PartitionSpec } from './partition-spec.ts'
import { findFieldById, type Schema } from './schema.ts'
import { transformResultType } from './transforms/apply.ts'
import { type Literal, type PrimitiveType, unknownType } from './types.ts'
import { civilFromDays } from './values/calendar.ts'
import {
  formatDecimal,
  formatTime,
  formatTimestamp,
  type TimestampForm,
  timestampForm,
} from './values/text.ts'

/** `city=Sankt+P%C3%B6lten/day=2026-11-21`; empty for an unpartitioned spec. */
export function partitionPath(
  spec: PartitionSpec,
  schema: Pick<Schema, 'fields'>,
  tuple: PartitionTuple,
): string {
  return spec.fields
    .map((field, i) => `${escapeUrl(field.name)}=${escapeUrl(humanValue(field, schema, tuple[i] ?? null))}`)
    .join('/')
}

function humanValue(field: PartitionField, schema: Pick<Schema, 'fields'>, value: Literal | null): string {
  if (value === null) return 'null'
  switch (field.transform.kind) {
    case 'year':
      return padYear(1970 + (value as number))
    case 'month':
      return humanMonth(value as number)
    case 'day':
      return humanDay(value as number)
    case 'hour':
      return humanHour(value as number)
    default: {
      const source = findFieldById(schema, field.sourceIds[0]!)?.field.type ?? unknownType
      return humanLiteral(transformResultType(field.transform, source), value)
    }
  }
}

function humanLiteral(type: PrimitiveType, value: Literal): string {
  switch (type.kind) {
    case 'date':
      return humanDay(value as number)
    case 'time':
      return javaTime(value as bigint)
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return javaTimestamp(value as bigint, timestampForm(type)!)
    case 'decimal':
      return javaDecimal(value as bigint, type.scale)
    case 'float':
      return javaFloat(value as number, shortestFloat(value as number))
    case 'double':
      return javaFloat(value as number, (value as number).toExponential())
    default:
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value)
  }
}

function humanMonth(months: number): string {
  const year = Math.floor(months / 12)
  return `${padYear(1970 + year)}-${padTwo(months - year * 12 + 1)}`
}

function humanDay(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${padYear(year)}-${padTwo(month)}-${padTwo(day)}`
}

function humanHour(hours: number): string {
  const days = Math.floor(hours / 24)
  return `${humanDay(days)}-${padTwo(hours - days * 24)}`
}

/** Four characters with the sign counted, as `%04d` pads. */
function padYear(year: number): string {
  return year < 0 ? `-${String(-year).padStart(3, '0')}` : String(year).padStart(4, '0')
}

function padTwo(value: number): string {
  return String(value).padStart(2, '0')
}

/** `LocalTime.toString`: seconds only if there are any, the fraction in groups of three digits. */
function javaTime(microseconds: bigint): string {
  return formatTime(microseconds)
    .replace(/000$/, '')
    .replace(/\.(000)?$/, '')
    .replace(/^(..:..):00$/, '$1')
}

/** `ISO_LOCAL_DATE_TIME`: a fraction without trailing zeros. */
function javaTimestamp(value: bigint, { zone, unit }: TimestampForm): string {
  const text = formatTimestamp(value, { zone: false, unit }).replace(/\.?0*$/, '')
  return zone ? `${text}+00:00` : text
}

/** `BigDecimal.toString`: scientific for values below 10^-6. */
function javaDecimal(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString()
  const exponent = digits.length - 1 - scale
  if (exponent >= -6) return formatDecimal(unscaled, scale)
  const sign = unscaled < 0n ? '-' : ''
  return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}E${exponent}`
}

/** The fewest significant digits that give the same float, in exponential form. */
function shortestFloat(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return text
  }
  return value.toExponential()
}

/** `Double.toString` of a value whose digits are given in exponential form. */
function javaFloat(value: number, exponential: string): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa, exponent] = exponential.split('e') as [string, string]
  const size = Math.abs(value)
  if (size < 1e-3 || size >= 1e7) {
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
  }
  const plain = String(Number(exponential))
  return plain.includes('.') ? plain : `${plain}.0`
}

/** `URLEncoder.encode` with UTF-8: letters, digits and `.-*_` stand, a space is a plus, a lone surrogate `?`. */
function escapeUrl(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '?'))
    .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')
}
