import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  binaryType,
  decimalType,
  doubleType,
  intType,
  type Literal,
  longType,
  type PrimitiveType,
  uuidType,
} from '../../../format/types.ts'
import { compareLiterals, compareUtf8, compareUuidsSigned } from '../../../format/values/compare.ts'
import { runs } from '../../runs.ts'

function sorted(type: PrimitiveType, values: readonly Literal[]): readonly Literal[] {
  return [...values].sort((a, b) => compareLiterals(type, a, b))
}

describe('the order of values', () => {
  it('of strings is that of their UTF-8 bytes', () => {
    expect(compareUtf8('\uffff', '😀')).toBeLessThan(0)
    expect(compareUtf8('a', 'ab')).toBeLessThan(0)
    expect(compareUtf8('', '')).toBe(0)
    const text = fc.string({ unit: 'binary', maxLength: 6 })
    fc.assert(
      fc.property(text, text, text, (shared, a, b) => {
        const expected = Buffer.compare(Buffer.from(shared + a), Buffer.from(shared + b))
        expect(Math.sign(compareUtf8(shared + a, shared + b))).toBe(expected)
      }),
      runs(21, 5000),
    )
  })

  it('of bytes is unsigned', () => {
    const [none, low, high, longer] = [[], [0x7f], [0x80], [0x80, 0]].map((bytes) => Uint8Array.from(bytes))
    expect(sorted(binaryType, [longer!, high!, none!, low!])).toEqual([none, low, high, longer])
  })

  it('of floats puts -0.0 before 0.0 and NaN last', () => {
    const values = [Number.NaN, 1, 0, -0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    const expected = [Number.NEGATIVE_INFINITY, -0, 0, 1, Number.POSITIVE_INFINITY, Number.NaN]
    expect(sorted(doubleType, values)).toEqual(expected)
    expect(compareLiterals(doubleType, Number.NaN, Number.NaN)).toBe(0)
    expect(compareLiterals(doubleType, -0, -0)).toBe(0)
  })

  it('of ints, longs, decimals and booleans is numeric', () => {
    expect(compareLiterals(intType, -1, 1)).toBeLessThan(0)
    expect(compareLiterals(longType, 9007199254740993n, 9007199254740992n)).toBeGreaterThan(0)
    expect(compareLiterals(decimalType(38, 2), -1n, -1n)).toBe(0)
    expect(compareLiterals({ kind: 'boolean' }, false, true)).toBeLessThan(0)
  })

  it('of uuids is unsigned, and signed by halves where Java’s order is asked for', () => {
    const positive = '179c3e09-677c-4bbd-a479-3f349cb785e7'
    const negative = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'
    const lowHalf = '179c3e09-677c-4bbd-0479-3f349cb785e7'
    expect(compareLiterals(uuidType, positive, negative)).toBeLessThan(0)
    expect(compareUuidsSigned(positive, negative)).toBeGreaterThan(0)
    expect(compareUuidsSigned(positive, lowHalf)).toBeLessThan(0)
    expect(compareUuidsSigned(positive, positive)).toBe(0)
  })
})
