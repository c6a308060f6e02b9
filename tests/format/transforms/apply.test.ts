import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyTransform,
  bindTransform,
  canTransform,
  transformResultType,
} from '../../../format/transforms/apply.ts'
import { parseTransform } from '../../../format/transforms/parse.ts'
import {
  binaryType,
  dateType,
  decimalType,
  intType,
  type Literal,
  longType,
  type PrimitiveType,
  stringType,
  type Type,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  unknownType,
  variantType,
} from '../../../format/types.ts'
import { toLiteral } from '../../../format/values/literal-input.ts'
import { runs } from '../../runs.ts'
import { daysByDate } from '../values/days-by-date.ts'

const MICROS_PER_HOUR = 3_600_000_000n
const NANOS_PER_HOUR = 3_600_000_000_000n
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
/** Longs near multiples of an hour too, where flooring goes wrong. */
const nearHours = (perHour: bigint) =>
  fc.oneof(
    int64,
    fc
      .tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.integer({ min: -2, max: 2 }))
      .map(([hours, by]) => BigInt(hours) * perHour + BigInt(by)),
  )

function apply(text: string, type: PrimitiveType, input: unknown): Literal | null {
  return applyTransform(parseTransform(text), type, toLiteral(type, input))
}

describe('truncate', () => {
  it('gives the examples of the spec', () => {
    expect(apply('truncate[10]', intType, 1)).toBe(0)
    expect(apply('truncate[10]', intType, -1)).toBe(-10)
    expect(apply('truncate[10]', longType, 1n)).toBe(0n)
    expect(apply('truncate[10]', longType, -1n)).toBe(-10n)
    expect(apply('truncate[50]', decimalType(9, 2), '10.65')).toBe(1050n)
    expect(apply('truncate[3]', stringType, 'iceberg')).toBe('ice')
    expect(apply('truncate[3]', binaryType, Uint8Array.of(1, 2, 3, 4, 5))).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('cuts strings between code points, never inside one', () => {
    expect(apply('truncate[2]', stringType, '😀😀😀')).toBe('😀😀')
    expect(apply('truncate[1]', stringType, 'é')).toBe('é')
    expect(apply('truncate[2]', stringType, 'a😀')).toBe('a😀')
  })

  it('wraps below the range of int and long, as Iceberg Java does', () => {
    expect(apply('truncate[10]', intType, -(2 ** 31))).toBe(2147483646)
    expect(apply('truncate[10]', longType, -(2n ** 63n))).toBe(9223372036854775806n)
  })

  it('goes down to a multiple of the width for every int, long and decimal', () => {
    const width = fc.integer({ min: 1, max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(width, fc.integer(), int64, (w, int, long) => {
        const floor = (value: bigint) => value - (((value % BigInt(w)) + BigInt(w)) % BigInt(w))
        expect(apply(`truncate[${w}]`, intType, int)).toBe(Number(BigInt.asIntN(32, floor(BigInt(int)))))
        expect(apply(`truncate[${w}]`, longType, long)).toBe(BigInt.asIntN(64, floor(long)))
        expect(apply(`truncate[${w}]`, decimalType(38, 5), long)).toBe(floor(long))
      }),
      runs(11, 2000),
    )
  })

  it('keeps a copy of cut bytes, not a view of the row', () => {
    const row = Uint8Array.of(1, 2, 3)
    const kept = apply('truncate[2]', binaryType, row)
    row[0] = 9
    expect(kept).toEqual(Uint8Array.of(1, 2))
  })
})

describe('bucket', () => {
  it('is the hash without its sign, modulo the number of buckets', () => {
    expect(apply('bucket[16]', intType, 34)).toBe(2017239379 % 16)
    expect(apply('bucket[100]', dateType, '2017-11-16')).toBe((-653330422 & 0x7fffffff) % 100)
  })

  it('stays the same when an int column becomes long', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(apply('bucket[97]', intType, value)).toBe(apply('bucket[97]', longType, BigInt(value)))
      }),
      runs(12, 500),
    )
  })
})

