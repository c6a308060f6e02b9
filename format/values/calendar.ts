/**
 * The proleptic Gregorian calendar over the whole int range of days, which `Date` does not cover.
 *
 * Years are counted from 1 March, so that a leap day ends its year, in eras of 400 years of 146,097 days.
 */

export interface CivilDate {
  /** Astronomical: 0 is 1 BC. */
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

const DAYS_PER_ERA = 146_097
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_SHIFT = 719_468

export function civilFromDays(days: number): CivilDate {
  const shifted = days + EPOCH_SHIFT
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const leapDays = floorDiv(dayOfEra, 1460) - floorDiv(dayOfEra, 36_524) + floorDiv(dayOfEra, 146_096)
  const yearOfEra = floorDiv(dayOfEra - leapDays, 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + floorDiv(yearOfEra, 4) - floorDiv(yearOfEra, 100))
  const monthFromMarch = floorDiv(5 * dayOfYear + 2, 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - floorDiv(153 * monthFromMarch + 2, 5) + 1,
  }
}

/** Days since 1970-01-01. The date must exist; see `daysInMonth`. */
export function daysFromCivil({ year, month, day }: CivilDate): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = floorDiv(153 * (month > 2 ? month - 3 : month + 9) + 2, 5) + day - 1
  const dayOfEra = yearOfEra * 365 + floorDiv(yearOfEra, 4) - floorDiv(yearOfEra, 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_SHIFT
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function floorDiv(dividend: number, divisor: number): number {
  return Math.floor(dividend / divisor)
}
