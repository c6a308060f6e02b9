/**
 * Record batches out of a WebAssembly memory, where they stand as Arrow's C data interface has them.
 *
 * Layout of an `ArrowArray` with pointers of 32 bits, little-endian:
 *
 * 1. length, null_count (-1: not counted), offset, n_buffers, n_children: 8 bytes each
 * 2. pointers to the buffers, the children and the dictionary: 4 bytes each
 *
 * Source: https://arrow.apache.org/docs/format/CDataInterface.html
 */
import { Buffer } from 'node:buffer'
import { Type as ArrowType, type Data, DataType, type RecordBatch, type Schema, Struct } from 'apache-arrow'
import { arrowData, type FixedWidthArray, nullData } from '../arrow/arrow-data.ts'
import { batchOf } from '../arrow/batch-of.ts'
import { bitmapByteLength, copyBits } from '../arrow/bitmap.ts'
import { unsupported } from '../errors.ts'

const LENGTH = 0
const NULL_COUNT = 8
const OFFSET = 16
const BUFFERS = 40
const CHILDREN = 44

/** Rows of the batch that the `ArrowArray` at `address` is. */
export function ffiLength(memory: ArrayBufferLike, address: number): number {
  return new DataView(memory).getInt32(address + LENGTH, true)
}

/**
 * A copy of the batch at `address`, a struct whose children are the columns of `schema`. All its buffers lie in one
 * ArrayBuffer of its own, which can be transferred as a whole; the memory may grow or be freed afterwards.
 */
export function copyFfiBatch(memory: ArrayBufferLike, address: number, schema: Schema): RecordBatch {
  const length = ffiLength(memory, address)
  const copy: Copy = { memory: new DataView(memory), size: 0 }
  const type = new Struct(schema.fields)
  const columns = planChildren(copy, address, type, startOf(copy, address), length)
  // Not zeroed: a first touch of fresh memory costs more than the copy, and every byte that is read is written.
  const target = Buffer.allocUnsafeSlow(copy.size).buffer as ArrayBuffer
  const children = columns.map((column) => column(target))
  return batchOf(schema, children, length)
}

/** What is copied, and how many bytes have been reserved for it. */
interface Copy {
  readonly memory: DataView
  size: number
}

/** Copies one column, once the target of all is there. */
type ColumnCopy = (target: ArrayBuffer) => Data

function planColumn(copy: Copy, address: number, type: DataType, from: number, length: number): ColumnCopy {
  const start = startOf(copy, address) + from
  const validity = planValidity(copy, address, start, length)
  switch (type.typeId) {
    case ArrowType.Null:
      return () => nullData(length)
    case ArrowType.Bool: {
      const bits = planBits(copy, bufferOf(copy, address, 1), start, length)
      return (target) => arrowData(type, length, { nullBitmap: validity?.(target), values: bits(target) })
    }
    case ArrowType.Utf8:
    case ArrowType.Binary: {
      const offsets = planOffsets(copy, address, start, length)
      const values = planBytes(copy, bufferOf(copy, address, 2) + offsets.first, offsets.last - offsets.first)
      return (target) =>
        arrowData(type, length, {
          nullBitmap: validity?.(target),
          valueOffsets: offsets.of(target),
          values: values(target),
        })
    }
    case ArrowType.List:
    case ArrowType.Map: {
      const offsets = planOffsets(copy, address, start, length)
      const children = planChildren(copy, address, type, offsets.first, offsets.last - offsets.first)
      return (target) =>
        arrowData(type, length, {
          nullBitmap: validity?.(target),
          valueOffsets: offsets.of(target),
          children: children.map((child) => child(target)),
        })
    }
    case ArrowType.Struct: {
      const children = planChildren(copy, address, type, start, length)
      return (target) =>
        arrowData(type, length, {
          nullBitmap: validity?.(target),
          children: children.map((child) => child(target)),
        })
    }
    case ArrowType.Int:
    case ArrowType.Float:
    case ArrowType.Decimal:
    case ArrowType.Date:
    case ArrowType.Time:
    case ArrowType.Timestamp:
    case ArrowType.FixedSizeBinary: {
      const values = planFixedWidth(copy, bufferOf(copy, address, 1), type, start, length)
      return (target) => arrowData(type, length, { nullBitmap: validity?.(target), values: values(target) })
    }
    default:
      throw unsupported(`a Parquet decoder returned a column of Arrow type ${type}`)
  }
}

