import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binaryType, fixedType, intType, stringType } from '../../../format/types.ts'
import { truncateLower, truncateUpper } from '../../../format/values/bounds.ts'
import { compareBytes, compareUtf8 } from '../../../format/values/compare.ts'
import { runs } from '../../runs.ts'

const MAX = '\u{10ffff}'
/** Code points around every border of UTF-8 and UTF-16. */
const character = fc.constantFrom(
  'a',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  MAX,
)
const text = fc
  .array(fc.oneof(character, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })))
  .map((s) => s.join(''))
const byte = fc.oneof(fc.constantFrom(0, 0x7f, 0xfe, 0xff), fc.nat(255))
const bytes = fc.array(byte, { maxLength: 8 }).map((values) => Uint8Array.from(values))

describe('shortened bounds of strings', () => {
  it('count code points and raise the last one that can be raised', () => {
    expect(truncateLower(stringType, 'iceberg', 3)).toBe('ice')
    expect(truncateUpper(stringType, 'iceberg', 3)).toBe('icf')
    expect(truncateLower(stringType, '😀😁', 1)).toBe('😀')
    expect(truncateUpper(stringType, '😀😁', 1)).toBe('😁')
    expect(truncateUpper(stringType, `a${MAX}z`, 2)).toBe('b')
  })

  it('step over the surrogates', () => {
    expect(truncateUpper(stringType, '\ud7ffx', 1)).toBe('\ue000')
    expect(truncateUpper(stringType, '\uffffx', 1)).toBe('\u{10000}')
  })

  it('have no upper one where no code point can be raised', () => {
    expect(truncateUpper(stringType, MAX + MAX, 1)).toBeUndefined()
    expect(truncateUpper(stringType, MAX, 1)).toBe(MAX)
  })

  it('leave short values alone', () => {
    expect(truncateUpper(stringType, '', 16)).toBe('')
    expect(truncateUpper(stringType, '😀'.repeat(16), 16)).toBe('😀'.repeat(16))
  })

  it('enclose the value in UTF-8 order, well formed and no longer than asked', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 6 }), (value, width) => {
        const lower = truncateLower(stringType, value, width) as string
        const upper = truncateUpper(stringType, value, width) as string | undefined
        expect(compareUtf8(lower, value)).toBeLessThanOrEqual(0)
        expect([...lower].length).toBeLessThanOrEqual(width)
        if (upper === undefined) {
          expect([...value].slice(0, width).every((codePoint) => codePoint === MAX)).toBe(true)
          return
        }
        expect(compareUtf8(upper, value)).toBeGreaterThanOrEqual(0)
        expect([...upper].length).toBeLessThanOrEqual(width)
        expect(Buffer.from(upper).toString()).toBe(upper)
      }),
      runs(31, 5000),
    )
  })
})

describe('shortened bounds of binaries', () => {
  it('raise the last byte that can be raised and drop what follows', () => {
    expect(truncateUpper(binaryType, Uint8Array.of(1, 0xff, 3), 2)).toEqual(Uint8Array.of(2))
    expect(truncateUpper(binaryType, Uint8Array.of(0xff, 0xff), 1)).toBeUndefined()
  })

  it('enclose the value and leave it unchanged', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 6 }), (value, width) => {
        const before = value.slice()
        const lower = truncateLower(binaryType, value, width) as Uint8Array
        const upper = truncateUpper(binaryType, value, width) as Uint8Array | undefined
        expect(value).toEqual(before)
        expect(compareBytes(lower, value)).toBeLessThanOrEqual(0)
        expect(lower.length).toBeLessThanOrEqual(width)
        if (upper === undefined) {
          expect(value.subarray(0, width).every((each) => each === 0xff)).toBe(true)
          return
        }
        expect(compareBytes(upper, value)).toBeGreaterThanOrEqual(0)
        expect(upper.length).toBeLessThanOrEqual(width)
      }),
      runs(32, 3000),
    )
  })
})

describe('bounds of other types', () => {
  it('pass unchanged', () => {
    const fixed = Uint8Array.of(1, 2, 3)
    expect(truncateUpper(fixedType(3), fixed, 2)).toBe(fixed)
    expect(truncateLower(intType, 12345, 2)).toBe(12345)
  })
})
