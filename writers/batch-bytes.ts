import { type Data, type RecordBatch, Type } from 'apache-arrow'

/** Charged per column of a batch for its objects, so that many tiny batches count too. */
const COLUMN_OVERHEAD = 256

/** Bytes that the rows of a batch take in Arrow's form, about; of a slice, those of the slice alone. */
export function batchBytes(batch: RecordBatch): number {
  return batch.data.children.reduce((sum, column) => sum + columnBytes(column), 0)
}

/** The batch in pieces of about `maxBytes`, in order and without copying; at least a row each. */
export function* batchPieces(batch: RecordBatch, maxBytes: number): Generator<RecordBatch> {
  const pieces = Math.max(1, Math.ceil(batchBytes(batch) / maxBytes))
  const rows = Math.max(1, Math.ceil(batch.numRows / pieces))
  if (rows >= batch.numRows) {
    yield batch
    return
  }
  for (let start = 0; start < batch.numRows; start += rows) yield batch.slice(start, start + rows)
}

function columnBytes(column: Data): number {
  const { length, children } = column
  const validity = COLUMN_OVERHEAD + (column.nullCount === 0 ? 0 : length >> 3)
  switch (column.type.typeId) {
    case Type.Null:
      return COLUMN_OVERHEAD
    case Type.Bool:
      return validity + (length >> 3)
    case Type.Utf8:
    case Type.Binary:
      return validity + 4 * length + reach(column)
    case Type.List:
    case Type.Map: {
      const child = children[0]!
      const share = child.length === 0 ? 0 : reach(column) / child.length
      return validity + 4 * length + share * columnBytes(child)
    }
    case Type.Struct:
      return children.reduce((sum, child) => sum + columnBytes(child), validity)
    default:
      return validity + length * column.stride * column.values.BYTES_PER_ELEMENT
  }
}

/** Bytes or items between a column's first offset and its last. */
function reach({ length, valueOffsets }: Data): number {
  return length === 0 ? 0 : valueOffsets[length] - valueOffsets[0]
}
