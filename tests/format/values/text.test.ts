import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { civilFromDays, daysFromCivil, daysInMonth } from '../../../format/values/calendar.ts'
import {
  bytesToHex,
  bytesToUuid,
  formatDate,
  formatDecimal,
  formatTime,
  formatTimestamp,
  hexToBytes,
  parseDate,
  parseDecimal,
  parseTime,
  parseTimestamp,
  parseUuid,
  type TimestampForm,
  uuidToBytes,
} from '../../../format/values/text.ts'
import { runs } from '../../runs.ts'
import { daysByDate } from './days-by-date.ts'

const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' })
const micros: TimestampForm = { zone: false, unit: 'us' }
const microsZoned: TimestampForm = { zone: true, unit: 'us' }
const nanosZoned: TimestampForm = { zone: true, unit: 'ns' }

describe('the calendar', () => {
  it('agrees with Date where that reaches', () => {
    fc.assert(
      fc.property(daysByDate, ({ days, date }) => {
        const civil = civilFromDays(days)
        const { year, month } = civil
        expect(civil).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        })
        expect(daysFromCivil(civil)).toBe(days)
        const monthLength = new Date(0).setUTCFullYear(year, month, 0)
        if (Number.isFinite(monthLength)) {
          expect(daysInMonth(year, month)).toBe(new Date(monthLength).getUTCDate())
        }
      }),
      runs(41, 3000),
    )
  })
})

describe('dates as text', () => {
  it('are ISO 8601, signed beyond four digits of year', () => {
    expect(formatDate(parseDate('2026-11-21'))).toBe('2026-11-21')
    expect(formatDate(0)).toBe('1970-01-01')
    expect(formatDate(2147483647)).toBe('+5881580-07-11')
    expect(formatDate(-2147483648)).toBe('-5877641-06-23')
    expect(formatDate(-719893)).toBe('-0001-01-01')
    expect(formatDate(-719528)).toBe('0000-01-01')
  })

  it('round-trip over all ints', () => {
    fc.assert(
      fc.property(fc.integer(), (days) => {
        expect(parseDate(formatDate(days))).toBe(days)
      }),
      runs(42, 3000),
    )
  })

  it('that no calendar has are refused', () => {
    const texts = [
      '2026-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-11-00',
      '2026-11-31',
      '26-11-21',
      '12345-01-01',
    ]
    texts.push('-0000-01-01', '+5881580-07-12', '-5877641-06-22', '2026-11-21T00:00:00', ' 2026-11-21', '')
    for (const text of texts) expect(() => parseDate(text), text).toThrowError(invalid)
    expect(parseDate('2024-02-29')).toBe(19782)
    expect(() => parseDate('x'.repeat(100_000))).toThrowError(/^.{1,200}$/)
  })
})

describe('times as text', () => {
  it('have six digits of fraction, and are read with fewer', () => {
    expect(formatTime(81_068_123_456n)).toBe('22:31:08.123456')
    expect(formatTime(0n)).toBe('00:00:00.000000')
    expect(parseTime('22:31:08.123456')).toBe(81_068_123_456n)
    expect(parseTime('22:31:08.1')).toBe(81_068_100_000n)
    expect(parseTime('22:31')).toBe(81_060_000_000n)
    expect(parseTime('22:31:08.123456000')).toBe(81_068_123_456n)
  })

  it('outside the day or finer than a microsecond are refused', () => {
    for (const text of ['24:00:00', '23:60:00', '23:59:60', '23:59:59.1234567', '1:00:00', '12:00:00Z', '']) {
      expect(() => parseTime(text), text).toThrowError(invalid)
    }
  })
})

