import type { Data } from 'apache-arrow'
import { nullData } from '../../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import type { PrimitiveType } from '../../format/types.ts'
import { typeToString } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { mismatch } from '../../format/values/mismatch.ts'
import { uuidToBytes } from '../../format/values/text.ts'
import { BooleanColumn } from './boolean-column.ts'
import { BytesColumn } from './bytes-column.ts'
import { type ColumnBuilder, isAbsent, Misfit } from './column-builder.ts'
import { type ColumnTarget, FixedWidthColumn, type FixedWidthLayout } from './fixed-width-column.ts'
import { plainDays, plainMicros, plainUnscaled, putPlainUuid } from './shortcuts.ts'
import { StringColumn } from './string-column.ts'

/** A column of one primitive type. What values it takes is `toLiteral`'s to say; the common ones skip it. */
export function primitiveColumn(type: PrimitiveType, required: boolean): ColumnBuilder {
  const target: ColumnTarget = { arrowType: arrowTypeOf(type), expected: typeToString(type), required }
  switch (type.kind) {
    case 'boolean':
      return new BooleanColumn(target)
    case 'int':
    case 'date':
      return new FixedWidthColumn(target, int32Layout(type))
    case 'long':
      return new FixedWidthColumn(target, int64Layout(type, integerOf))
    case 'time':
      return new FixedWidthColumn(target, int64Layout(type, neverShort))
    case 'timestamp':
    case 'timestamptz':
      return new FixedWidthColumn(target, int64Layout(type, microsOf(type.kind === 'timestamptz')))
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return new FixedWidthColumn(target, int64Layout(type, nanosOf))
    case 'float':
      return new FixedWidthColumn(target, float32Layout(type))
    case 'double':
      return new FixedWidthColumn(target, float64Layout(type))
    case 'decimal':
      return new FixedWidthColumn(target, decimalLayout(type))
    case 'uuid':
      return new FixedWidthColumn(target, uuidLayout(type))
    case 'fixed':
      return new FixedWidthColumn(target, fixedLayout(type, type.length))
    case 'string':
      return new StringColumn(target)
    case 'binary':
    case 'geometry':
    case 'geography':
      return new BytesColumn(target, type)
    case 'unknown':
      return new UnknownColumn()
  }
}

function int32Layout(type: PrimitiveType): FixedWidthLayout<Int32Array> {
  const plain = type.kind === 'int'
  return {
    array: Int32Array,
    stride: 1,
    put(array, slot, value) {
      const short = plain ? value : typeof value === 'string' ? plainDays(value) : Number.NaN
      const fits = typeof short === 'number' && (short | 0) === short
      array[slot] = fits ? short : (toLiteral(type, value) as number)
    },
  }
}

/**
 * 64-bit values as pairs of 32-bit halves, low half first, so that most need no bigint.
 *
 * `shortcut` gives the value as a number; anything but a safe integer takes the long way.
 */
function int64Layout(
  type: PrimitiveType,
  shortcut: (value: unknown) => number,
): FixedWidthLayout<Int32Array> {
  return {
    array: Int32Array,
    stride: 2,
    put(halves, slot, value) {
      const short = shortcut(value)
      if (Number.isSafeInteger(short)) putSafeInteger(halves, slot * 2, short)
      else putInt64(halves, slot * 2, toLiteral(type, value) as bigint)
    },
  }
}

function integerOf(value: unknown): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN
}

function microsOf(zone: boolean): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'string') return plainMicros(value, zone)
    return value instanceof Date ? value.getTime() * 1e3 : bigintOf(value)
  }
}

function nanosOf(value: unknown): number {
  return value instanceof Date ? value.getTime() * 1e6 : bigintOf(value)
}

function bigintOf(value: unknown): number {
  return typeof value === 'bigint' ? Number(value) : Number.NaN
}

function neverShort(): number {
  return Number.NaN
}

function float32Layout(type: PrimitiveType): FixedWidthLayout<Float32Array> {
  return {
    array: Float32Array,
    stride: 1,
    put(array, slot, value) {
      array[slot] = toLiteral(type, value) as number
    },
  }
}

function float64Layout(type: PrimitiveType): FixedWidthLayout<Float64Array> {
  return {
    array: Float64Array,
    stride: 1,
    put(array, slot, value) {
      array[slot] = typeof value === 'number' ? value : (toLiteral(type, value) as number)
    },
  }
}

/** 128 bits, low word first. */
function decimalLayout(type: PrimitiveType & { kind: 'decimal' }): FixedWidthLayout<Int32Array> {
  const limit = 10 ** type.precision
  return {
    array: Int32Array,
    stride: 4,
    put(words, slot, value) {
      const short = typeof value === 'string' ? plainUnscaled(value, type.scale) : bigintOf(value)
      const fits = Number.isSafeInteger(short) && short > -limit && short < limit
      const unscaled = fits ? 0n : (toLiteral(type, value) as bigint)
      const small = fits ? short : Number(unscaled)
      if (Number.isSafeInteger(small)) {
        putSafeInteger(words, slot * 4, small)
        if (small < 0) words.fill(-1, slot * 4 + 2, slot * 4 + 4)
      } else {
        putInt64(words, slot * 4, unscaled)
        putInt64(words, slot * 4 + 2, unscaled >> 64n)
      }
    },
  }
}

function uuidLayout(type: PrimitiveType): FixedWidthLayout<Uint8Array> {
  return {
    array: Uint8Array,
    stride: 16,
    put(bytes, slot, value) {
      if (typeof value === 'string' && putPlainUuid(bytes, slot * 16, value)) return
      uuidToBytes(toLiteral(type, value) as string, bytes.subarray(slot * 16, slot * 16 + 16))
    },
  }
}

function fixedLayout(type: PrimitiveType, length: number): FixedWidthLayout<Uint8Array> {
  return {
    array: Uint8Array,
    stride: length,
    put(bytes, slot, value) {
      bytes.set(toLiteral(type, value) as Uint8Array, slot * length)
    },
  }
}

function putSafeInteger(halves: Int32Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  halves[at] = value - high * 0x1_0000_0000
  halves[at + 1] = high
}

/** The low 64 bits. */
function putInt64(halves: Int32Array, at: number, value: bigint): void {
  halves[at] = Number(BigInt.asIntN(32, value))
  halves[at + 1] = Number(BigInt.asIntN(32, value >> 32n))
}

/** A column of type unknown holds nulls only. */
class UnknownColumn implements ColumnBuilder {
  readonly byteLength = 0
  #length = 0

  append(values: readonly unknown[], count: number): void {
    const i = values.slice(0, count).findIndex((value) => !isAbsent(value))
    if (i !== -1)
      throw new Misfit(i, '', mismatch('null, all that a column of type unknown holds', values[i]))
    this.#length += count
  }

  finish(): Data {
    const length = this.#length
    this.#length = 0
    return nullData(length)
  }
}
