import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KeyCodes, orderOf, pickCodes } from '../../../format/key-index/key-codes.ts'
import { sortEntries } from '../../../format/key-index/key-entries.ts'
import { decodeRunFooter, encodeRun } from '../../../format/key-index/run-file.ts'
import { BoundedCache } from '../../../readers/bounded-cache.ts'
import type { KeyIndexCache } from '../../../readers/key-index/key-index-cache.ts'
import { type Hit, lookUp } from '../../../readers/key-index/look-up.ts'
import { MemoryStore } from '../../../storage/memory-store.ts'
import { runs } from '../../runs.ts'

const LOCATION = 'memory://lake/run.keys'

type Form = 'words' | 'hashes'

function codesOf(form: Form, codes: readonly bigint[], rests: readonly bigint[]): KeyCodes {
  const high = (value: bigint) => Number((value >> 32n) & 0xffffffffn)
  const low = (value: bigint) => Number(value & 0xffffffffn)
  return {
    length: codes.length,
    high: Int32Array.from(codes, high),
    low: Uint32Array.from(codes, low),
    rest:
      form === 'words'
        ? undefined
        : { high: Uint32Array.from(rests, high), low: Uint32Array.from(rests, low) },
  }
}

/** Near each other, so that many meet; or anywhere. */
const code = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: -700n, max: 700n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
)
const key = fc.tuple(code, fc.bigInt({ min: 0n, max: 1n }))
const keys = (maxLength: number) => fc.array(key, { minLength: 1, maxLength, size: 'max' })

describe.each(['words', 'hashes'] as const)('looking up in a run of %s', (form) => {
  test('finds every row that has a code asked for, few or many of them, and no other', async () => {
    const same = (a: readonly [bigint, bigint], b: readonly [bigint, bigint]) =>
      a[0] === b[0] && (form === 'words' || a[1] === b[1])
    await fc.assert(
      fc.asyncProperty(keys(4000), fc.oneof(keys(5), keys(3000)), async (stored, asked) => {
        const positions = Uint32Array.from(stored.keys())
        const split = (list: readonly (readonly [bigint, bigint])[]) =>
          codesOf(
            form,
            list.map(([first]) => first),
            list.map(([, rest]) => rest),
          )
        const entries = sortEntries({
          ...split(stored),
          file: new Uint32Array(stored.length),
          position: positions,
          rowId: new Float64Array(stored.length).fill(-1),
        })
        const { bytes, footerBytes } = encodeRun(form, entries, [])
        const store = new MemoryStore()
        await store.put(LOCATION, bytes)
        const footer = decodeRunFooter(bytes.subarray(bytes.length - footerBytes))
        const unsorted = split(asked)
        const order = orderOf(unsorted) ?? Uint32Array.from(asked.keys())
        const ref = { name: 'run.keys', sizeInBytes: bytes.length, footerBytes, entries: stored.length }
        const run = { ref, location: LOCATION, footer }
        const cache: KeyIndexCache = new BoundedCache(2 ** 20)
        const lookedUp = async () => {
          const found: string[] = []
          for await (const hit of lookUp({ store, cache }, run, pickCodes(unsorted, order))) {
            found.push(pairOf(hit, order))
          }
          return found.toSorted()
        }
        const expected = asked.flatMap((sought, row) =>
          stored.flatMap((one, position) => (same(one, sought) ? [`${row} ${position}`] : [])),
        )
        expect(await lookedUp()).toEqual(expected.toSorted())
        // Of blocks that are kept now.
        expect(await lookedUp()).toEqual(expected.toSorted())
      }),
      runs(11, 3),
    )
  })
})

/** Which of those asked for, and where it stands. */
function pairOf({ row, position }: Hit, order: Uint32Array): string {
  return `${order[row]} ${position}`
}
