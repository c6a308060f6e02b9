import { type Data, type DataType, type FixedSizeList, type RecordBatch, Type } from 'apache-arrow'
import { unsupported } from '../errors.ts'
import { arrowData, type FixedWidthArray, newLike, nullData } from './arrow-data.ts'
import { batchOf } from './batch-of.ts'
import { bitAt, bitmapByteLength, setBit } from './bitmap.ts'

/** Row numbers within a batch; each is below its row count. */
export type RowIndices = Int32Array | Uint32Array

/**
 * The rows of `batch` at `indices`, in that order, repeats allowed. Buffers are new, but for dictionaries and the
 * variadic buffers of view types. Throws UNSUPPORTED for unions and run-end encoding.
 */
export function takeRows(batch: RecordBatch, indices: RowIndices): RecordBatch {
  const children = batch.data.children.map((child) => takeAny(child, indices))
  return batchOf(batch.schema, children, indices.length)
}

/** The slots of one column at `indices`; `takeRows` for a `Data`. */
export function takeData<T extends DataType>(data: Data<T>, indices: RowIndices): Data<T> {
  return takeAny(data as Data, indices) as Data<T>
}

function takeAny(data: Data, indices: RowIndices): Data {
  const { type } = data
  const length = indices.length
  if (type.typeId === Type.Null) return nullData(length)
  const nullBitmap = data.nullCount === 0 ? undefined : takeBits(data.nullBitmap, data.offset, indices)
  switch (type.typeId) {
    case Type.Bool:
      return arrowData(type, length, { nullBitmap, values: takeBits(data.values, data.offset, indices) })
    case Type.Int:
    case Type.Float:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
    case Type.Decimal:
    case Type.FixedSizeBinary:
    case Type.Interval:
      return arrowData(type, length, {
        nullBitmap,
        values: takeFixedWidth(data.values, data.stride, indices),
      })
    case Type.Dictionary: {
      const values = takeFixedWidth(data.values, 1, indices)
      return arrowData(type, length, { nullBitmap, values, dictionary: data.dictionary })
    }
    case Type.Utf8:
    case Type.Binary:
      return arrowData(type, length, { nullBitmap, ...takeBytes(data.valueOffsets, data.values, indices) })
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const { valueOffsets, values } = takeBytes(narrowOffsets(data.valueOffsets), data.values, indices)
      return arrowData(type, length, { nullBitmap, values, valueOffsets: widenOffsets(valueOffsets) })
    }
    case Type.Utf8View:
    case Type.BinaryView: {
      const values = takeFixedWidth(data.values, data.stride, indices)
      return arrowData(type, length, { nullBitmap, values, variadicBuffers: data.variadicBuffers })
    }
    case Type.List:
    case Type.Map: {
      const { valueOffsets, childIndices } = takeRanges(data.valueOffsets, indices)
      const children = [takeAny(data.children[0]!, childIndices)]
      return arrowData(type, length, { nullBitmap, valueOffsets, children })
    }
    case Type.LargeList: {
      const { valueOffsets, childIndices } = takeRanges(narrowOffsets(data.valueOffsets), indices)
      const children = [takeAny(data.children[0]!, childIndices)]
      return arrowData(type, length, { nullBitmap, valueOffsets: widenOffsets(valueOffsets), children })
    }
    case Type.FixedSizeList: {
      const childIndices = spread(indices, (type as FixedSizeList).listSize)
      return arrowData(type, length, { nullBitmap, children: [takeAny(data.children[0]!, childIndices)] })
    }
    case Type.Struct: {
      const children = data.children.map((child) => takeAny(child, indices))
      return arrowData(type, length, { nullBitmap, children })
    }
    default:
      throw unsupported(`cannot gather rows of Arrow type ${type}`)
  }
}

/** Offsets of 64 bits as 32-bit ones; UNSUPPORTED when they reach beyond 2 GiB. */
export function narrowOffsets(offsets: BigInt64Array): Int32Array {
  const last = offsets[offsets.length - 1]
  if (last !== undefined && last > 0x7fff_ffffn) {
    throw unsupported(
      `an Arrow column that reaches to ${last} is over 2 GiB: hand it over in smaller batches`,
    )
  }
  return Int32Array.from(offsets, Number)
}

