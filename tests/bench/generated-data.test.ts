import { expect, test } from 'vitest'
import { settingsFrom } from '../../bench/case.ts'
import { batchOf } from '../../bench/data/columns.ts'
import { flatColumns } from '../../bench/data/flat.ts'
import { icebergSchema } from '../../bench/data/iceberg-schema.ts'
import { nestedColumns } from '../../bench/data/nested.ts'
import type { Type } from '../../index.ts'

test('a row is the same however the data is cut into batches', () => {
  for (const columns of [flatColumns, nestedColumns]) {
    const whole = batchOf(columns, 0, 1000)
    const cut = batchOf(columns, 600, 400)
    for (const row of [0, 1, 399]) expect(String(cut.get(row))).toBe(String(whole.get(600 + row)))
  }
})

test('the flat data is what the figures speak of: 12 columns, unique codes, half of the notes null', () => {
  const batch = batchOf(flatColumns, 0, 10_000)
  expect(batch.schema.fields).toHaveLength(12)
  expect([...batch.getChild('code')!].every((code) => /^[0-9a-f]{16}$/.test(code))).toBe(true)
  expect(new Set(batch.getChild('code')!).size).toBe(10_000)
  expect(batch.getChild('note')!.nullCount).toBeGreaterThan(4500)
  expect(batch.getChild('note')!.nullCount).toBeLessThan(5500)
})

test('the nested data has 31 leaves', () => {
  const leaves = (type: Type): number => {
    if (type.kind === 'struct') return type.fields.reduce((sum, field) => sum + leaves(field.type), 0)
    return type.kind === 'list' ? leaves(type.element) : 1
  }
  const { fields } = icebergSchema(batchOf(nestedColumns, 0, 1).schema.fields)
  expect(leaves({ kind: 'struct', fields })).toBe(31)
})

test('a size that is none is refused by its name', () => {
  expect(settingsFrom({ MORAINE_BENCH_ROWS: '1000' })).toMatchObject({ rows: 1000, nestedRows: 100 })
  expect(() => settingsFrom({ MORAINE_BENCH_ROWS: '1e' })).toThrow(/MORAINE_BENCH_ROWS/)
})
