import {
  type Data,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  FixedSizeBinary,
  Float16,
  Int16,
  Int64,
  LargeUtf8,
  TimeMillisecond,
  TimeNanosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint32,
  Uint64,
} from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowData, type ColumnParts } from '../../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import {
  binaryType,
  decimalType,
  fixedType,
  floatType,
  intType,
  longType,
  type PrimitiveType,
  stringType,
  timestampNsType,
  timestampType,
  timestamptzType,
  timeType,
  uuidType,
} from '../../format/types.ts'
import { convertLeaf } from '../../readers/convert-leaf.ts'
import { valueReader } from '../../readers/row-values.ts'

/** Three slots, the middle one null. */
const NULLS = Uint8Array.of(0b101, 0, 0, 0, 0, 0, 0, 0)

function convert(
  from: DataType,
  parts: ColumnParts,
  to: PrimitiveType,
  slice?: readonly [number, number],
): unknown[] {
  const whole = arrowData(from, 3, { nullBitmap: NULLS, ...parts })
  const source: Data = slice === undefined ? whole : whole.slice(slice[0], slice[1])
  const converted = convertLeaf(source, to, arrowTypeOf(to))
  const read = valueReader(to, converted, {})
  return Array.from({ length: converted.length }, (_, i) => read(i))
}

/** Nanoseconds within the day, and the Julian day. */
function int96(...values: readonly (readonly [bigint, number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 12))
  values.forEach(([nanos, day], i) => {
    view.setBigInt64(i * 12, nanos, true)
    view.setInt32(i * 12 + 8, day, true)
  })
  return new Uint8Array(view.buffer)
}

