import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { decompressSnappy } from '../../../format/avro/snappy.ts'
import { isMoraineError } from '../../../format/errors.ts'
import { setReadLimits } from '../../../format/read-limits.ts'
import { runs } from '../../runs.ts'

afterEach(() => setReadLimits({ blockBytes: undefined }))

describe('Snappy', () => {
  it('unpacks literals of every length form', () => {
    const data = Uint8Array.from({ length: 300 }, (_, i) => i)
    const short = Uint8Array.of(3, 2 << 2, 1, 2, 3)
    const oneByte = Uint8Array.of(100, 60 << 2, 99, ...data.subarray(0, 100))
    const twoBytes = Uint8Array.of(0xac, 0x02, 61 << 2, 299 & 255, 299 >> 8, ...data)
    expect(decompressSnappy(short)).toEqual(Uint8Array.of(1, 2, 3))
    expect(decompressSnappy(oneByte)).toEqual(data.slice(0, 100))
    expect(decompressSnappy(twoBytes)).toEqual(data)
  })

  it('unpacks copies with offsets of one, two and four bytes', () => {
    const literal = [2 << 2, 7, 8, 9]
    const one = [((4 - 4) << 2) | 1, 3]
    const two = [((3 - 1) << 2) | 2, 3, 0]
    const four = [((2 - 1) << 2) | 3, 3, 0, 0, 0]
    const bytes = Uint8Array.of(12, ...literal, ...one, ...two, ...four)
    expect([...decompressSnappy(bytes)]).toEqual([7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9])
  })

  it.each<[string, number[]]>([
    ['nothing', []],
    ['a length without end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a length that no block of this size reaches', [0x80, 0x80, 0x80, 0x80, 0x01, 0]],
    ['a literal that runs past the input', [4, 3 << 2, 1, 2]],
    ['a literal that runs past the output', [1, 3 << 2, 1, 2, 3, 4]],
    ['a copy from before the start', [5, 0, 1, ((4 - 4) << 2) | 1, 2]],
    ['a copy from nowhere', [5, 0, 1, ((4 - 4) << 2) | 1, 0]],
    ['too little output', [5, 0, 1]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decompressSnappy(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA' }),
    )
  })

  it('throws nothing but typed errors, and never exceeds its limit', () => {
    setReadLimits({ blockBytes: 500 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(decompressSnappy(bytes).length).toBeLessThanOrEqual(500)
        } catch (error) {
          expect(isMoraineError(error)).toBe(true)
        }
      }),
      runs(43, 5000),
    )
  })
})
