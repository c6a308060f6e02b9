/** Values at the edges of every primitive type, in the form in which rows are read and written. */
import type { Column } from '../../index.ts'
import { t } from '../../index.ts'

export type AnyColumn = Column<unknown, never, boolean>
export type PlainRow = Readonly<Record<string, unknown>>

export interface Sample {
  readonly column: () => AnyColumn
  /** Without null. No two are equal in any engine, so each has an identity partition of its own, but for ±0. */
  readonly values: readonly unknown[]
}

/** Dates and timestamps from the years 1 to 9999, which every engine can hold; see `extremes` for the rest. */
export const samples = {
  boolean: { column: t.boolean, values: [true, false] },
  int: { column: t.int, values: [0, 1, -1, 34, -2147483648, 2147483647] },
  long: { column: t.long, values: [0n, -1n, 34n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n] },
  float: {
    column: t.float,
    values: [0, 1.5, -2.25, Math.fround(0.1), Math.fround(3.4028234663852886e38), 2 ** -149].concat([
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]),
  },
  double: {
    column: t.double,
    values: [0, 1.5, -2.25, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 1e-7, 123456789.125].concat([
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]),
  },
  decimal_9: {
    column: () => t.decimal(9, 2),
    values: ['0.00', '14.20', '-14.20', '0.01', '9999999.99', '-9999999.99'],
  },
  decimal_18: {
    column: () => t.decimal(18, 3),
    values: ['0.000', '-1.250', '42.000', '999999999999999.999', '-999999999999999.999'],
  },
  decimal_38: {
    column: () => t.decimal(38, 10),
    values: [
      '0.0000000000',
      '-1.2500000000',
      '0.0000000001',
      '9999999999999999999999999999.9999999999',
      '-9999999999999999999999999999.9999999999',
    ],
  },
  date: {
    column: t.date,
    values: [
      '1970-01-01',
      '1969-12-31',
      '1969-01-01',
      '2026-11-21',
      '1600-02-29',
      '0001-01-01',
      '9999-12-31',
    ],
  },
  time: { column: t.time, values: [0n, 1n, 43_200_000_000n, 86_399_999_999n] },
  timestamp: { column: t.timestamp, values: instants(1n) },
  timestamptz: { column: t.timestamptz, values: instants(1n) },
  timestamp_ns: { column: t.timestampNs, values: nanoInstants() },
  timestamptz_ns: { column: t.timestamptzNs, values: nanoInstants() },
  string: {
    column: t.string,
    values: [
      '',
      'a',
      'abcdef',
      'a/b=c&d e%f+g:h?i#j',
      '..',
      'null',
      'grün',
      'gru\u0308n',
      '漢字かな交じり文',
      '🚀💥🎉🚀💥🎉🚀💥🎉🚀💥🎉🚀💥🎉🚀💥🎉',
      '\u{10ffff}\u{10ffff}x',
      '\uffff\uffff',
      'two\nlines\t"quoted" \\ \'single\'',
      'x'.repeat(60),
    ],
  },
  uuid: {
    column: t.uuid,
    values: [
      '00000000-0000-0000-0000-000000000000',
      'f79c3e09-677c-4bbd-a479-3f349cb785e7',
      '7fffffff-ffff-ffff-ffff-ffffffffffff',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ],
  },
  fixed: {
    column: () => t.fixed(5),
    values: [
      bytes(0, 0, 0, 0, 0),
      bytes(1, 2, 3, 4, 5),
      bytes(255, 255, 255, 255, 255),
      bytes(127, 128, 0, 1, 2),
    ],
  },
  binary: {
    column: t.binary,
    values: [
      bytes(),
      bytes(0),
      bytes(1, 2, 3),
      bytes(255, 255, 255),
      new Uint8Array(40).fill(255),
      new Uint8Array(40).fill(0x61),
      bytes(0x2f, 0x3d, 0x25, 0x80),
    ],
  },
} satisfies Record<string, Sample>

export type SampleName = keyof typeof samples
export const sampleNames = Object.keys(samples) as SampleName[]
/** Types that a table needs format v3 for. */
export const v3Only: ReadonlySet<SampleName> = new Set(['timestamp_ns', 'timestamptz_ns'])

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function instants(perMicro: bigint): bigint[] {
  const micros = [0n, -1n, 1n, 1_795_212_668_123_456n, -3_600_000_001n, -62_135_596_800_000_000n]
  return [...micros, 253_402_300_799_999_999n].map((value) => value * perMicro)
}

function nanoInstants(): bigint[] {
  return [0n, -1n, 1n, 1_795_212_668_123_456_789n, -3_600_000_000_001n, -9_223_372_036_000_000_000n]
}

/** Deterministic: the same seed gives the same numbers below 2^32. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