describe('convertLeaf', () => {
  test('timestamps of other units are scaled, and floored before 1970 too', () => {
    const values = BigInt64Array.of(-1n, 0n, 1999n)
    expect(convert(new TimestampNanosecond(), { values }, timestampType)).toEqual([-1n, null, 1n])
    expect(convert(new TimestampMillisecond('UTC'), { values }, timestamptzType)).toEqual([
      -1000n,
      null,
      1_999_000n,
    ])
    expect(convert(new TimestampSecond(), { values }, timestampNsType)).toEqual([
      -(10n ** 9n),
      null,
      1999n * 10n ** 9n,
    ])
    expect(convert(new TimestampNanosecond(), { values }, timestampNsType)).toEqual([-1n, null, 1999n])
  })

  test('INT96 reaches years that 64 bits of nanoseconds do not', () => {
    const type = new FixedSizeBinary(12)
    // 0001-01-01T00:00:00.000001 and 9999-12-31T23:59:59.999999, days counted from noon of 4714 BC.
    const values = int96([1999n, 1_721_426], [0n, 0], [86_399_999_999_999n, 5_373_484])
    const expected = [-62_135_596_799_999_999n, null, 253_402_300_799_999_999n]
    expect(convert(type, { values }, timestampType)).toEqual(expected)
    expect(convert(type, { values }, timestamptzType)).toEqual(expected)
    expect(() => convert(type, { values }, timestampNsType)).toThrow(/does not fit/)
  })

  test('dates become timestamps without a zone only', () => {
    const values = Int32Array.of(-1, 0, 1)
    expect(convert(new DateDay(), { values }, timestampType)).toEqual([
      -86_400_000_000n,
      null,
      86_400_000_000n,
    ])
    expect(() => convert(new DateDay(), { values }, timestamptzType)).toThrow(
      /expected timestamptz, found Date/,
    )
    const millis = BigInt64Array.of(0n, 0n, 0n)
    expect(() => convert(new DateMillisecond(), { values: millis }, timestampType)).toThrow(
      /expected timestamp/,
    )
  })

  test('times are scaled', () => {
    expect(convert(new TimeMillisecond(), { values: Int32Array.of(1, 0, 2) }, timeType)).toEqual([
      1000n,
      null,
      2000n,
    ])
    const nanos = { values: BigInt64Array.of(1999n, 0n, 0n) }
    expect(convert(new TimeNanosecond(), nanos, timeType)).toEqual([1n, null, 0n])
  })

  test('narrow and unsigned integers keep their values, and one too great is refused', () => {
    expect(convert(new Int16(), { values: Int16Array.of(-32768, 0, 5) }, intType)).toEqual([-32768, null, 5])
    expect(convert(new Uint8(), { values: Uint8Array.of(255, 0, 5) }, longType)).toEqual([255n, null, 5n])
    const great = { values: Uint32Array.of(2 ** 31, 0, 5) }
    expect(convert(new Uint32(), great, longType)).toEqual([2n ** 31n, null, 5n])
    expect(() => convert(new Uint32(), great, intType)).toThrow(/2147483648 in the file does not fit/)
    const greatest = { values: BigUint64Array.of(2n ** 63n, 0n, 5n) }
    expect(() => convert(new Uint64(), greatest, longType)).toThrow(/does not fit/)
    const underNull = { values: BigUint64Array.of(1n, 2n ** 64n - 1n, 5n) }
    expect(convert(new Uint64(), underNull, longType)).toEqual([1n, null, 5n])
    expect(() => convert(new Int64(), { values: BigInt64Array.of(1n, 2n, 3n) }, intType)).toThrow(
      /expected int, found Int64/,
    )
  })

  test('decimals keep their scale; a wider precision is taken where the values fit', () => {
    const words = new Uint32Array(BigInt64Array.of(-12345n, -1n, 0n, 0n, 99999n, 0n).buffer)
    const from = new Decimal(2, 20, 128)
    expect(convert(from, { values: words }, decimalType(38, 2))).toEqual(['-123.45', null, '999.99'])
    expect(convert(from, { values: words }, decimalType(5, 2))).toEqual(['-123.45', null, '999.99'])
    expect(() => convert(from, { values: words }, decimalType(4, 2))).toThrow(
      /-12345 in the file does not fit/,
    )
    expect(() => convert(from, { values: words }, decimalType(38, 3))).toThrow(/expected decimal\(38, 3\)/)
  })

  test('64-bit offsets are narrowed', () => {
    const parts = {
      values: new Uint8Array(Buffer.from('aéb')),
      valueOffsets: BigInt64Array.of(0n, 1n, 1n, 4n),
    }
    expect(convert(new LargeUtf8(), parts, stringType)).toEqual(['a', null, 'éb'])
    expect(convert(new LargeUtf8(), parts, binaryType)[2]).toEqual(new Uint8Array(Buffer.from('éb')))
  })

  test('text that is only whole across values is refused', () => {
    const split = { values: Uint8Array.of(0xc3, 0xa9), valueOffsets: Int32Array.of(0, 1, 1, 2) }
    expect(() => convert(arrowTypeOf(binaryType), split, stringType)).toThrow(/not UTF-8/)
    const whole = { values: Uint8Array.of(0xc3, 0xa9), valueOffsets: Int32Array.of(0, 2, 2, 2) }
    expect(convert(arrowTypeOf(binaryType), whole, stringType)).toEqual(['é', null, ''])
  })

  test('fixed bytes must have the length of the type', () => {
    const values = new Uint8Array(48)
    expect(convert(new FixedSizeBinary(16), { values }, uuidType)[0]).toBe(
      '00000000-0000-0000-0000-000000000000',
    )
    expect(() => convert(new FixedSizeBinary(16), { values }, fixedType(15))).toThrow(/expected fixed\[15\]/)
  })

  test('a slice converts as that part of the column', () => {
    const parts = { values: BigInt64Array.of(5n, 0n, 7n) }
    expect(convert(new TimestampMillisecond(), parts, timestampType, [1, 2])).toEqual([null, 7000n])
  })
})

test('floats of 16 bits are widened', () => {
  const values = Uint16Array.of(0x3c00, 0, 0xfc00)
  expect(convert(new Float16(), { values }, floatType)).toEqual([1, null, Number.NEGATIVE_INFINITY])
  const more = Uint16Array.of(0x0001, 0, 0xc248)
  expect(convert(new Float16(), { values: more }, floatType)).toEqual([2 ** -24, null, -3.140625])
})