describe('year, month, day and hour', () => {
  it('count from 1970 and floor before it', () => {
    const cases: readonly (readonly [string, PrimitiveType, unknown, number])[] = [
      ['year', dateType, '1970-01-01', 0],
      ['year', dateType, '1969-12-31', -1],
      ['year', dateType, '1969-01-01', -1],
      ['year', dateType, '1968-12-31', -2],
      ['month', dateType, '1969-12-31', -1],
      ['month', dateType, '1969-12-01', -1],
      ['month', dateType, '1969-11-30', -2],
      ['month', dateType, '2017-11-16', 574],
      ['day', dateType, '1969-12-31', -1],
      ['year', timestampType, '1969-12-31T23:59:59.999999', -1],
      ['month', timestamptzType, '2017-11-16T14:31:08-08:00', 574],
      ['day', timestampType, '1969-12-31T00:00:00', -1],
      ['day', timestampType, '1969-12-30T23:59:59.999999', -2],
      ['day', timestampNsType, '1969-12-31T23:59:59.999999999', -1],
      ['hour', timestampType, '1970-01-01T00:59:59.999999', 0],
      ['hour', timestampType, '1969-12-31T23:00:00', -1],
      ['hour', timestampType, '1969-12-31T22:59:59.999999', -2],
      ['hour', timestampType, '1969-12-31T23:00:00.999999', -1],
      ['hour', timestamptzNsType, '2017-11-16T22:31:08.123456789Z', 419686],
    ]
    for (const [text, type, input, expected] of cases) {
      expect(apply(text, type, input), `${text} of ${String(input)}`).toBe(expected)
    }
  })

  it('equal bigint arithmetic over all microseconds and nanoseconds', () => {
    const floorDiv = (value: bigint, by: bigint) => (value - (((value % by) + by) % by)) / by
    for (const [type, perHour] of [
      [timestampType, MICROS_PER_HOUR],
      [timestamptzType, MICROS_PER_HOUR],
      [timestampNsType, NANOS_PER_HOUR],
      [timestamptzNsType, NANOS_PER_HOUR],
    ] as const) {
      const hour = bindTransform({ kind: 'hour' }, type)
      const day = bindTransform({ kind: 'day' }, type)
      fc.assert(
        fc.property(nearHours(perHour), (value) => {
          expect(hour(value)).toBe(Number(BigInt.asIntN(32, floorDiv(value, perHour))))
          expect(day(value)).toBe(Number(floorDiv(value, perHour * 24n)))
        }),
        runs(13, 2000),
      )
    }
  })

  it('agree with the calendar of Date where that reaches', () => {
    fc.assert(
      fc.property(daysByDate, ({ days, date }) => {
        expect(applyTransform({ kind: 'year' }, dateType, days)).toBe(date.getUTCFullYear() - 1970)
        expect(applyTransform({ kind: 'month' }, dateType, days)).toBe(
          (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth(),
        )
      }),
      runs(14, 2000),
    )
  })
})

describe('transforms', () => {
  it('give null for null', () => {
    for (const text of ['identity', 'bucket[4]', 'truncate[4]', 'void']) {
      expect(bindTransform(parseTransform(text), longType)(null)).toBeNull()
    }
    for (const text of ['year', 'month', 'day', 'hour']) {
      expect(bindTransform(parseTransform(text), timestampType)(null)).toBeNull()
      expect(bindTransform(parseTransform(text), timestampNsType)(null)).toBeNull()
    }
    expect(bindTransform({ kind: 'void' }, longType)(3n)).toBeNull()
  })

  it('take the source types that the spec lists and no other', () => {
    const types: readonly Type['kind'][] = [
      ...['boolean', 'int', 'long', 'float', 'double', 'decimal', 'date', 'time', 'timestamp', 'timestamptz'],
      ...['timestamp_ns', 'timestamptz_ns', 'string', 'uuid', 'fixed', 'binary', 'unknown', 'geometry'],
      ...['geography', 'variant', 'struct', 'list', 'map'],
    ] as Type['kind'][]
    const timestamps = ['timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns']
    const taken: Readonly<Record<string, readonly string[]>> = {
      identity: types.slice(0, 17),
      'bucket[2]': [
        ...['int', 'long', 'decimal', 'date', 'time', ...timestamps],
        ...['string', 'uuid', 'fixed', 'binary'],
      ],
      'truncate[2]': ['int', 'long', 'decimal', 'string', 'binary'],
      year: ['date', ...timestamps],
      month: ['date', ...timestamps],
      day: ['date', ...timestamps],
      hour: timestamps,
      void: types,
      'zorder[3]': [],
    }
    for (const [text, expected] of Object.entries(taken)) {
      const found = types.filter((kind) => canTransform(parseTransform(text), { kind } as Type))
      expect(found, text).toEqual(expected)
    }
    expect(() => bindTransform({ kind: 'hour' }, dateType)).toThrowError(/hour does not take .* date/)
    expect(() => bindTransform(parseTransform('zorder[3]'), dateType)).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
  })

  it('have the result types of the spec, also when the source column is gone', () => {
    expect(transformResultType({ kind: 'day' }, timestampType)).toEqual(dateType)
    expect(transformResultType({ kind: 'hour' }, unknownType)).toEqual(intType)
    expect(transformResultType({ kind: 'bucket', numBuckets: 3 }, stringType)).toEqual(intType)
    expect(transformResultType({ kind: 'truncate', width: 3 }, decimalType(9, 2))).toEqual(decimalType(9, 2))
    expect(transformResultType({ kind: 'identity' }, unknownType)).toEqual(unknownType)
    expect(transformResultType({ kind: 'void' }, stringType)).toEqual(stringType)
    expect(transformResultType({ kind: 'void' }, variantType)).toEqual(intType)
  })
})
