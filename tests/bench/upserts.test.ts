import { expect, test } from 'vitest'
import { settingsFrom, takesPart } from '../../bench/case.ts'
import { upsertSizes } from '../../bench/cases/upsert-sizes.ts'
import { spreads } from '../../bench/spread.ts'

test('the tables of upserts are those that are asked for, else a tenth of the rows and all of them', () => {
  const asked = settingsFrom({ MORAINE_BENCH_UPSERT_ROWS: '1000000,30000000' })
  expect(asked.upsertRows).toEqual([1_000_000, 30_000_000])
  expect(settingsFrom({ MORAINE_BENCH_ROWS: '5000' }).upsertRows).toEqual([500, 5000])
  expect(() => settingsFrom({ MORAINE_BENCH_UPSERT_ROWS: '1,' })).toThrow(/MORAINE_BENCH_UPSERT_ROWS/)
  expect(() => settingsFrom({ MORAINE_BENCH_ROWS: '1,2' })).toThrow(/MORAINE_BENCH_ROWS/)
})

test('a change is no larger than its table, and a million rows go into ten million', () => {
  expect(upsertSizes([10_000, 100_000])).toEqual([
    { count: 100_000, rows: 100_000 },
    { count: 1000, rows: 10_000 },
    { count: 1000, rows: 100_000 },
  ])
  expect(upsertSizes([1_000_000, 30_000_000]).at(-1)).toEqual({ count: 1_000_000, rows: 10_000_000 })
})

test('peers that are not named are left out, ours never', () => {
  const settings = settingsFrom({ MORAINE_BENCH_PEERS: 'ducklake' })
  const labels = ['moraine', 'moraine, without the key index', 'ducklake, MERGE', 'spark, MERGE']
  const left = (given = settings) => labels.filter((label) => takesPart({ label, command: [] }, given))
  expect(left()).toEqual(labels.slice(0, 3))
  expect(left(settingsFrom({ MORAINE_BENCH_PEERS: '' }))).toEqual(labels.slice(0, 2))
  expect(left(settingsFrom({}))).toEqual(labels)
})

test('the largest median to the least is told of rounds that should take as long', () => {
  const round = (steady: string | undefined, ...results: readonly [string, number][]) => ({
    round: { title: '', ...(steady === undefined ? {} : { steady }) },
    results: results.map(([label, ms]) => ({ label, ms })),
  })
  expect(
    spreads([
      round(undefined, ['moraine', 1]),
      round('small', ['moraine', 30], ['spark', 9]),
      round('small', ['moraine', 20]),
      round('small', ['moraine', 25]),
    ]),
  ).toEqual([{ steady: 'small', label: 'moraine', rounds: 3, ratio: 1.5 }])
})
