import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { uuidType } from '../../../format/types.ts'
import { compareLiterals, compareUuidsSigned } from '../../../format/values/compare.ts'
import { uuidBoundsInBothOrders } from '../../../format/values/uuid-bounds.ts'
import { runs } from '../../runs.ts'

const unsigned = (a: string, b: string) => compareLiterals(uuidType, a, b)

/** Uuids whose halves lie near the edges where the orders part. */
const half = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n),
  fc.bigInt(0n, 2n ** 64n - 1n),
)
const uuid = fc.tuple(half, half).map(([high, low]) => {
  const hex = high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
})

describe('uuid bounds', () => {
  test('hold for every value in both orders, or are not given', () => {
    let given = 0
    fc.assert(
      fc.property(fc.array(uuid, { minLength: 1, maxLength: 5 }), (values) => {
        const sorted = [...values].sort(unsigned)
        const bounds = uuidBoundsInBothOrders(sorted[0]!, sorted.at(-1)!)
        if (bounds === undefined) return
        given++
        for (const value of values) {
          for (const compare of [unsigned, compareUuidsSigned]) {
            expect(compare(bounds.lower, value)).toBeLessThanOrEqual(0)
            expect(compare(value, bounds.upper)).toBeLessThanOrEqual(0)
          }
        }
      }),
      runs(7, 2000),
    )
    expect(given).toBeGreaterThan(200)
  })

  test('of one value are that value', () => {
    const only = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'
    expect(uuidBoundsInBothOrders(only, only)).toEqual({ lower: only, upper: only })
  })
})
