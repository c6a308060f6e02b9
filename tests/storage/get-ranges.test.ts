import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ByteRange } from '../../storage/byte-range.ts'
import { coalesce, getRanges } from '../../storage/get-ranges.ts'

const MiB = 1024 * 1024

describe('coalesce', () => {
  it('joins ranges that are near, in any order, and keeps distant ones apart', () => {
    const far = MiB
    expect(
      coalesce([
        { start: far, end: far + 10 },
        { start: 100, end: 200 },
        { start: 0, end: 50 },
        { start: 20, end: 30 },
      ]),
    ).toEqual([
      { start: 0, end: 200 },
      { start: far, end: far + 10 },
    ])
    expect(coalesce([])).toEqual([])
  })

  it('joins neighbours up to the size of a request', () => {
    const chunks = Array.from({ length: 10 }, (_, i) => ({ start: i * 4 * MiB, end: (i + 1) * 4 * MiB }))
    expect(coalesce(chunks)).toEqual([
      { start: 0, end: 16 * MiB },
      { start: 16 * MiB, end: 32 * MiB },
      { start: 32 * MiB, end: 40 * MiB },
    ])
  })
})

describe('getRanges', () => {
  const object = new Uint8Array(40 * MiB).map((_, i) => (i >> 8) ^ i)

  it('gives the bytes of any ranges in their order, each request within the bounds', async () => {
    const range = fc
      .tuple(fc.nat(object.length), fc.oneof(fc.nat(1000), fc.nat(3 * MiB), fc.nat(object.length)))
      .map(([start, length]) => ({ start, end: Math.min(start + length, object.length) }))
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 6 }), async (ranges) => {
        const asked: ByteRange[] = []
        const found = await getRanges(ranges, async (part) => {
          asked.push(part)
          return object.slice(part.start, part.end)
        })
        expect(found).toHaveLength(ranges.length)
        for (const [i, { start, end }] of ranges.entries()) {
          expect(Buffer.compare(found[i]!, object.subarray(start, end))).toBe(0)
        }
        for (const { start, end } of asked) expect(end - start).toBeLessThanOrEqual(16 * MiB)
      }),
      { seed: 3, numRuns: 25 },
    )
  })

  it.each([
    ['eight parts', 8, 100_000],
    ['thirty-two short ones', 32, 10],
  ])('asks for %s at once and no more', async (_, expected, length) => {
    let atOnce = 0
    let most = 0
    const ranges = Array.from({ length: 39 }, (_, i) => ({ start: i * MiB, end: i * MiB + length }))
    await getRanges(ranges, async ({ start, end }) => {
      most = Math.max(most, ++atOnce)
      await new Promise(setImmediate)
      atOnce--
      return object.slice(start, end)
    })
    expect(most).toBe(expected)
  })

  it('fails as the request that failed', async () => {
    const ranges = [
      { start: 0, end: 1 },
      { start: 8 * MiB, end: 39 * MiB },
    ]
    const reading = getRanges(ranges, async ({ start, end }) => {
      if (start > 20 * MiB) throw new Error('no such part')
      return object.slice(start, end)
    })
    await expect(reading).rejects.toThrow('no such part')
  })
})
