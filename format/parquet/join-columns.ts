import type { EncodedRowGroup } from './codec.ts'
import { moveChunk } from './move-chunk.ts'

/** The columns of two row groups of the same rows as one, in the memory of the first where there is room. */
export function joinColumns(a: EncodedRowGroup, b: EncodedRowGroup): EncodedRowGroup {
  const bytes = withRoom(a.bytes, b.bytes.length)
  bytes.set(b.bytes, a.bytes.length)
  const columns = [...a.columns, ...b.columns.map((column) => moveChunk(column, a.bytes.length))]
  return { bytes, numRows: a.numRows, columns }
}

function withRoom({ buffer, byteOffset, length }: Uint8Array, more: number): Uint8Array {
  if (byteOffset + length + more <= buffer.byteLength)
    return new Uint8Array(buffer, byteOffset, length + more)
  const larger = new Uint8Array(length + more)
  larger.set(new Uint8Array(buffer, byteOffset, length))
  return larger
}
