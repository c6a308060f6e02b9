import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import { PositionSet } from '../../../format/puffin/position-set.ts'
import { decodeRoaring, encodeRoaring } from '../../../format/puffin/roaring-codec.ts'
import { runs } from '../../runs.ts'

/** Little-endian bytes: `[width, value]` pairs. */
function layout(...parts: readonly (readonly [1 | 2 | 4 | 8, number])[]): Uint8Array {
  const bytes = parts.flatMap(([width, value]) =>
    Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256),
  )
  return Uint8Array.from(bytes)
}

/** One bitmap with the upper half 0 and one array container of the key 0. */
function oneArray(cardinality: number, offset: number, values: readonly number[]): Uint8Array {
  return layout([8, 1], [4, 0], [4, 12346], [4, 1], [2, 0], [2, cardinality - 1], [4, offset], ...u16(values))
}
const u16 = (values: readonly number[]) => values.map((value) => [2, value] as const)

describe('the 64-bit Roaring layout', () => {
  it('is laid out byte by byte as the format says', () => {
    expect(encodeRoaring(PositionSet.of([7, 1]))).toEqual(oneArray(2, 16, [1, 7]))
    const runs = layout([8, 1], [4, 0], [2, 12347], [2, 0], [1, 1], [2, 0], [2, 99], [2, 1], [2, 5], [2, 99])
    expect(encodeRoaring(PositionSet.of(Array.from({ length: 100 }, (_, i) => i + 5)))).toEqual(runs)
  })

  it('splits positions into bitmaps by their upper 32 bits', () => {
    const bytes = encodeRoaring(PositionSet.of([3, 2 ** 32 + 3, 2 ** 52]))
    const bitmap = (upper: number, value: number) =>
      [
        [4, upper],
        [4, 12346],
        [4, 1],
        [2, 0],
        [2, 0],
        [4, 16],
        [2, value],
      ] as const
    expect(bytes).toEqual(layout([8, 3], ...bitmap(0, 3), ...bitmap(1, 3), ...bitmap(2 ** 20, 0)))
    expect([...decodeRoaring(bytes)]).toEqual([3, 2 ** 32 + 3, 2 ** 52])
  })

  it('takes the smallest form of each chunk', () => {
    const every = (step: number, count: number) =>
      PositionSet.of(Array.from({ length: count }, (_, i) => i * step))
    expect(encodeRoaring(every(2, 4096)).length).toBe(8 + 4 + 16 + 2 * 4096)
    expect(encodeRoaring(every(2, 4097)).length).toBe(8 + 4 + 16 + 8192)
    expect(encodeRoaring(every(1, 65_536)).length).toBe(8 + 4 + 9 + 2 + 4)
  })

  it('writes offsets beside runs from four containers on', () => {
    const chunks = (count: number) =>
      PositionSet.of(Array.from({ length: count * 10 }, (_, i) => Math.floor(i / 10) * 65_536 + (i % 10)))
    expect(encodeRoaring(chunks(3)).length).toBe(12 + 5 + 3 * 4 + 3 * 6)
    expect(encodeRoaring(chunks(4)).length).toBe(12 + 5 + 4 * 4 + 4 * 4 + 4 * 6)
    expect([...decodeRoaring(encodeRoaring(chunks(9)))]).toEqual([...chunks(9)])
  })

  it('reads bitmaps without a container, which Java writes for gaps', () => {
    const empty = [
      [4, 0],
      [4, 12346],
      [4, 0],
    ] as const
    const one = [
      [4, 1],
      [4, 12346],
      [4, 1],
      [2, 0],
      [2, 0],
      [4, 16],
      [2, 5],
    ] as const
    expect([...decodeRoaring(layout([8, 2], ...empty, ...one))]).toEqual([2 ** 32 + 5])
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['more bitmaps than bytes', layout([8, 2 ** 40])],
    ['an unknown cookie', layout([8, 1], [4, 0], [4, 1], [4, 1])],
    ['more containers than there can be', layout([8, 1], [4, 0], [4, 12346], [4, 65_537])],
    ['more containers than bytes', layout([8, 1], [4, 0], [4, 12346], [4, 60_000])],
    ['values that do not ascend', oneArray(2, 16, [7, 7])],
    ['an offset that points elsewhere', oneArray(2, 18, [1, 7])],
    ['values that are missing', oneArray(3, 16, [1, 7])],
    ['bytes behind the end', Uint8Array.of(...oneArray(1, 16, [1]), 0)],
    ['upper halves that do not ascend', layout([8, 2], ...twice())],
    ['positions beyond 2^53', layout([8, 1], [4, 2 ** 21], [4, 12346], [4, 0])],
    ['runs that overlap', runContainer(10, [0, 4, 4, 4])],
    ['runs that leave the chunk', runContainer(10, [65_530, 9])],
    ['runs of another cardinality', runContainer(11, [0, 9])],
    ['a bitmap of another cardinality', bitmapContainer(5000, 4999)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeRoaring(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
  })

  it('reads the same forms when they are right', () => {
    expect(decodeRoaring(runContainer(10, [0, 4, 6, 4])).cardinality).toBe(10)
    expect(decodeRoaring(bitmapContainer(5000, 5000)).cardinality).toBe(5000)
  })

  it('throws nothing but typed errors when bytes are changed', () => {
    const valid = encodeRoaring(PositionSet.of([1, 2, 3, 4, 5, 6, 70_000, 2 ** 33, 2 ** 33 + 9]))
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(valid.length),
        (changes, length) => {
          const bytes = valid.slice(0, length % 3 === 0 ? length : valid.length)
          for (const [at, to] of changes) if (at < bytes.length) bytes[at] = to
          try {
            decodeRoaring(bytes)
          } catch (error) {
            expect(isMoraineError(error)).toBe(true)
          }
        },
      ),
      runs(47, 3000),
    )
  })
})

function twice() {
  const empty = [
    [4, 0],
    [4, 12346],
    [4, 0],
  ] as const
  return [...empty, ...empty]
}

function runContainer(cardinality: number, runs: readonly number[]): Uint8Array {
  const head = [
    [8, 1],
    [4, 0],
    [2, 12347],
    [2, 0],
    [1, 1],
    [2, 0],
    [2, cardinality - 1],
  ] as const
  return layout(...head, [2, runs.length / 2], ...u16(runs))
}

function bitmapContainer(cardinality: number, bits: number): Uint8Array {
  const words = new Uint8Array(8192)
  for (let i = 0; i < bits; i++) words[i >> 3]! |= 1 << (i & 7)
  const head = layout([8, 1], [4, 0], [4, 12346], [4, 1], [2, 0], [2, cardinality - 1], [4, 16])
  return Uint8Array.of(...head, ...words)
}
