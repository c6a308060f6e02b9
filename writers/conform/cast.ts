import {
  type Data,
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type FixedSizeBinary,
  type Float,
  type Int,
  Precision,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
} from 'apache-arrow'
import { arrowData, type FixedWidthArray } from '../../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength, copyBits } from '../../format/arrow/bitmap.ts'
import { narrowOffsets } from '../../format/arrow/take.ts'
import type { PrimitiveType } from '../../format/types.ts'
import { columnError, type Place, valueError } from './place.ts'

/** A primitive column as `arrowTypeOf(type)`: the same buffers where the types agree, else a cast that loses nothing. */
export function castColumn(type: PrimitiveType, column: Data, expected: string, place: Place): Data {
  const target = arrowTypeOf(type)
  const cast = castOf(type, target, column, place)
  if (cast === undefined) throw columnError(place.path, expected, column.type)
  return cast
}

/** The validity of a column as a bitmap that starts at its first slot. */
export function alignedValidity({ nullCount, nullBitmap, offset, length }: Data): Uint8Array | undefined {
  if (nullCount === 0) return undefined
  if ((offset & 7) === 0) return (nullBitmap as Uint8Array).subarray(offset >> 3)
  const aligned = new Uint8Array(bitmapByteLength(length))
  copyBits(nullBitmap, offset, aligned, 0, length)
  return aligned
}

function castOf(type: PrimitiveType, target: DataType, column: Data, place: Place): Data | undefined {
  const source = column.type
  switch (type.kind) {
    case 'boolean':
      return source.typeId === Type.Bool ? relabelled(column, target) : undefined
    case 'int':
      return castInteger(column, target, 32)
    case 'long':
      return castInteger(column, target, 64)
    case 'float':
      return isFloat(source, Precision.SINGLE) ? relabelled(column, target) : undefined
    case 'double':
      if (isFloat(source, Precision.DOUBLE)) return relabelled(column, target)
      return isFloat(source, Precision.SINGLE)
        ? replaced(column, target, Float64Array.from(column.values))
        : undefined
    case 'date':
      return castDate(column, target, place)
    case 'time':
      return source.typeId === Type.Time ? castTime(column, target, place) : undefined
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns': {
      if (source.typeId !== Type.Timestamp) return undefined
      // A timezone only tells how to print instants; whether there is one tells instants from local times.
      const { unit, timezone } = source as Timestamp
      const isInstant = timezone !== null && timezone !== undefined && timezone !== ''
      if (isInstant !== type.kind.startsWith('timestamptz')) return undefined
      return castUnit(column, target, unit, place)
    }
    case 'decimal':
      return castDecimal(column, target as Decimal, place)
    case 'uuid':
    case 'fixed':
      return source.typeId === Type.FixedSizeBinary &&
        (source as FixedSizeBinary).byteWidth === (target as FixedSizeBinary).byteWidth
        ? relabelled(column, target)
        : undefined
    case 'string':
      return castBytes(column, target, Type.Utf8, Type.LargeUtf8, Type.Utf8View)
    case 'binary':
    case 'geometry':
    case 'geography':
      return castBytes(column, target, Type.Binary, Type.LargeBinary, Type.BinaryView)
    case 'unknown':
      return source.typeId === Type.Null ? column : undefined
  }
}

/** The same buffers under the table's own type. */
export function relabelled(column: Data, target: DataType): Data {
  return column.clone(target)
}

function replaced(column: Data, target: DataType, values: FixedWidthArray): Data {
  return arrowData(target, column.length, { nullBitmap: alignedValidity(column), values })
}

function isFloat(type: DataType, precision: Precision): boolean {
  return type.typeId === Type.Float && (type as Float).precision === precision
}

function castInteger(column: Data, target: DataType, width: 32 | 64): Data | undefined {
  if (column.type.typeId !== Type.Int) return undefined
  const { bitWidth, isSigned } = column.type as Int
  if (bitWidth === width && isSigned) return relabelled(column, target)
  if (bitWidth >= width) return undefined
  const values = width === 32 ? Int32Array.from(column.values) : BigInt64Array.from(column.values, BigInt)
  return replaced(column, target, values)
}

/** Below a null anything may stand. */
function isReached(column: Data, slot: number, place: Place): boolean {
  return column.getValid(slot) && place.rowOf(slot) !== undefined
}

const MILLIS_PER_DAY = 86_400_000n

function castDate(column: Data, target: DataType, place: Place): Data | undefined {
  if (column.type.typeId !== Type.Date) return undefined
  if ((column.type as Date_).unit === DateUnit.DAY) return relabelled(column, target)
  const millis: BigInt64Array = column.values
  const days = new Int32Array(column.length)
  for (let i = 0; i < days.length; i++) {
    const day = Number(millis[i]! / MILLIS_PER_DAY)
    days[i] = day
    if ((millis[i]! % MILLIS_PER_DAY === 0n && days[i] === day) || !isReached(column, i, place)) continue
    throw valueError(place, i, 'a date without a time of day', `${millis[i]} ms since 1970-01-01`)
  }
  return replaced(column, target, days)
}

/** Powers of ten in a second, by Arrow's units. */
const DIGITS: Readonly<Record<TimeUnit, number>> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
}

