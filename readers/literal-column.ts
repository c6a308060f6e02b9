import { Buffer } from 'node:buffer'
import { type Data, type DataType, Struct } from 'apache-arrow'
import { arrowData, nullData } from '../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../format/arrow/arrow-schema.ts'
import { bitmapByteLength, setBit } from '../format/arrow/bitmap.ts'
import { binaryType, type MapValue, type StructValue, type Type, type Value } from '../format/types.ts'
import { uuidToBytes } from '../format/values/text.ts'

/** A column of `arrowTypeOf(type)` from values in internal form; a variant is a struct of its metadata and value. */
export function literalColumn(type: Type, values: readonly Value[]): Data {
  const arrowType = arrowTypeOf(type)
  const { length } = values
  const nullBitmap = validity(values)
  const parts = { nullBitmap }
  switch (type.kind) {
    case 'unknown':
      return nullData(length)
    case 'boolean':
      return arrowData(arrowType, length, { nullBitmap, values: bits(values) })
    case 'int':
    case 'date':
      return arrowData(arrowType, length, { ...parts, values: Int32Array.from(values, numberOf) })
    case 'float':
      return arrowData(arrowType, length, { ...parts, values: Float32Array.from(values, numberOf) })
    case 'double':
      return arrowData(arrowType, length, { ...parts, values: Float64Array.from(values, numberOf) })
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return arrowData(arrowType, length, { ...parts, values: BigInt64Array.from(values, bigintOf) })
    case 'decimal':
      return arrowData(arrowType, length, { ...parts, values: decimalWords(values) })
    case 'string':
      return bytesColumn(arrowType, values, (value) => Buffer.from(value as string), nullBitmap)
    case 'binary':
    case 'geometry':
    case 'geography':
      return bytesColumn(arrowType, values, (value) => value as Uint8Array, nullBitmap)
    case 'uuid':
      return fixedColumn(arrowType, 16, values, (value) => uuidToBytes(value as string), nullBitmap)
    case 'fixed':
      return fixedColumn(arrowType, type.length, values, (value) => value as Uint8Array, nullBitmap)
    case 'struct': {
      const structs = values as readonly (StructValue | null)[]
      const children = type.fields.map((field) =>
        literalColumn(
          field.type,
          structs.map((value) => value?.[field.name] ?? null),
        ),
      )
      return arrowData(arrowType, length, { nullBitmap, children })
    }
    case 'list': {
      const lists = values as readonly (readonly Value[] | null)[]
      const child = literalColumn(
        type.element,
        lists.flatMap((list) => list ?? []),
      )
      return arrowData(arrowType, length, { ...parts, valueOffsets: offsets(lists), children: [child] })
    }
    case 'map': {
      const entries = (values as readonly (MapValue | null)[]).map((map) => map?.entries ?? null)
      const pairs = entries.flatMap((map) => map ?? [])
      const children = [
        literalColumn(
          type.key,
          pairs.map(([key]) => key),
        ),
        literalColumn(
          type.value,
          pairs.map(([, value]) => value),
        ),
      ]
      const pairType = new Struct(arrowType.children[0]!.type.children)
      const child = arrowData(pairType, pairs.length, { children })
      return arrowData(arrowType, length, { ...parts, valueOffsets: offsets(entries), children: [child] })
    }
    case 'variant': {
      const variants = values as readonly (StructValue | null)[]
      const children = ['metadata', 'value'].map((part) =>
        literalColumn(
          binaryType,
          variants.map((value) => value?.[part] ?? EMPTY),
        ),
      )
      return arrowData(arrowType, length, { nullBitmap, children })
    }
  }
}

function validity(values: readonly Value[]): Uint8Array | undefined {
  if (!values.includes(null)) return undefined
  const bitmap = new Uint8Array(bitmapByteLength(values.length))
  values.forEach((value, i) => {
    if (value !== null) setBit(bitmap, i)
  })
  return bitmap
}

function bits(values: readonly Value[]): Uint8Array {
  const bitmap = new Uint8Array(bitmapByteLength(values.length))
  values.forEach((value, i) => {
    if (value === true) setBit(bitmap, i)
  })
  return bitmap
}

function numberOf(value: Value): number {
  return (value as number | null) ?? 0
}

function bigintOf(value: Value): bigint {
  return (value as bigint | null) ?? 0n
}

function decimalWords(values: readonly Value[]): Uint32Array {
  const halves = new BigInt64Array(values.length * 2)
  values.forEach((value, i) => {
    const unscaled = bigintOf(value)
    halves[i * 2] = BigInt.asIntN(64, unscaled)
    halves[i * 2 + 1] = unscaled >> 64n
  })
  return new Uint32Array(halves.buffer)
}

function bytesColumn(
  type: DataType,
  values: readonly Value[],
  encode: (value: Value) => Uint8Array,
  nullBitmap: Uint8Array | undefined,
): Data {
  const encoded = values.map((value) => (value === null ? null : encode(value)))
  // Not a Buffer: its slice() and constructor behave unlike those of Uint8Array.
  const joined = new Uint8Array(Buffer.concat(encoded.map((bytes) => bytes ?? EMPTY)))
  return arrowData(type, values.length, { nullBitmap, values: joined, valueOffsets: offsets(encoded) })
}

const EMPTY = new Uint8Array(0)

function fixedColumn(
  type: DataType,
  width: number,
  values: readonly Value[],
  encode: (value: Value) => Uint8Array,
  nullBitmap: Uint8Array | undefined,
): Data {
  const joined = new Uint8Array(values.length * width)
  values.forEach((value, i) => {
    if (value !== null) joined.set(encode(value), i * width)
  })
  return arrowData(type, values.length, { nullBitmap, values: joined })
}

function offsets(items: readonly ({ readonly length: number } | null)[]): Int32Array {
  const result = new Int32Array(items.length + 1)
  items.forEach((item, i) => {
    result[i + 1] = result[i]! + (item?.length ?? 0)
  })
  return result
}
