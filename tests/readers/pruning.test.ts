import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bind } from '../../format/expressions/bind.ts'
import { rowEvaluator } from '../../format/expressions/evaluate.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import { intType, longType, stringType, type Value } from '../../format/types.ts'
import { expression, row, fields as sampleFields, valuesIn } from './filter-samples.ts'
import { type FileShape, indexedFile } from './indexed-file.ts'
import { batchOf, type InputRow, listOf, optional, readRows, required, storeOf } from './support.ts'

const runs = Number(process.env['MORAINE_SEEDS'] ?? 80)

/** A list, whose pages end after other rows than those of flat columns. */
const listField = optional(100, 'items', listOf(101, intType))
const fields = [...sampleFields, listField]
const items = fc.option(fc.array(fc.option(fc.nat(9), { nil: null }), { maxLength: 9 }), { nil: null })
const file = fc.record({
  rows: fc.array(fc.tuple(row, items), { minLength: 1, maxLength: 90 }),
  sortedBy: fc.constantFrom('l', 's', 'd', 'm', 'none'),
  shape: fc.record({
    rowsPerGroup: fc.integer({ min: 1, max: 90 }),
    pageBytes: fc.integer({ min: 1, max: 200 }),
    dictionary: fc.boolean(),
    v2: fc.boolean(),
  }),
})

test('pruning loses no matching row and moves no position, whatever the file and the filter', async () => {
  await fc.assert(
    fc.asyncProperty(file, expression, async ({ rows: unsorted, sortedBy, shape }, where) => {
      const rows = unsorted.map(([cells, list]): Record<string, Value> => ({ ...cells, items: list }))
      rows.sort((a, b) => (before(a[sortedBy], b[sortedBy]) ? -1 : 1))
      const bytes = indexedFile(batchOf(fields, rows), shape)
      const accepts = rowEvaluator(bind(where, { fields }))
      const expected = rows.flatMap((input, i) =>
        accepts(valuesIn(input))
          ? [{ l: input['l'], items: input['items'], _pos: BigInt(i), _row_id: BigInt(i) + 1000n }]
          : [],
      )
      const found = await readRows(bytes, rows.length, fields, {
        where,
        select: ['l', 'items', '_pos', '_row_id'],
        dataFile: { firstRowId: 1000n },
      })
      expect(found).toEqual(expected)
    }),
    { seed: 20261125, numRuns: runs },
  )
})

test('rows that are asked for by position come alone, with a filter and without, whatever the file', async () => {
  const positions = fc.array(fc.nat(89), { maxLength: 12 })
  const filter = fc.oneof(fc.constant(undefined), expression)
  await fc.assert(
    fc.asyncProperty(file, filter, positions, async ({ rows, shape }, where, asked) => {
      const cells = rows.map(([values, list]): Record<string, Value> => ({ ...values, items: list }))
      const bytes = indexedFile(batchOf(fields, cells), shape)
      const accepts = where === undefined ? () => true : rowEvaluator(bind(where, { fields }))
      const expected = cells.flatMap((input, i) =>
        asked.includes(i) && accepts(valuesIn(input)) ? [{ items: input['items'], _pos: BigInt(i) }] : [],
      )
      const only = PositionSet.of(asked)
      const reading = { select: ['items', '_pos'], only, batchSize: 7, ...(where && { where }) }
      expect(await readRows(bytes, cells.length, fields, reading)).toEqual(expected)
    }),
    { seed: 20261127, numRuns: runs },
  )
})

function before(a: Value | undefined, b: Value | undefined): boolean {
  return a !== null && a !== undefined && b !== null && b !== undefined && a < b
}

describe('a filter on a sorted column', () => {
  const sorted = [required(1, 'id', longType), optional(2, 'text', stringType), listField]
  const rows = Array.from(
    { length: 20_000 },
    (_, i): InputRow => ({
      id: BigInt(i),
      text: `${(i * 7919) % 20_011} ${(i * 104_729) % 1_000_003} text that takes its bytes`,
      items: [i % 7, i % 11],
    }),
  )
  const shape: FileShape = { rowsPerGroup: 10_000, pageBytes: 4096, dictionary: false, v2: false }
  const bytes = indexedFile(batchOf(sorted, rows), shape)
  const wanted: Expression = {
    op: 'and',
    left: { op: 'gt-eq', term: 'id', value: 12_345n },
    right: { op: 'lt', term: 'id', value: 12_350n },
  }

  test('fetches the pages that hold its rows and their places, nothing else', async () => {
    const store = await storeOf(bytes)
    const found = await readRows(bytes, rows.length, sorted, { where: wanted, store })
    expect(found).toEqual(rows.slice(12_345, 12_350))
    // The footer and the indexes came with the first request; three pages of a few KiB are two more.
    expect(store.counters.gets).toBeLessThanOrEqual(4)
    expect(store.counters.bytesRead).toBeLessThan(64 * 1024 + 40_000)
    expect(bytes.length).toBeGreaterThan(200_000)
  })

  test('fetches the pages that hold rows which are asked for by position, nothing else', async () => {
    const store = await storeOf(bytes)
    const found = await readRows(bytes, rows.length, sorted, { only: PositionSet.of([7, 15_005]), store })
    expect(found).toEqual([rows[7], rows[15_005]])
    expect(store.counters.gets).toBeLessThanOrEqual(4)
    expect(store.counters.bytesRead).toBeLessThan(64 * 1024 + 80_000)
  })

  test('fetches no page when no row group can match', async () => {
    const store = await storeOf(bytes)
    expect(
      await readRows(bytes, rows.length, sorted, { where: { op: 'gt', term: 'id', value: 20_000n }, store }),
    ).toEqual([])
    expect(store.counters.gets).toBe(1)
  })

  test('finds its rows without reading a column that only the filter names', async () => {
    const found = await readRows(bytes, rows.length, sorted, { where: wanted, select: ['_pos'] })
    expect(found.map((row) => row['_pos'])).toEqual([12_345n, 12_346n, 12_347n, 12_348n, 12_349n])
  })
})
