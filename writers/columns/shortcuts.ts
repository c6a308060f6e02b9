/**
 * Short ways from the commonest texts to numbers. Each gives NaN, or false, for whatever it does not know, which then
 * takes the long way, `toLiteral`: that alone says what is right and what is refused.
 */
import { daysFromCivil, daysInMonth } from '../../format/values/calendar.ts'

const ZERO = 48
const DATE_LENGTH = 10
const SECONDS_LENGTH = 19

/** Days since 1970-01-01 of `2026-11-21`. */
export function plainDays(text: string): number {
  return text.length === DATE_LENGTH ? daysAtStart(text) : Number.NaN
}

/**
 * Microseconds since the epoch of `2026-11-21T22:31:08`, with a fraction of 1 to 6 digits or none, and with `Z` at its
 * end if `zone`. Not always a safe integer: from 2255 on it is too large.
 */
export function plainMicros(text: string, zone: boolean): number {
  const end = zone ? text.length - 1 : text.length
  if (end < SECONDS_LENGTH || (zone && text[end] !== 'Z') || text[10] !== 'T') return Number.NaN
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (!(hour < 24 && minute < 60 && second < 60) || text[13] !== ':' || text[16] !== ':') return Number.NaN
  const seconds = daysAtStart(text) * 86_400 + hour * 3600 + minute * 60 + second
  return seconds * 1e6 + fractionMicros(text, end)
}

function daysAtStart(text: string): number {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  return isDay && text[4] === '-' && text[7] === '-' ? daysFromCivil({ year, month, day }) : Number.NaN
}

/** Of what stands between the seconds and `end`. */
function fractionMicros(text: string, end: number): number {
  if (end === SECONDS_LENGTH) return 0
  const digits = end - SECONDS_LENGTH - 1
  if (text[SECONDS_LENGTH] !== '.' || digits < 1 || digits > 6) return Number.NaN
  let micros = 0
  for (let i = SECONDS_LENGTH + 1; i < end; i++) micros = micros * 10 + digitAt(text, i)
  return micros * 10 ** (6 - digits)
}

/** More digits may not be exact. */
const MAX_DIGITS = 15

/** The unscaled value of a decimal such as `-12.5`, of at most 15 digits and no more of them fraction than `scale`. */
export function plainUnscaled(text: string, scale: number): number {
  const isNegative = text.charCodeAt(0) === 45
  let unscaled = 0
  let digits = 0
  let point = -1
  for (let i = isNegative ? 1 : 0; i < text.length; i++) {
    if (text.charCodeAt(i) === 46 && point === -1) {
      point = digits
    } else {
      unscaled = unscaled * 10 + digitAt(text, i)
      digits++
    }
  }
  const missing = scale - (point === -1 ? 0 : digits - point)
  if (digits === 0 || missing < 0 || digits + missing > MAX_DIGITS) return Number.NaN
  const value = unscaled * 10 ** missing
  return isNegative ? -value : value
}

/** Puts the 16 bytes of a dashed uuid at `at`; false, with anything there, when the text is none. */
export function putPlainUuid(bytes: Uint8Array, at: number, text: string): boolean {
  if (text.length !== 36) return false
  let to = at
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (text.charCodeAt(i) !== 45) return false
      i++
    }
    const high = HEX[text.charCodeAt(i)] ?? -1
    const low = HEX[text.charCodeAt(i + 1)] ?? -1
    if (high < 0 || low < 0) return false
    bytes[to++] = high * 16 + low
  }
  return true
}

/** Of a hex digit by its character code, -1 for others. */
const HEX = Int8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? -1 : value
})

function twoDigits(text: string, at: number): number {
  return digitAt(text, at) * 10 + digitAt(text, at + 1)
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}