function planChildren(
  copy: Copy,
  address: number,
  type: DataType,
  from: number,
  length: number,
): ColumnCopy[] {
  const children = copy.memory.getUint32(address + CHILDREN, true)
  return type.children.map((child, i) =>
    planColumn(copy, copy.memory.getUint32(children + 4 * i, true), child.type, from, length),
  )
}

function planValidity(copy: Copy, address: number, start: number, length: number) {
  const bits = bufferOf(copy, address, 0)
  if (bits === 0 || copy.memory.getInt32(address + NULL_COUNT, true) === 0) return undefined
  return planBits(copy, bits, start, length)
}

function planBits(copy: Copy, from: number, start: number, length: number) {
  const size = bitmapByteLength(length)
  const at = reserve(copy, size)
  return (target: ArrayBuffer): Uint8Array => {
    const bits = new Uint8Array(target, at, size).fill(0)
    copyBits(new Uint8Array(copy.memory.buffer, from, (start + length + 7) >> 3), start, bits, 0, length)
    return bits
  }
}

/** Offsets of `length` slots counted from the first of them, and where their values begin and end. */
function planOffsets(copy: Copy, address: number, start: number, length: number) {
  // A column without slots need not have its one offset.
  const source =
    length === 0
      ? new Int32Array(1)
      : new Int32Array(copy.memory.buffer, bufferOf(copy, address, 1) + 4 * start, length + 1)
  const first = source[0]!
  const at = reserve(copy, source.byteLength)
  const of = (target: ArrayBuffer): Int32Array => {
    const offsets = new Int32Array(target, at, length + 1)
    offsets.set(source)
    if (first !== 0) for (let i = 0; i <= length; i++) offsets[i]! -= first
    return offsets
  }
  return { first, last: source[length]!, of }
}

function planFixedWidth(copy: Copy, from: number, type: DataType, start: number, length: number) {
  const Kind = type.ArrayType as unknown as FixedWidthArrayConstructor
  const stride = strideOf(type)
  const bytes = planBytes(
    copy,
    from + start * stride * Kind.BYTES_PER_ELEMENT,
    length * stride * Kind.BYTES_PER_ELEMENT,
  )
  return (target: ArrayBuffer): FixedWidthArray => {
    const { byteOffset } = bytes(target)
    return new Kind(target, byteOffset, length * stride)
  }
}

/** Elements of its array that a value takes. */
function strideOf(type: DataType): number {
  if (DataType.isDecimal(type)) return type.bitWidth / 32
  return DataType.isFixedSizeBinary(type) ? type.byteWidth : 1
}

interface FixedWidthArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): FixedWidthArray
}

function planBytes(copy: Copy, from: number, size: number) {
  const at = reserve(copy, size)
  return (target: ArrayBuffer): Uint8Array => {
    const bytes = new Uint8Array(target, at, size)
    bytes.set(new Uint8Array(copy.memory.buffer, from, size))
    return bytes
  }
}

/** Aligned for any element. */
function reserve(copy: Copy, size: number): number {
  const at = copy.size
  copy.size += (size + 7) & ~7
  return at
}

function startOf(copy: Copy, address: number): number {
  return copy.memory.getInt32(address + OFFSET, true)
}

function bufferOf(copy: Copy, address: number, index: number): number {
  return copy.memory.getUint32(copy.memory.getUint32(address + BUFFERS, true) + 4 * index, true)
}