/** Times and timestamps from one unit to another, exactly. */
function castUnit(column: Data, target: DataType, unit: TimeUnit, place: Place): Data {
  const digits = DIGITS[(target as Time | Timestamp).unit as TimeUnit] - DIGITS[unit]
  if (digits === 0) return relabelled(column, target)
  const factor = 10n ** BigInt(Math.abs(digits))
  const source: BigInt64Array | Int32Array = column.values
  const values = new BigInt64Array(column.length)
  for (let i = 0; i < values.length; i++) {
    const value = BigInt(source[i]!)
    const result = digits > 0 ? value * factor : value / factor
    values[i] = result
    if (digits < 0 && result * factor !== value && isReached(column, i, place)) {
      throw valueError(place, i, `a ${target}`, `${value}, which is finer than the column's unit`)
    }
    if (result !== BigInt.asIntN(64, result) && isReached(column, i, place)) {
      throw valueError(place, i, `a ${target}`, `${value}, which is beyond its range`)
    }
  }
  return replaced(column, target, values)
}

const MICROS_PER_DAY = 86_400_000_000n

/** Arrow does not keep times within the day; readers fail over those that are not. */
function castTime(column: Data, target: DataType, place: Place): Data {
  const cast = castUnit(column, target, (column.type as Time).unit, place)
  const micros: BigInt64Array = cast.values
  for (let i = 0; i < cast.length; i++) {
    if ((micros[i]! < 0n || micros[i]! >= MICROS_PER_DAY) && isReached(cast, i, place)) {
      throw valueError(place, i, 'a time of day', `${micros[i]} µs since midnight`)
    }
  }
  return cast
}

/** Any width to 128 bits, by sign; a 256-bit value of at most 38 digits fits in its low half. */
function castDecimal(column: Data, target: Decimal, place: Place): Data | undefined {
  if (column.type.typeId !== Type.Decimal) return undefined
  const source = column.type as Decimal
  if (source.scale !== target.scale || source.precision > target.precision) return undefined
  checkDigits(column, target, place)
  if (column.stride === 4) return relabelled(column, target)
  const words: Uint32Array = column.values
  const result = new Uint32Array(column.length * 4)
  for (let i = 0; i < column.length; i++) {
    const from = i * column.stride
    const sign = words[from + column.stride - 1]! >> 31
    for (let k = 0; k < 4; k++) result[i * 4 + k] = k < column.stride ? words[from + k]! : sign
  }
  return replaced(column, target, result)
}

/** Arrow does not keep decimals within their precision; Parquet would store what is left of them in fewer bytes. */
function checkDigits(column: Data, target: Decimal, place: Place): void {
  const { stride } = column
  const words: Uint32Array = column.values
  const limit = 10n ** BigInt(target.precision)
  // A double is off by far less than this, and most values are smaller.
  const safe = Number(limit) * 0.999
  for (let i = 0; i < column.length; i++) {
    const top = (i + 1) * stride - 1
    let about = words[top]! | 0
    for (let k = 1; k < stride; k++) about = about * 2 ** 32 + words[top - k]!
    if (Math.abs(about) < safe || !isReached(column, i, place)) continue
    let unscaled = BigInt(words[top]! | 0)
    for (let k = 1; k < stride; k++) unscaled = (unscaled << 32n) | BigInt(words[top - k]!)
    if (unscaled <= -limit || unscaled >= limit)
      throw valueError(place, i, `a ${target}`, `${unscaled} units`)
  }
}

function castBytes(column: Data, target: DataType, plain: Type, large: Type, view: Type): Data | undefined {
  switch (column.type.typeId as Type) {
    case plain:
      return relabelled(column, target)
    case large:
      return arrowData(target, column.length, {
        nullBitmap: alignedValidity(column),
        valueOffsets: narrowOffsets(column.valueOffsets),
        values: column.values,
      })
    case view:
      return fromViews(column, target)
    default:
      return undefined
  }
}

/**
 * A view is 16 bytes: the length, then up to 12 bytes of value, or 4 bytes of its start, the number of the buffer
 * that holds it, and its offset there.
 */
function fromViews(column: Data, target: DataType): Data {
  const { length, variadicBuffers } = column
  const views: Uint8Array = column.values
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength)
  const valueOffsets = new Int32Array(length + 1)
  for (let i = 0; i < length; i++) {
    const size = column.getValid(i) ? view.getInt32(i * 16, true) : 0
    valueOffsets[i + 1] = valueOffsets[i]! + size
  }
  const values = new Uint8Array(valueOffsets[length]!)
  for (let i = 0; i < length; i++) {
    const at = valueOffsets[i]!
    const size = valueOffsets[i + 1]! - at
    if (size <= 12) {
      values.set(views.subarray(i * 16 + 4, i * 16 + 4 + size), at)
    } else {
      const buffer = variadicBuffers[view.getInt32(i * 16 + 8, true)]!
      const start = view.getInt32(i * 16 + 12, true)
      values.set(buffer.subarray(start, start + size), at)
    }
  }
  return arrowData(target, length, { nullBitmap: alignedValidity(column), valueOffsets, values })
}