describe('timestamps as text', () => {
  it('always show every digit of their unit', () => {
    expect(formatTimestamp(1_510_871_468_123_456n, micros)).toBe('2017-11-16T22:31:08.123456')
    expect(formatTimestamp(1_510_871_468_000_000n, microsZoned)).toBe('2017-11-16T22:31:08.000000+00:00')
    expect(formatTimestamp(-1n, nanosZoned)).toBe('1969-12-31T23:59:59.999999999+00:00')
  })

  it('are read with offsets, with a space, without seconds', () => {
    const instant = 1_510_871_468_000_000n
    expect(parseTimestamp('2017-11-16T14:31:08-08:00', microsZoned)).toBe(instant)
    expect(parseTimestamp('2017-11-17 04:01:08+05:30', microsZoned)).toBe(instant)
    expect(parseTimestamp('2017-11-16T22:31:08Z', microsZoned)).toBe(instant)
    expect(parseTimestamp('2017-11-16T22:31', micros)).toBe(instant - 8_000_000n)
    expect(parseTimestamp(new Date(8.64e15).toISOString(), microsZoned)).toBe(8_640_000_000_000_000_000n)
  })

  it('round-trip over all longs in every form', () => {
    for (const zone of [false, true]) {
      for (const unit of ['us', 'ns'] as const) {
        fc.assert(
          fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
            const text = formatTimestamp(value, { zone, unit })
            expect(parseTimestamp(text, { zone, unit })).toBe(value)
          }),
          { seed: 43, numRuns: 1000, examples: [[-(2n ** 63n)], [2n ** 63n - 1n], [-1n], [0n]] },
        )
      }
    }
  })

  it('with a missing or a needless offset, a lost digit or out of range are refused', () => {
    const refused: readonly (readonly [string, TimestampForm])[] = [
      ['2017-11-16T22:31:08', microsZoned],
      ['2017-11-16T22:31:08Z', micros],
      ['2017-11-16T22:31:08+00:00', micros],
      ['2017-11-16T22:31:08.1234567Z', microsZoned],
      ['2017-11-16T22:31:08+18:01', microsZoned],
      ['2017-11-16T22:31:08+05:60', microsZoned],
      ['2017-11-16', micros],
      ['2017-02-30T00:00:00', micros],
      ['+294247-01-10T04:00:54.775808', micros],
      ['2262-04-11T23:47:16.854775808Z', nanosZoned],
    ]
    for (const [text, form] of refused) expect(() => parseTimestamp(text, form), text).toThrowError(invalid)
  })
})

describe('decimals as text', () => {
  it('are plain digits with their scale', () => {
    expect(formatDecimal(-5n, 2)).toBe('-0.05')
    expect(formatDecimal(1420n, 2)).toBe('14.20')
    expect(formatDecimal(0n, 3)).toBe('0.000')
    expect(formatDecimal(-7n, 0)).toBe('-7')
  })

  it('are read exactly or refused', () => {
    expect(parseDecimal('14.2', 2)).toBe(1420n)
    expect(parseDecimal('14.2000', 2)).toBe(1420n)
    expect(parseDecimal('+.5', 1)).toBe(5n)
    expect(parseDecimal('5.', 1)).toBe(50n)
    expect(parseDecimal('-1.25E+3', 2)).toBe(-125000n)
    expect(parseDecimal('125e-2', 2)).toBe(125n)
    expect(parseDecimal('0E-999999999', 2)).toBe(0n)
    expect(parseDecimal('0.000', 2)).toBe(0n)
    const refused = ['', '.', '-', '1.005', '1e', '0x10', '1,5', ' 1', 'NaN', '1E999999999', '1E-999999999']
    refused.push('9'.repeat(39), '1'.repeat(100_000), `1E${'9'.repeat(30)}`)
    for (const text of refused) expect(() => parseDecimal(text, 2), text.slice(0, 20)).toThrowError(invalid)
  })

  it('round-trip for 38 digits at every scale', () => {
    const limit = 10n ** 38n - 1n
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), fc.nat(38), (value, scale) => {
        expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value)
      }),
      runs(44, 2000),
    )
  })
})

describe('uuids and hex', () => {
  it('round-trip between text and bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const uuid = bytesToUuid(bytes)
        expect(parseUuid(uuid.toUpperCase())).toBe(uuid)
        expect(uuidToBytes(uuid)).toEqual(bytes)
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes)
        expect(bytesToHex(bytes)).toBe(uuid.replaceAll('-', ''))
      }),
      runs(45, 500),
    )
    expect(bytesToUuid(new Uint8Array(20).fill(0xab, 4), 4)).toBe('abababab-abab-abab-abab-abababababab')
  })

  it('of another shape are refused', () => {
    for (const text of ['f79c3e09677c4bbda4793f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785eg', '']) {
      expect(() => parseUuid(text), text).toThrowError(invalid)
    }
    for (const text of ['0', '0g', '00 11']) expect(() => hexToBytes(text), text).toThrowError(invalid)
    expect(hexToBytes('00fF')).toEqual(Uint8Array.of(0, 255))
    expect(() => bytesToUuid(new Uint8Array(15))).toThrowError(invalid)
  })
})
