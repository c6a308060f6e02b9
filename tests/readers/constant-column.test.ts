import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import type { Type, Value } from '../../format/types.ts'
import { constantColumn } from '../../readers/constant-column.ts'
import { LOCATION, listOf, optional, parquetFile, readBatches, readRows, structOf } from './support.ts'

const MIB = 2 ** 20
const id = optional(1, 'id', { kind: 'long' })
const rows = Array.from({ length: 300 }, (_, i) => ({ id: BigInt(i) }))

async function batchSizes(type: Type, initialDefault?: Value): Promise<number[]> {
  const missing = optional(2, 'a', type, initialDefault === undefined ? {} : { initialDefault })
  const sizes: number[] = []
  for await (const { batch } of readBatches(parquetFile([id], [rows]), 300, [id, missing])) {
    sizes.push(batch.numRows)
  }
  return sizes
}

describe('a column that a file lacks', () => {
  test('is read in batches of fewer rows where each takes much', async () => {
    expect(await batchSizes({ kind: 'fixed', length: MIB })).toEqual([64, 64, 64, 64, 44])
    expect(await batchSizes({ kind: 'string' }, 'x'.repeat(MIB))).toEqual([64, 64, 64, 64, 44])
    expect(await batchSizes({ kind: 'string' }, 'x')).toEqual([300])
    expect(await batchSizes({ kind: 'fixed', length: MIB / 4 })).toEqual([256, 44])
  })

  test('within a struct too', async () => {
    const whole = structOf(optional(3, 'x', { kind: 'long' }))
    const file = parquetFile([optional(2, 's', whole)], [Array.from({ length: 100 }, () => ({ s: null }))])
    const wider = structOf(...whole.fields, optional(4, 'y', { kind: 'fixed', length: MIB }))
    const sizes: number[] = []
    for await (const { batch } of readBatches(file, 100, [optional(2, 's', wider)])) sizes.push(batch.numRows)
    expect(sizes).toEqual([64, 36])
  })

  test('is refused, by the name of the file, where one value is too much', async () => {
    const wide = optional(2, 'a', { kind: 'fixed', length: 999_999_999 })
    const error = await readRows(parquetFile([id], [rows]), 300, [id, wide]).catch((thrown) => thrown)
    expect(isMoraineError(error, 'UNSUPPORTED')).toBe(true)
    expect(error.message).toContain(`${LOCATION}: `)
    expect(error.message).toMatch(/999999999 bytes/)
  })

  test('counts what a value takes at any depth', () => {
    const type = structOf(
      optional(1, 'l', listOf(2, { kind: 'string' })),
      optional(3, 'f', { kind: 'fixed', length: 9 }),
    )
    expect(constantColumn(type, null).bytesPerSlot).toBe(9)
    expect(constantColumn(type, { l: ['abc', 'ż', null], f: new Uint8Array(9) }).bytesPerSlot).toBe(14)
  })
})
