/** Record batches as plain data that can go to another thread: buffers without types. */
import {
  type Data,
  type DataType,
  type RecordBatch,
  Schema,
  Table,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow'
import { arrowData, type FixedWidthArray } from './arrow-data.ts'
import { batchOf } from './batch-of.ts'

export interface PackedBatch {
  readonly numRows: number
  readonly columns: readonly PackedColumn[]
}

/** The buffers of a column; its type says which there are. */
export interface PackedColumn {
  readonly length: number
  readonly offset: number
  readonly nullBitmap?: Uint8Array
  readonly values?: FixedWidthArray
  readonly valueOffsets?: Int32Array
  readonly children: readonly PackedColumn[]
}

/** The batch without its schema, over the same memory. */
export function packBatch(batch: RecordBatch): PackedBatch {
  return { numRows: batch.numRows, columns: batch.data.children.map(packColumn) }
}

/** `schema` is that of the batch that was packed. */
export function unpackBatch(schema: Schema, { numRows, columns }: PackedBatch): RecordBatch {
  const children = schema.fields.map((field, i) => unpackColumn(field.type, columns[i]!))
  return batchOf(schema, children, numRows)
}

export function packSchema(schema: Schema): Uint8Array {
  return tableToIPC(new Table(new Schema(schema.fields)), 'stream')
}

export function unpackSchema(bytes: Uint8Array): Schema {
  return tableFromIPC(bytes).schema
}

/** All memory that a batch lies in, to transfer it. */
export function buffersOf({ columns }: PackedBatch): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  const add = ({ nullBitmap, values, valueOffsets, children }: PackedColumn): void => {
    for (const part of [nullBitmap, values, valueOffsets]) if (part) buffers.add(part.buffer as ArrayBuffer)
    children.forEach(add)
  }
  columns.forEach(add)
  return [...buffers]
}

function packColumn(data: Data): PackedColumn {
  const { length, offset, nullCount, nullBitmap, values, valueOffsets, children } = data
  return {
    length,
    offset,
    ...(nullCount === 0 ? {} : { nullBitmap: nullBitmap as Uint8Array }),
    ...(values ? { values } : {}),
    ...(valueOffsets ? { valueOffsets } : {}),
    children: children.map(packColumn),
  }
}

function unpackColumn(type: DataType, { children, ...column }: PackedColumn): Data {
  return arrowData(type, column.length, {
    ...column,
    children: children.map((child, i) => unpackColumn(type.children[i]!.type, child)),
  })
}