function widenOffsets(offsets: Int32Array): BigInt64Array {
  return BigInt64Array.from(offsets, BigInt)
}

function takeBits(bits: Uint8Array, offset: number, indices: RowIndices): Uint8Array {
  const taken = new Uint8Array(bitmapByteLength(indices.length))
  for (let i = 0; i < indices.length; i++) {
    if (bitAt(bits, offset + indices[i]!)) setBit(taken, i)
  }
  return taken
}

function takeFixedWidth(values: FixedWidthArray, stride: number, indices: RowIndices): FixedWidthArray {
  // One loop per element kind keeps each monomorphic, which is worth a factor of four.
  if (stride !== 1) return takeStrided(values as Uint8Array, stride, indices)
  if (values instanceof Int32Array) return takeInt32(values, indices)
  if (values instanceof Float64Array) return takeFloat64(values, indices)
  if (values instanceof BigInt64Array) {
    // Pairs of 32-bit halves: a bigint per value would be allocated.
    return new BigInt64Array(
      takePairs(new Int32Array(values.buffer, values.byteOffset, values.length * 2), indices).buffer,
    )
  }
  return takeStrided(values as Uint8Array, 1, indices)
}

function takeInt32(values: Int32Array, indices: RowIndices): Int32Array {
  const taken = new Int32Array(indices.length)
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]!]!
  return taken
}

function takeFloat64(values: Float64Array, indices: RowIndices): Float64Array {
  const taken = new Float64Array(indices.length)
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]!]!
  return taken
}

function takePairs(halves: Int32Array, indices: RowIndices): Int32Array {
  const taken = new Int32Array(indices.length * 2)
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * 2
    taken[i * 2] = halves[from]!
    taken[i * 2 + 1] = halves[from + 1]!
  }
  return taken
}

function takeStrided(values: Uint8Array, stride: number, indices: RowIndices): FixedWidthArray {
  const taken = newLike(values, indices.length * stride)
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * stride
    const to = i * stride
    for (let k = 0; k < stride; k++) taken[to + k] = values[from + k]!
  }
  return taken
}

function takeBytes(
  offsets: Int32Array,
  values: Uint8Array,
  indices: RowIndices,
): { valueOffsets: Int32Array; values: Uint8Array } {
  const valueOffsets = takenOffsets(offsets, indices)
  const taken = new Uint8Array(valueOffsets[indices.length]!)
  let i = 0
  while (i < indices.length) {
    // A run of neighbours is one copy.
    const first = i
    const firstIndex = indices[i]!
    do i++
    while (i < indices.length && indices[i] === firstIndex + (i - first))
    copyBytes(values, offsets[firstIndex]!, offsets[firstIndex + (i - first)]!, taken, valueOffsets[first]!)
  }
  return { valueOffsets, values: taken }
}

function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start > 48) {
    target.set(source.subarray(start, end), at)
    return
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!
}

function takeRanges(
  offsets: Int32Array,
  indices: RowIndices,
): { valueOffsets: Int32Array; childIndices: Int32Array } {
  const valueOffsets = takenOffsets(offsets, indices)
  const childIndices = new Int32Array(valueOffsets[indices.length]!)
  let at = 0
  for (let i = 0; i < indices.length; i++) {
    const end = offsets[indices[i]! + 1]!
    for (let child = offsets[indices[i]!]!; child < end; child++) childIndices[at++] = child
  }
  return { valueOffsets, childIndices }
}

function takenOffsets(offsets: Int32Array, indices: RowIndices): Int32Array {
  const taken = new Int32Array(indices.length + 1)
  let total = 0
  for (let i = 0; i < indices.length; i++) {
    total += offsets[indices[i]! + 1]! - offsets[indices[i]!]!
    if (total > 0x7fff_ffff) throw unsupported('a gathered column is over 2 GiB: take fewer rows at a time')
    taken[i + 1] = total
  }
  return taken
}

function spread(indices: RowIndices, listSize: number): Int32Array {
  const childIndices = new Int32Array(indices.length * listSize)
  for (let i = 0; i < indices.length; i++) {
    for (let k = 0; k < listSize; k++) childIndices[i * listSize + k] = indices[i]! * listSize + k
  }
  return childIndices
}
