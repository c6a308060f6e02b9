import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDeletionVector, encodeDeletionVector } from '../../../format/puffin/deletion-vector.ts'
import { PositionSet } from '../../../format/puffin/position-set.ts'
import { hexToBytes } from '../../../format/values/text.ts'
import { runs } from '../../runs.ts'

/** Blobs that Iceberg Java wrote. */
const javaRun = '0000001fd1d339640100000000000000000000003b3000000100003b00010096003b00e4b6547e'
const javaRuns =
  '00000047d1d339640100000000000000000000003b3000000100003e010b0026000000580000008a00000096003b00ee' +
  '000000200100005201000084010000b6010000e8010000f401f9006b7c0f23'

/** Positions whose chunks take every container form. */
const mixed = fc
  .array(
    fc.oneof(
      fc.record({ start: fc.nat(200_000), count: fc.nat(3000), step: fc.constant(1) }),
      fc.record({ start: fc.nat(200_000), count: fc.nat(6000), step: fc.integer({ min: 2, max: 5 }) }),
      fc.record({ start: fc.nat(2 ** 40), count: fc.constant(1), step: fc.constant(1) }),
    ),
    { maxLength: 6 },
  )
  .map((ranges) =>
    ranges.flatMap(({ start, count, step }) => Array.from({ length: count }, (_, i) => start + i * step)),
  )

describe('a deletion vector', () => {
  it.each([javaRun, javaRuns])('that Iceberg Java wrote is decoded, and encoded to the same bytes', (hex) => {
    const blob = hexToBytes(hex)
    const positions = decodeDeletionVector(blob)
    expect(encodeDeletionVector(positions)).toEqual(blob)
    expect(encodeDeletionVector(PositionSet.of(positions))).toEqual(blob)
  })

  it('holds the positions that Java deleted', () => {
    const positions = decodeDeletionVector(hexToBytes(javaRun), 60n)
    expect([...positions]).toEqual(Array.from({ length: 60 }, (_, i) => 150 + i))
  })

  it('returns every set of positions that was written', () => {
    fc.assert(
      fc.property(mixed, (positions) => {
        const expected = [...new Set(positions)].sort((a, b) => a - b)
        const blob = encodeDeletionVector(PositionSet.of(positions))
        const decoded = decodeDeletionVector(blob, BigInt(expected.length))
        expect([...decoded]).toEqual(expected)
        expect(encodeDeletionVector(decoded)).toEqual(blob)
      }),
      runs(45, 30),
    )
  })

  it('of no position is written and read', () => {
    const blob = encodeDeletionVector(new PositionSet())
    expect(blob.length).toBe(20)
    expect(decodeDeletionVector(blob, 0n).cardinality).toBe(0)
  })

  it('detects a change of any single bit', () => {
    const blob = hexToBytes(javaRuns)
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = blob.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => decodeDeletionVector(changed), `bit ${bit}`).toThrow(
        expect.objectContaining({ code: 'INVALID_DATA' }),
      )
    }
  })

  it('must have the cardinality of its manifest entry, and no byte too few or too many', () => {
    const blob = hexToBytes(javaRun)
    expect(() => decodeDeletionVector(blob, 59n)).toThrow(/expected cardinality 59, found 60/)
    expect(() => decodeDeletionVector(blob.slice(0, -1))).toThrow(/expected length/)
    expect(() => decodeDeletionVector(Uint8Array.of(...blob, 0))).toThrow(/expected length/)
    expect(() => decodeDeletionVector(new Uint8Array(3))).toThrow(/at least 20 bytes/)
  })
})

describe('a set of positions', () => {
  it('agrees with a plain set under additions and unions, leaving the other set as it was', () => {
    fc.assert(
      fc.property(mixed, mixed, (a, b) => {
        const ours = decodeDeletionVector(encodeDeletionVector(PositionSet.of(a)))
        const theirs = PositionSet.of(b)
        ours.addAll(theirs)
        const expected = new Set([...a, ...b])
        expect(ours.cardinality).toBe(expected.size)
        expect([...ours]).toEqual([...expected].sort((x, y) => x - y))
        expect(theirs.cardinality).toBe(new Set(b).size)
        for (const position of a.slice(0, 50)) {
          expect(ours.has(position)).toBe(true)
          expect(ours.has(position + 1)).toBe(expected.has(position + 1))
        }
        ours.add(2 ** 50)
        expect(ours.has(2 ** 50)).toBe(true)
        expect(theirs.has(2 ** 50)).toBe(false)
      }),
      runs(46, 30),
    )
  })

  it('lists the runs that touch a range, cut to it', () => {
    const set = PositionSet.of([0, 1, 2, 9, 65_535, 65_536, 65_537, 200_000])
    expect([...set.runsBetween(1, 65_537)]).toEqual([
      [1, 3],
      [9, 10],
      [65_535, 65_536],
      [65_536, 65_537],
    ])
    expect([...set.runsBetween(10, 65_535)]).toEqual([])
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses the position %s', (position) => {
    expect(() => new PositionSet().add(position)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })
})
