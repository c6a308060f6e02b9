import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareCodes } from '../../../format/key-index/key-codes.ts'
import { type KeyEntries, sortEntries } from '../../../format/key-index/key-entries.ts'
import { entriesOf, RunBlock } from '../../../format/key-index/run-block.ts'
import { decodeRunFooter, encodeRun } from '../../../format/key-index/run-file.ts'

interface Entry {
  readonly code: bigint
  readonly rest: bigint
  readonly file: number
  readonly position: number
  readonly rowId: number
}

const entry = fc.record({
  code: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n })),
  rest: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  file: fc.nat(70_000),
  position: fc.oneof(
    fc.nat(5000),
    fc.nat(2 ** 31 - 1).map((n) => n * 2),
  ),
  rowId: fc.oneof(fc.constant(-1), fc.nat(100), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
})

function columnsOf(form: 'words' | 'hashes', list: readonly Entry[]): KeyEntries {
  const halves = (of: (entry: Entry) => bigint) => ({
    high: Uint32Array.from(list, (each) => Number((of(each) >> 32n) & 0xffffffffn)),
    low: Uint32Array.from(list, (each) => Number(of(each) & 0xffffffffn)),
  })
  const { high, low } = halves(({ code }) => code)
  return {
    length: list.length,
    high: new Int32Array(high.buffer),
    low,
    rest: form === 'words' ? undefined : halves(({ rest }) => rest),
    file: Uint32Array.from(list, ({ file }) => file),
    position: Uint32Array.from(list, ({ position }) => position),
    rowId: Float64Array.from(list, ({ rowId }) => rowId),
  }
}

function listOf({ length, high, low, rest, file, position, rowId }: KeyEntries): Entry[] {
  return Array.from({ length }, (_, i) => ({
    code: (BigInt(high[i]!) << 32n) | BigInt(low[i]!),
    rest: rest === undefined ? 0n : (BigInt(rest.high[i]!) << 32n) | BigInt(rest.low[i]!),
    file: file[i]!,
    position: position[i]!,
    rowId: rowId[i]!,
  }))
}

const byCode = (a: Entry, b: Entry) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)

describe.each(['words', 'hashes'] as const)('a run of %s', (form) => {
  const known = (list: readonly Entry[]) =>
    list.map((each) => (form === 'words' ? { ...each, rest: 0n } : each)).sort(byCode)

  test('gives back its entries in the order of signed codes, block by block', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 3000, size: 'max' }), (list) => {
        const sorted = sortEntries(columnsOf(form, list))
        const { bytes, footerBytes, footer } = encodeRun(form, sorted, [])
        expect(decodeRunFooter(bytes.subarray(bytes.length - footerBytes))).toEqual(footer)
        const { high, low, offsets } = footer.blocks
        const blocks = Array.from(high.keys(), (i) => {
          const block = new RunBlock(bytes.subarray(offsets[i], offsets[i + 1]), form)
          expect([block.high(0), block.low(0)]).toEqual([high[i], low[i]])
          return block
        })
        expect(listOf(entriesOf(blocks, form))).toEqual(known(list))
      }),
      { numRuns: 40, seed: 7 },
    )
  })

  test('of which a byte has changed is refused', () => {
    const { bytes, footerBytes, footer } = encodeRun(
      form,
      sortEntries(columnsOf(form, fc.sample(entry, { numRuns: 2000, seed: 5 }))),
      [{ path: 'a', sizeInBytes: 1, recordCount: 2000, first: 0, rows: 2000 }],
    )
    for (let at = 0; at < bytes.length; at += 97) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 0x10
      expect(() => {
        decodeRunFooter(changed.subarray(bytes.length - footerBytes))
        for (const i of footer.blocks.high.keys()) {
          new RunBlock(changed.subarray(footer.blocks.offsets[i], footer.blocks.offsets[i + 1]), form)
        }
      }).toThrow(/damaged/)
    }
  })
})

test('codes order as signed integers, then by the rest', () => {
  const list = [-1n, -(2n ** 63n), 2n ** 63n - 1n, 0n, 2n ** 32n, 2n ** 32n - 1n].flatMap((code) =>
    [0n, 2n ** 64n - 1n, 2n ** 32n].map((rest) => ({ code, rest, file: 0, position: 0, rowId: -1 })),
  )
  const entries = columnsOf('hashes', list)
  for (const [i, a] of list.entries()) {
    for (const [j, b] of list.entries()) {
      const expected = byCode(a, b) || (a.rest < b.rest ? -1 : a.rest > b.rest ? 1 : 0)
      expect(compareCodes(entries, i, entries, j)).toBe(expected)
    }
  }
})
