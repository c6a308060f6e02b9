import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SortKeys } from '../../../writers/sort/sort-keys.ts'
import { sortedIndices } from '../../../writers/sort/sorted-indices.ts'

const seed = 20261125

function keysOf(texts: readonly string[]): SortKeys {
  // A byte that no text has ends each, so that none is the beginning of another.
  const bytes = Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1')
  const offsets = new Int32Array(texts.length + 1)
  for (const [i, text] of texts.entries()) offsets[i + 1] = offsets[i]! + text.length + 1
  return { bytes, offsets }
}

function naive(texts: readonly string[]): number[] {
  return texts
    .map((text, row) => ({ text, row }))
    .sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)))
    .map(({ row }) => row)
}

describe('sorted indices', () => {
  test('are those of a stable sort, whatever keys have in common', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\u00ff') }), {
      minLength: 1,
      maxLength: 9,
    })
    const keys = fc
      .tuple(words, fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 0, max: 40 }), fc.nat())
      .map(([parts, count, shared, step]) =>
        Array.from({ length: count }, (_, i) => {
          const at = (i * (step + 1) * 7919) % 2 ** 31
          return 'x'.repeat(shared) + parts[at % parts.length] + parts[(at >> 4) % parts.length]
        }),
      )
    fc.assert(
      fc.property(keys, (texts) => {
        const indices = sortedIndices(keysOf(texts))
        const expected = naive(texts)
        expect(indices === undefined ? texts.map((_, row) => row) : [...indices]).toEqual(expected)
      }),
      { seed, numRuns: 100 },
    )
  })

  test('of rows that are in order already are none', () => {
    expect(sortedIndices(keysOf([]))).toBeUndefined()
    expect(sortedIndices(keysOf(['a']))).toBeUndefined()
    expect(sortedIndices(keysOf(['a', 'a', 'b', 'ba']))).toBeUndefined()
    expect(sortedIndices(keysOf(['a', 'ba', 'b']))).toEqual(Int32Array.of(0, 2, 1))
  })

  test('need no stack for keys that agree in millions of bytes', () => {
    const shared = 'y'.repeat(20_000)
    const texts = Array.from({ length: 300 }, (_, i) => `${shared}${(i * 7) % 300}`)
    expect([...sortedIndices(keysOf(texts))!]).toEqual(naive(texts))
  })
})
