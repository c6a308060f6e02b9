/**
 * Batches as an Arrow IPC stream (Arrow columnar format, "IPC Streaming Format"): the form in which rows go to another
 * thread or to an encoder. apache-arrow's own writer copies every buffer twice into memory that is new each time; this
 * one joins all batches into one, in one copy, in memory that the caller may use again.
 */
import { type Data, type RecordBatch, type Schema, Table, Type, tableToIPC } from 'apache-arrow'
import { unsupported } from '../errors.ts'
import type { FixedWidthArray } from './arrow-data.ts'
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

/** Gives `byteLength` bytes, at a multiple of 8 of their buffer; they need not be zero. */
export type Allocate = (byteLength: number) => Uint8Array

/**
 * The rows of all batches, in order, as a stream of one record batch. Every batch has the column types of `schema`,
 * which are those of `arrow-schema.ts`, without columns of type Null. UNSUPPORTED when a column grows over 2 GiB.
 */
export function ipcStream(
  schema: Schema,
  batches: readonly RecordBatch[],
  allocate: Allocate = (byteLength) => new Uint8Array(byteLength),
): Uint8Array {
  const plan: BodyPlan = { nodes: [], buffers: [], byteLength: 0 }
  for (const [i, { type }] of schema.fields.entries()) {
    planColumn(
      plan,
      type,
      batches.map((batch) => batch.data.children[i]!),
    )
  }
  const head = schemaMessage(schema)
  const batch = recordBatchMessage(
    plan,
    batches.reduce((sum, { numRows }) => sum + numRows, 0),
  )
  const bodyStart = padded(head.length + batch.length)
  const end = bodyStart + plan.byteLength
  const stream = allocate(end + END_OF_STREAM.length)
  stream.set(head)
  stream.set(batch, head.length)
  for (const { offset, byteLength, write } of plan.buffers) {
    const start = bodyStart + offset
    write?.(stream.subarray(start, start + byteLength))
    stream.fill(0, start + byteLength, start + padded(byteLength))
  }
  stream.set(END_OF_STREAM, end)
  return stream
}

const CONTINUATION = 0xffff_ffff
const END_OF_STREAM = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/** The body of a record batch: its nodes and buffers in Arrow's order, depth first. */
interface BodyPlan {
  readonly nodes: { readonly length: number; readonly nullCount: number }[]
  readonly buffers: BufferPlan[]
  byteLength: number
}

interface BufferPlan {
  readonly offset: number
  readonly byteLength: number
  /** Absent for a buffer that is left out. */
  readonly write: ((target: Uint8Array) => void) | undefined
}

function planColumn(plan: BodyPlan, type: Data['type'], columns: readonly Data[]): void {
  const parts = columns.filter((column) => column.length > 0)
  const length = lengthOf(parts)
  const nullCount = parts.reduce((sum, part) => sum + part.nullCount, 0)
  plan.nodes.push({ length, nullCount })
  addBuffer(plan, nullCount === 0 ? 0 : bitmapByteLength(length), (target) => joinValidity(parts, target))
  switch (type.typeId) {
    case Type.Bool:
      addBuffer(plan, bitmapByteLength(length), (target) => joinBits(parts, target))
      return
    case Type.Int:
    case Type.Float:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Decimal:
    case Type.FixedSizeBinary: {
      const width = parts.length === 0 ? 0 : parts[0]!.stride * parts[0]!.values.BYTES_PER_ELEMENT
      addBuffer(plan, length * width, (target) => joinFixedWidth(parts, viewLike(parts[0]!.values, target)))
      return
    }
    case Type.Utf8:
    case Type.Binary:
      addOffsets(plan, parts, length)
      addBuffer(plan, joinedReach(parts), (target) => joinBytes(parts, target))
      return
    case Type.List:
    case Type.Map:
      joinedReach(parts)
      addOffsets(plan, parts, length)
      planColumn(plan, type.children[0]!.type, parts.map(reachedChild))
      return
    case Type.Struct:
      for (const [i, field] of type.children.entries()) {
        planColumn(
          plan,
          field.type,
          parts.map((part) => trimmed(part.children[i]!, part.length)),
        )
      }
      return
    default:
      throw unsupported(`cannot stream a column of Arrow type ${type}`)
  }
}

function addOffsets(plan: BodyPlan, parts: readonly Data[], length: number): void {
  addBuffer(plan, 4 * (length + 1), (target) =>
    joinOffsets(parts, new Int32Array(target.buffer, target.byteOffset, length + 1)),
  )
}

function addBuffer(plan: BodyPlan, byteLength: number, write: (target: Uint8Array) => void): void {
  plan.buffers.push({ offset: plan.byteLength, byteLength, write: byteLength === 0 ? undefined : write })
  plan.byteLength += padded(byteLength)
}

/** `target` as an array of the kind of `values`. */
function viewLike(values: FixedWidthArray, target: Uint8Array): FixedWidthArray {
  const Kind = values.constructor as new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ) => FixedWidthArray
  return new Kind(target.buffer, target.byteOffset, target.byteLength / values.BYTES_PER_ELEMENT)
}

/** apache-arrow's own, without the end of the stream. */
function schemaMessage(schema: Schema): Uint8Array {
  return tableToIPC(new Table(schema), 'stream').subarray(0, -END_OF_STREAM.length)
}

const METADATA_V5 = 4
const RECORD_BATCH = 3
/** Of the flatbuffer up to the nodes. */
const HEAD_BYTES = 80

/**
 * Continuation, size and flatbuffer of a `RecordBatch` message (Message.fbs), every field at a place of its own:
 *
 *     0 root  4 vtable of Message  16 Message  40 vtable of RecordBatch  56 RecordBatch  76 nodes  … buffers
 */
function recordBatchMessage({ nodes, buffers, byteLength }: BodyPlan, numRows: number): Uint8Array {
  const buffersAt = HEAD_BYTES + 16 * nodes.length + 4
  const size = padded(buffersAt + 4 + 16 * buffers.length)
  const message = new Uint8Array(8 + size)
  const prefix = new DataView(message.buffer)
  prefix.setUint32(0, CONTINUATION, true)
  prefix.setUint32(4, size, true)
  const view = new DataView(message.buffer, 8)
  const int16s = (at: number, values: readonly number[]) =>
    values.forEach((value, i) => {
      view.setInt16(at + 2 * i, value, true)
    })
  const int32 = (at: number, value: number) => view.setInt32(at, value, true)
  const int64 = (at: number, value: number) => view.setBigInt64(at, BigInt(value), true)
  int32(0, 16)
  int16s(4, [12, 20, 16, 18, 4, 8])
  int32(16, 12)
  int32(20, 56 - 20)
  int64(24, byteLength)
  int16s(32, [METADATA_V5, RECORD_BATCH])
  int16s(40, [10, 20, 8, 4, 16])
  int32(56, 16)
  int32(60, 76 - 60)
  int64(64, numRows)
  int32(72, buffersAt - 72)
  int32(76, nodes.length)
  for (const [i, node] of nodes.entries()) {
    int64(HEAD_BYTES + 16 * i, node.length)
    int64(HEAD_BYTES + 16 * i + 8, node.nullCount)
  }
  int32(buffersAt, buffers.length)
  for (const [i, buffer] of buffers.entries()) {
    int64(buffersAt + 4 + 16 * i, buffer.offset)
    int64(buffersAt + 12 + 16 * i, buffer.byteLength)
  }
  return message
}

function padded(byteLength: number): number {
  return (byteLength + 7) & ~7
}
