import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dateType,
  decimalType,
  type PrimitiveType,
  timestampType,
  timestamptzType,
  uuidType,
} from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { bytesToUuid } from '../../format/values/text.ts'
import { plainDays, plainMicros, plainUnscaled, putPlainUuid } from '../../writers/columns/shortcuts.ts'

const runs = { seed: 20261125, numRuns: 3000 }

const padded = (max: number, length: number) =>
  fc.integer({ min: 0, max }).map((value) => String(value).padStart(length, '0'))
const dateText = fc
  .tuple(fc.oneof(padded(9999, 4), padded(99_999, 1)), padded(13, 2), padded(32, 2))
  .map((parts) => parts.join('-'))
const timeText = fc
  .tuple(padded(24, 2), padded(60, 2), padded(60, 2), fc.option(padded(9_999_999, 1)))
  .map(
    ([hour, minute, second, fraction]) =>
      `${hour}:${minute}:${second}${fraction === null ? '' : `.${fraction}`}`,
  )
const timestampText = fc
  .tuple(
    dateText,
    fc.constantFrom('T', 'T', 'T', ' ', 't'),
    timeText,
    fc.constantFrom('Z', 'Z', '', 'z', '+01:00'),
  )
  .map((parts) => parts.join(''))
const decimalText = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      fc.bigInt({ min: 0n, max: 10n ** 20n }),
      fc.option(padded(99_999, 1)),
    )
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`),
  fc.constantFrom('', '.', '-', '-.', '.5', '5.', '-0.00', '1.2.3', '1e3', '١', '00012.50'),
)
/** A text with one character replaced. */
const bent = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(texts, fc.nat(), fc.constantFrom(':', '-', '.', '/', 'x', '０', ' ', 'A', 'g'))
    .map(([text, at, by]) => {
      const place = text.length === 0 ? 0 : at % text.length
      return text.slice(0, place) + by + text.slice(place + 1)
    })

/** What `toLiteral` makes of the text; undefined where it refuses. */
function literalOf(type: PrimitiveType, text: string): unknown {
  try {
    return toLiteral(type, text)
  } catch {
    return undefined
  }
}

describe('a shortcut', () => {
  test('to days gives what the long way gives, or nothing', () => {
    const check = (text: string) => {
      const days = plainDays(text)
      if (!Number.isNaN(days)) expect([text, days]).toEqual([text, literalOf(dateType, text)])
    }
    fc.assert(fc.property(fc.oneof(dateText, bent(dateText)), check), runs)
    expect(plainDays('2026-11-25')).toBe(20_782)
  })

  test.each([timestamptzType, timestampType])('to microseconds likewise: $kind', (type) => {
    const zone = type.kind === 'timestamptz'
    const check = (text: string) => {
      const micros = plainMicros(text, zone)
      if (Number.isSafeInteger(micros)) expect([text, BigInt(micros)]).toEqual([text, literalOf(type, text)])
    }
    fc.assert(fc.property(fc.oneof(timestampText, bent(timestampText)), check), runs)
    const plain = `1969-12-31T23:59:59.5${zone ? 'Z' : ''}`
    expect(plainMicros(plain, zone)).toBe(-500_000)
    expect(plainMicros(plain, !zone)).toBeNaN()
  })

  test('to unscaled values likewise', () => {
    const check = (text: string, scale: number) => {
      const unscaled = plainUnscaled(text, scale)
      if (Number.isNaN(unscaled)) return
      expect(Number.isSafeInteger(unscaled)).toBe(true)
      expect([text, BigInt(unscaled)]).toEqual([text, literalOf(decimalType(38, scale), text)])
    }
    fc.assert(fc.property(fc.oneof(decimalText, bent(decimalText)), fc.nat({ max: 12 }), check), runs)
    expect(plainUnscaled('-12.5', 2)).toBe(-1250)
  })

  test('to the bytes of a uuid takes what the long way takes', () => {
    const texts = fc
      .uuid()
      .chain((text) => fc.constantFrom(text, text.toUpperCase(), text.replaceAll('-', '')))
    const check = (text: string) => {
      const bytes = new Uint8Array(20)
      const fits = putPlainUuid(bytes, 2, text)
      expect([text, fits ? bytesToUuid(bytes, 2) : undefined]).toEqual([text, literalOf(uuidType, text)])
    }
    fc.assert(fc.property(fc.oneof(texts, bent(texts)), check), runs)
  })
})
