import { isUtf8 } from 'node:buffer'
import {
  Type as ArrowType,
  type Data,
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Time,
  type Timestamp,
  TimeUnit,
} from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import { decimalReader } from '../format/arrow/decimal-reader.ts'
import { invalidData } from '../format/errors.ts'
import { type PrimitiveType, typeToString } from '../format/types.ts'
import { constantColumn } from './constant-column.ts'

/**
 * A decoded Parquet leaf as a column of `type` (whose Arrow type is `arrowType`).
 *
 * Takes the type itself, what it may have been promoted from (spec: "Schema Evolution"), and the older or looser
 * encodings that engines write for it: narrower and unsigned integers, milliseconds, nanoseconds and INT96 for
 * microseconds (floored), text without annotation, 64-bit offsets. Buffers are shared where the layout is the same.
 * Throws INVALID_DATA for any other pair and for a value that does not fit.
 */
export function convertLeaf(data: Data, type: PrimitiveType, arrowType: DataType): Data {
  const converted = convert(data, type, arrowType)
  if (converted === undefined) {
    throw invalidData(`expected ${typeToString(type)}, found ${data.type} in the file`, {
      rule: 'Parquet data type mappings',
    })
  }
  return converted
}

/** INT96 is decoded as twelve raw bytes; see `convertInt96`. */
export const INT96_WIDTH = 12

function convert(data: Data, type: PrimitiveType, arrowType: DataType): Data | undefined {
  // It was of type unknown when the file was written.
  if (data.typeId === ArrowType.Null) return constantColumn(type, null).ofLength(data.length)
  switch (type.kind) {
    case 'boolean':
      return data.typeId === ArrowType.Bool ? retyped(data, arrowType) : undefined
    case 'int':
      return toInt(data, arrowType)
    case 'long':
      return toLong(data, arrowType)
    case 'float':
      if (data.values instanceof Float32Array) return retyped(data, arrowType)
      return data.typeId === ArrowType.Float && data.values instanceof Uint16Array
        ? withValues(data, arrowType, Float32Array.from(data.values, halfToFloat))
        : undefined
    case 'double':
      if (data.values instanceof Float64Array) return retyped(data, arrowType)
      return data.values instanceof Float32Array
        ? withValues(data, arrowType, Float64Array.from(data.values))
        : undefined
    case 'date':
      return isDays(data) ? retyped(data, arrowType) : undefined
    case 'time':
      return toTime(data, arrowType)
    case 'timestamp':
    case 'timestamptz':
      return toTimestamp(data, arrowType, MICROS, type.kind === 'timestamp')
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return toTimestamp(data, arrowType, NANOS, type.kind === 'timestamp_ns')
    case 'decimal':
      return toDecimal(data, arrowType, type.precision, type.scale)
    case 'string':
      return toBytes(data, arrowType, true)
    case 'binary':
    case 'geometry':
    case 'geography':
      return toBytes(data, arrowType, false)
    case 'uuid':
      return toFixed(data, arrowType, 16)
    case 'fixed':
      return toFixed(data, arrowType, type.length)
    case 'unknown':
      return undefined
  }
}

// apache-arrow physically slices values and offsets, but keeps validity (and boolean) bits whole and counts them
// from `offset`; both helpers carry that over.
/** A float of 16 bits: sign, 5 bits of exponent, 10 of fraction. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function retyped(data: Data, type: DataType): Data {
  return data.clone(type)
}

function withValues(data: Data, type: DataType, values: unknown, valueOffsets?: Int32Array): Data {
  const buffers = [valueOffsets, values, data.nullBitmap, undefined]
  return data.clone(type, data.offset, data.length, data.nullCount, buffers as never, [])
}

function isValid(data: Data, index: number): boolean {
  return data.nullCount === 0 || bitAt(data.nullBitmap as Uint8Array, data.offset + index)
}

function outOfRange(value: number | bigint, type: DataType): Error {
  return invalidData(`the value ${value} in the file does not fit ${type}`, {
    rule: 'Parquet data type mappings',
  })
}

function toInt(data: Data, type: DataType): Data | undefined {
  if (data.typeId !== ArrowType.Int) return undefined
  const { values } = data
  if (values instanceof Int32Array) return retyped(data, type)
  if (values instanceof Uint32Array) {
    const signed = new Int32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < data.length; i++) {
      if (signed[i]! < 0 && isValid(data, i)) throw outOfRange(values[i]!, type)
    }
    return withValues(data, type, signed)
  }
  return isNarrowInt(values) ? withValues(data, type, Int32Array.from(values)) : undefined
}

function toLong(data: Data, type: DataType): Data | undefined {
  if (data.typeId !== ArrowType.Int) return undefined
  const { values } = data
  if (values instanceof BigInt64Array) return retyped(data, type)
  if (values instanceof BigUint64Array) {
    const signed = new BigInt64Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < data.length; i++) {
      if (signed[i]! < 0n && isValid(data, i)) throw outOfRange(values[i]!, type)
    }
    return withValues(data, type, signed)
  }
  if (values instanceof Int32Array) return withValues(data, type, widened(values))
  if (values instanceof Uint32Array) {
    return withValues(data, type, BigInt64Array.from(values, BigInt))
  }
  return isNarrowInt(values) ? withValues(data, type, widened(Int32Array.from(values))) : undefined
}

function isNarrowInt(values: unknown): values is Int8Array | Uint8Array | Int16Array | Uint16Array {
  return (
    values instanceof Int8Array ||
    values instanceof Uint8Array ||
    values instanceof Int16Array ||
    values instanceof Uint16Array
  )
}

/** Sign-extends without making a bigint per value. */
function widened(values: Int32Array): BigInt64Array {
  const wide = new BigInt64Array(values.length)
  const halves = new Int32Array(wide.buffer)
  for (let i = 0; i < values.length; i++) {
    halves[i * 2] = values[i]!
    halves[i * 2 + 1] = values[i]! >> 31
  }
  return wide
}

