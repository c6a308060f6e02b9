import { type Data, type FixedSizeList, makeData, RecordBatch, type Schema, Struct, Type } from 'apache-arrow'
import { unsupported } from '../errors.ts'
import { arrowData, type FixedWidthArray, newLike, nullData } from './arrow-data.ts'
import { bitmapByteLength, copyBits, fillBits } from './bitmap.ts'

/**
 * The rows of all batches, in order, as one batch. Every batch has the column types of `schema`, which are those of
 * `arrow-schema.ts`. A single batch is returned as it is. Throws UNSUPPORTED for types that no table column has, and
 * when a column of bytes or a list grows over 2 GiB.
 */
export function concatBatches(schema: Schema, batches: readonly RecordBatch[]): RecordBatch {
  if (batches.length === 1) return batches[0]!
  const length = batches.reduce((sum, batch) => sum + batch.numRows, 0)
  const children = schema.fields.map((field, i) =>
    concatData(
      field.type,
      batches.map((batch) => batch.data.children[i]!),
    ),
  )
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

/** The slots of all parts, in order, as one column of `type`. */
export function concatData(type: Data['type'], columns: readonly Data[]): Data {
  const parts = columns.filter((column) => column.length > 0)
  if (parts.length === 1) return parts[0]!
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (type.typeId === Type.Null) return nullData(length)
  const nullBitmap = concatValidity(parts, length)
  switch (type.typeId) {
    case Type.Bool:
      return arrowData(type, length, { nullBitmap, values: concatBits(parts, length) })
    case Type.Int:
    case Type.Float:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
    case Type.Decimal:
    case Type.FixedSizeBinary:
      return arrowData(type, length, { nullBitmap, values: concatFixedWidth(type, parts, length) })
    case Type.Utf8:
    case Type.Binary: {
      const valueOffsets = concatOffsets(parts, length)
      return arrowData(type, length, {
        nullBitmap,
        valueOffsets,
        values: concatBytes(parts, valueOffsets[length]!),
      })
    }
    case Type.List:
    case Type.Map: {
      const valueOffsets = concatOffsets(parts, length)
      const child = concatData(type.children[0]!.type, parts.map(reachedChild))
      return arrowData(type, length, { nullBitmap, valueOffsets, children: [child] })
    }
    case Type.FixedSizeList: {
      const { listSize } = type as FixedSizeList
      const children = parts.map((part) => trimmed(part.children[0]!, part.length * listSize))
      return arrowData(type, length, { nullBitmap, children: [concatData(type.children[0]!.type, children)] })
    }
    case Type.Struct: {
      const children = type.children.map((field, i) =>
        concatData(
          field.type,
          parts.map((part) => trimmed(part.children[i]!, part.length)),
        ),
      )
      return arrowData(type, length, { nullBitmap, children })
    }
    default:
      throw unsupported(`cannot join columns of Arrow type ${type}`)
  }
}

function concatValidity(parts: readonly Data[], length: number): Uint8Array | undefined {
  if (parts.every((part) => part.nullCount === 0)) return undefined
  const bits = new Uint8Array(bitmapByteLength(length))
  let at = 0
  for (const part of parts) {
    if (part.nullCount === 0) fillBits(bits, at, part.length)
    else copyBits(part.nullBitmap, part.offset, bits, at, part.length)
    at += part.length
  }
  return bits
}

function concatBits(parts: readonly Data[], length: number): Uint8Array {
  const bits = new Uint8Array(bitmapByteLength(length))
  let at = 0
  for (const part of parts) {
    copyBits(part.values, part.offset, bits, at, part.length)
    at += part.length
  }
  return bits
}

function concatFixedWidth(type: Data['type'], parts: readonly Data[], length: number): FixedWidthArray {
  const stride = parts[0]?.stride ?? 1
  const joined = parts.length === 0 ? new type.ArrayType(0) : newLike(parts[0]!.values, length * stride)
  let at = 0
  for (const part of parts) {
    joined.set(part.values.subarray(0, part.length * stride), at)
    at += part.length * stride
  }
  return joined
}

function concatOffsets(parts: readonly Data[], length: number): Int32Array {
  const joined = new Int32Array(length + 1)
  let at = 0
  let total = 0
  for (const part of parts) {
    const offsets: Int32Array = part.valueOffsets
    const start = offsets[0]!
    for (let i = 0; i < part.length; i++) joined[at + i] = total + offsets[i]! - start
    at += part.length
    total += offsets[part.length]! - start
    if (total > 0x7fff_ffff) throw unsupported('joined columns are over 2 GiB: join fewer batches at a time')
  }
  joined[length] = total
  return joined
}

function concatBytes(parts: readonly Data[], size: number): Uint8Array {
  const joined = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    const bytes: Uint8Array = part.values.subarray(part.valueOffsets[0], part.valueOffsets[part.length])
    joined.set(bytes, at)
    at += bytes.length
  }
  return joined
}

/** The items that a list or map column reaches; a slice of one keeps its whole child. */
function reachedChild(list: Data): Data {
  const child = list.children[0]!
  const start: number = list.valueOffsets[0]
  const end: number = list.valueOffsets[list.length]
  return start === 0 && end === child.length ? child : child.slice(start, end - start)
}

function trimmed(child: Data, length: number): Data {
  return child.length === length ? child : child.slice(0, length)
}
