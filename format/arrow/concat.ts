import { type Data, type FixedSizeList, type RecordBatch, type Schema, Type } from 'apache-arrow'
import { unsupported } from '../errors.ts'
import { arrowData, type FixedWidthArray, newLike, nullData } from './arrow-data.ts'
import { batchOf } from './batch-of.ts'
import { bitmapByteLength } from './bitmap.ts'
import {
  joinBits,
  joinBytes,
  joinedReach,
  joinFixedWidth,
  joinOffsets,
  joinValidity,
  lengthOf,
  reachedChild,
  trimmed,
} from './join.ts'

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
  return batchOf(schema, children, length)
}

/** The slots of all parts, in order, as one column of `type`. */
export function concatData(type: Data['type'], columns: readonly Data[]): Data {
  const parts = columns.filter((column) => column.length > 0)
  if (parts.length === 1) return parts[0]!
  const length = lengthOf(parts)
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
      const values = concatBytes(parts)
      return arrowData(type, length, { nullBitmap, valueOffsets: concatOffsets(parts, length), values })
    }
    case Type.List:
    case Type.Map: {
      joinedReach(parts)
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
  joinValidity(parts, bits)
  return bits
}

function concatBits(parts: readonly Data[], length: number): Uint8Array {
  const bits = new Uint8Array(bitmapByteLength(length))
  joinBits(parts, bits)
  return bits
}

function concatFixedWidth(type: Data['type'], parts: readonly Data[], length: number): FixedWidthArray {
  if (parts.length === 0) return new type.ArrayType(0)
  const joined = newLike(parts[0]!.values, length * parts[0]!.stride)
  joinFixedWidth(parts, joined)
  return joined
}

function concatOffsets(parts: readonly Data[], length: number): Int32Array {
  const joined = new Int32Array(length + 1)
  joinOffsets(parts, joined)
  return joined
}

function concatBytes(parts: readonly Data[]): Uint8Array {
  const joined = new Uint8Array(joinedReach(parts))
  joinBytes(parts, joined)
  return joined
}
