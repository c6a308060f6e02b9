import { booleans, dates, doubles, instants, ints, longs, texts } from './arrow-columns.ts'
import type { Columns } from './columns.ts'
import { below, hash } from './hash.ts'

const STATUSES = ['new', 'paid', 'packed', 'shipped', 'delivered', 'returned', 'cancelled', 'lost']
const COUNTRIES =
  'AT BE BG CH CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV NL NO PL PT RO SE SI SK UA'.split(' ')
const DAY_MICROS = 86_400_000_000
/** 2025-01-01 */
const FIRST_DAY = 20_089

/** Some 9 days for 10 million rows: in order but for a jitter of a second. */
const placedAt = (row: number) => FIRST_DAY * DAY_MICROS + row * 78_000 + below(1_000_000, row, 3)

/** 12 flat columns, about 100 bytes a row; `id` is in order and unique. */
export const flatColumns: Columns = {
  id: longs((row) => row),
  user_id: longs((row) => 1_000_000_000 + below(1_000_000, row, 2)),
  placed_at: instants(placedAt),
  amount: doubles((row) => below(1_000_000, row, 4) / 100),
  weight: doubles((row) => hash(row, 5) / 2 ** 32),
  quantity: ints((row) => below(1000, row, 6)),
  status: texts((row) => STATUSES[below(STATUSES.length, row, 7)]),
  country: texts((row) => COUNTRIES[below(COUNTRIES.length, row, 8)]),
  code: texts((row) => hex(hash(row, 9)) + hex(hash(row, 10))),
  note: texts((row) => (hash(row, 11) & 1 ? undefined : `note ${below(100_000, row, 12)}`)),
  paid: booleans((row) => (hash(row, 13) & 1) === 1),
  day: dates((row) => Math.floor(placedAt(row) / DAY_MICROS)),
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