function isDays(data: Data): boolean {
  return data.typeId === ArrowType.Date && (data.type as Date_).unit === DateUnit.DAY
}

const MICROS = 1_000n
const NANOS = 1n
const NANOS_PER_DAY = 86_400_000_000_000n

/** Nanoseconds in one unit of an Arrow time or timestamp. */
function nanosPerUnit(data: Data): bigint {
  const { unit } = data.type as Time | Timestamp
  switch (unit) {
    case TimeUnit.SECOND:
      return 1_000_000_000n
    case TimeUnit.MILLISECOND:
      return 1_000_000n
    case TimeUnit.MICROSECOND:
      return MICROS
    default:
      return NANOS
  }
}

function toTime(data: Data, type: DataType): Data | undefined {
  return data.typeId === ArrowType.Time ? rescaled(data, type, nanosPerUnit(data), MICROS) : undefined
}

function toTimestamp(data: Data, type: DataType, unit: bigint, fromDate: boolean): Data | undefined {
  if (data.typeId === ArrowType.Timestamp) return rescaled(data, type, nanosPerUnit(data), unit)
  if (fromDate && isDays(data)) return rescaled(data, type, NANOS_PER_DAY, unit)
  if (data.typeId === ArrowType.FixedSizeBinary && data.stride === INT96_WIDTH) {
    return convertInt96(data, type, unit)
  }
  return undefined
}

/** Values counted in `from` nanoseconds as values counted in `to` nanoseconds, floored. */
function rescaled(data: Data, type: DataType, from: bigint, to: bigint): Data {
  const { values } = data
  if (from === to && values instanceof BigInt64Array) return retyped(data, type)
  const source: Int32Array | BigInt64Array = values
  const scaled = new BigInt64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    scaled[i] = int64(floorDivide(BigInt(source[i]!) * from, to), data, i, type)
  }
  return withValues(data, type, scaled)
}

/** INT96 timestamps: 8 bytes of nanoseconds within the day, then 4 bytes of Julian day, little-endian. */
function convertInt96(data: Data, type: DataType, unit: bigint): Data {
  const bytes: Uint8Array = data.values
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const scaled = new BigInt64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const nanosOfDay = view.getBigInt64(i * INT96_WIDTH, true)
    const day = BigInt(view.getInt32(i * INT96_WIDTH + 8, true) - JULIAN_DAY_OF_EPOCH)
    scaled[i] = int64(floorDivide(day * NANOS_PER_DAY + nanosOfDay, unit), data, i, type)
  }
  return withValues(data, type, scaled)
}

const JULIAN_DAY_OF_EPOCH = 2_440_588

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient
}

function int64(value: bigint, data: Data, index: number, type: DataType): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  if (isValid(data, index)) throw outOfRange(value, type)
  return 0n
}

/** Decimals are 128 bits wide in Arrow whatever their physical type was; only the scale must be the same. */
function toDecimal(data: Data, type: DataType, precision: number, scale: number): Data | undefined {
  if (data.typeId !== ArrowType.Decimal) return undefined
  const found = data.type as Decimal
  if (found.scale !== scale || found.bitWidth !== 128) return undefined
  if (found.precision > precision) {
    const limit = 10n ** BigInt(precision)
    const unscaledAt = decimalReader(data)
    for (let i = 0; i < data.length; i++) {
      const value = unscaledAt(i)
      if ((value >= limit || value <= -limit) && isValid(data, i)) throw outOfRange(value, type)
    }
  }
  return retyped(data, type)
}

function toBytes(data: Data, type: DataType, text: boolean): Data | undefined {
  switch (data.typeId) {
    case ArrowType.Utf8:
    case ArrowType.LargeUtf8:
      return withNarrowOffsets(data, type)
    case ArrowType.Binary:
    case ArrowType.LargeBinary: {
      const converted = withNarrowOffsets(data, type)
      if (text) checkUtf8(converted)
      return converted
    }
    default:
      return undefined
  }
}

function withNarrowOffsets(data: Data, type: DataType): Data {
  const offsets: Int32Array | BigInt64Array = data.valueOffsets
  if (offsets instanceof Int32Array) return retyped(data, type)
  // The values are one buffer in memory, whose length an Int32 holds.
  return withValues(data, type, data.values, Int32Array.from(offsets, Number))
}

/** Bytes that were written without the STRING annotation have been checked by nobody yet. */
function checkUtf8(data: Data): void {
  const offsets: Int32Array = data.valueOffsets
  const bytes: Uint8Array = data.values
  const start = offsets[0] ?? 0
  const end = offsets[data.length] ?? 0
  let wellFormed = isUtf8(bytes.subarray(start, end))
  for (let i = 1; wellFormed && i < data.length; i++) {
    const at = offsets[i]!
    wellFormed = at >= end || (bytes[at]! & 0xc0) !== 0x80
  }
  if (!wellFormed) throw invalidData('a value of a string column is not UTF-8', { rule: 'Parquet: string' })
}

function toFixed(data: Data, type: DataType, width: number): Data | undefined {
  return data.typeId === ArrowType.FixedSizeBinary && data.stride === width ? retyped(data, type) : undefined
}
