/**
 * Values as text: ISO 8601 dates and times, plain decimals, dashed uuids, hex. Every `formatX` prints the one form
 * that the lossless NDJSON of the CLI promises, every `parseX` takes it back. Bad text throws `INVALID_ARGUMENT`.
 */
import type { PrimitiveType } from '../types.ts'
import { civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'
import { mismatch } from './mismatch.ts'

export interface TimestampForm {
  /** Whether the text carries a UTC offset. Printing always prints `+00:00`. */
  readonly zone: boolean
  readonly unit: 'us' | 'ns'
}

/** The form of a timestamp type; undefined for other types. */
export function timestampForm(type: PrimitiveType): TimestampForm | undefined {
  return TIMESTAMP_FORMS.get(type.kind)
}

const TIMESTAMP_FORMS: ReadonlyMap<PrimitiveType['kind'], TimestampForm> = new Map([
  ['timestamp', { zone: false, unit: 'us' }],
  ['timestamptz', { zone: true, unit: 'us' }],
  ['timestamp_ns', { zone: false, unit: 'ns' }],
  ['timestamptz_ns', { zone: true, unit: 'ns' }],
])

/** The digits that any decimal type can hold (spec: "Primitive Types"). */
const MAX_DECIMAL_DIGITS = 38
const MICROS_PER_SECOND = 1_000_000n
const NANOS_PER_SECOND = 1_000_000_000n
const SECONDS_PER_DAY = 86_400

const DATE = String.raw`(\d{4}|\+\d{5,10}|-\d{4,10})-(\d\d)-(\d\d)`
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?`
const ZONE = String.raw`([Zz]|[+-]\d\d:\d\d)?`
const DATE_PATTERN = new RegExp(`^${DATE}$`)
const TIME_PATTERN = new RegExp(`^${TIME}$`)
const TIMESTAMP_PATTERN = new RegExp(`^${DATE}[Tt ]${TIME}${ZONE}$`)
const DECIMAL_PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/
const UUID_PATTERN = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Days since 1970-01-01 of `2026-11-21`; years beyond four digits are signed: `+12345-01-01`, `-0001-01-01`. */
export function parseDate(text: string): number {
  const match = DATE_PATTERN.exec(text)
  const days = match === null ? undefined : daysOf(match, 1)
  if (days === undefined || days !== (days | 0)) throw mismatch("a date as 'YYYY-MM-DD'", text)
  return days
}

export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${formatYear(year)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** Microseconds since midnight of `22:31:08.123456`; seconds and fraction may be left out. */
export function parseTime(text: string): bigint {
  const match = TIME_PATTERN.exec(text)
  const time = match === null ? undefined : timeOf(match, 1, 6)
  if (time === undefined) throw mismatch("a time as 'HH:MM:SS.ffffff'", text)
  return BigInt(time.seconds) * MICROS_PER_SECOND + time.fraction
}

/** Always six digits of fraction. */
export function formatTime(microseconds: bigint): string {
  return formatTimeOfDay(Number(microseconds / MICROS_PER_SECOND), microseconds % MICROS_PER_SECOND, 6)
}

/**
 * Microseconds or nanoseconds since the epoch of `2026-11-21T22:31:08.123456`, with an offset (`Z`, `±hh:mm`) if and
 * only if `zone`. A fraction finer than the unit is refused, not rounded.
 */
export function parseTimestamp(text: string, form: TimestampForm): bigint {
  const match = TIMESTAMP_PATTERN.exec(text)
  const value = match === null ? undefined : timestampOf(match, form)
  if (value === undefined || value !== BigInt.asIntN(64, value)) {
    const zone = form.zone ? '+00:00' : ''
    throw mismatch(
      `a timestamp ${form.zone ? 'with' : 'without'} offset as 'YYYY-MM-DDTHH:MM:SS.${'f'.repeat(digitsOf(form))}${zone}'`,
      text,
    )
  }
  return value
}

/** Always six digits of fraction for microseconds, nine for nanoseconds. */
export function formatTimestamp(value: bigint, form: TimestampForm): string {
  const perSecond = perSecondOf(form)
  const seconds = (value - floorMod(value, perSecond)) / perSecond
  const secondOfDay = floorMod(seconds, BigInt(SECONDS_PER_DAY))
  const days = Number((seconds - secondOfDay) / BigInt(SECONDS_PER_DAY))
  const time = formatTimeOfDay(Number(secondOfDay), floorMod(value, perSecond), digitsOf(form))
  return `${formatDate(days)}T${time}${form.zone ? '+00:00' : ''}`
}

/**
 * The unscaled value of a decimal such as `-12.50` or `1.25E+3` at `scale`: exact or refused, never rounded.
 * The precision is the caller's to check; more than 38 digits are always refused.
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = DECIMAL_PATTERN.exec(text)
  const whole = match?.[2] ?? ''
  const fraction = match?.[3] ?? ''
  if (match === null || whole + fraction === '') throw mismatch('a decimal', text)
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return 0n
  const shift = Number(match[4] ?? 0) - fraction.length + scale
  const kept = digits.length + shift
  if (kept > MAX_DECIMAL_DIGITS) throw mismatch(`a decimal of at most ${MAX_DECIMAL_DIGITS} digits`, text)
  if (shift < 0 && (kept <= 0 || !/^0+$/.test(digits.slice(kept)))) {
    throw mismatch(`a decimal with at most ${scale} digits after the point`, text)
  }
  const unscaled = BigInt(shift < 0 ? digits.slice(0, kept) : digits + '0'.repeat(shift))
  return match[1] === '-' ? -unscaled : unscaled
}

/** Plain digits with exactly `scale` of them after the point. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The uuid in its internal form, dashed lower case. */
export function parseUuid(text: string): string {
  if (!UUID_PATTERN.test(text)) throw mismatch('a uuid as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx', text)
  return text.toLowerCase()
}

/** The 16 bytes, big-endian, of a dashed uuid; written into `target` where one is given. */
export function uuidToBytes(uuid: string, target: Uint8Array = new Uint8Array(16)): Uint8Array {
  let at = 0
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++
    target[at++] = (hexDigit(uuid, i) << 4) | hexDigit(uuid, i + 1)
  }
  return target
}

/** The dashed form of the 16 bytes at `offset`. */
export function bytesToUuid(bytes: Uint8Array, offset = 0): string {
  const hex = bytesToHex(bytes.subarray(offset, offset + 16))
  if (hex.length !== 32) throw mismatch('16 bytes of uuid', bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Lower case. */
export function bytesToHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Either case. */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^\da-fA-F]/.test(hex)) throw mismatch('an even number of hex digits', hex)
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** The date in groups `first` to `first + 2` of a match; undefined where the calendar has no such day. */
function daysOf(match: RegExpExecArray, first: number): number | undefined {
  const year = Number(match[first])
  const month = Number(match[first + 1])
  const day = Number(match[first + 2])
  if (Object.is(year, -0) || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined
  }
  return daysFromCivil({ year, month, day })
}

/** The time in groups `first` to `first + 3`, its fraction counted in units of 10^-digits. */
function timeOf(match: RegExpExecArray, first: number, digits: number) {
  const hour = Number(match[first])
  const minute = Number(match[first + 1])
  const second = Number(match[first + 2] ?? 0)
  const fraction = (match[first + 3] ?? '').padEnd(digits, '0')
  if (hour > 23 || minute > 59 || second > 59 || /[^0]/.test(fraction.slice(digits))) return undefined
  return { seconds: hour * 3600 + minute * 60 + second, fraction: BigInt(fraction.slice(0, digits)) }
}

function timestampOf(match: RegExpExecArray, form: TimestampForm): bigint | undefined {
  const days = daysOf(match, 1)
  const time = timeOf(match, 4, digitsOf(form))
  const offset = offsetSeconds(match[8])
  if (days === undefined || time === undefined || (match[8] !== undefined) !== form.zone) return undefined
  if (offset === undefined) return undefined
  return BigInt(days * SECONDS_PER_DAY + time.seconds - offset) * perSecondOf(form) + time.fraction
}

/** East is positive; undefined beyond ±18:00, the widest offset that Iceberg Java takes. */
function offsetSeconds(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  if (Number(zone.slice(4)) > 59 || minutes > 18 * 60) return undefined
  return (zone[0] === '-' ? -60 : 60) * minutes
}

function digitsOf(form: TimestampForm): number {
  return form.unit === 'us' ? 6 : 9
}

function perSecondOf(form: TimestampForm): bigint {
  return form.unit === 'us' ? MICROS_PER_SECOND : NANOS_PER_SECOND
}

function formatYear(year: number): string {
  if (year < 0) return `-${pad(-year, 4)}`
  return year > 9999 ? `+${year}` : pad(year, 4)
}

function formatTimeOfDay(second: number, fraction: bigint, digits: number): string {
  const hour = Math.floor(second / 3600)
  const minute = Math.floor(second / 60) % 60
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second % 60, 2)}.${fraction.toString().padStart(digits, '0')}`
}

function pad(value: number, width: number): string {
  return value.toString().padStart(width, '0')
}

function floorMod(dividend: bigint, divisor: bigint): bigint {
  const remainder = dividend % divisor
  return remainder < 0n ? remainder + divisor : remainder
}

function hexDigit(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit <= 0x39 ? unit - 0x30 : (unit | 0x20) - 0x57
}
