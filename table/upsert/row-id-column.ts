import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'

/** `_row_id` alone. */
export const ROW_ID_SCHEMA = arrowSchemaOf([ROW_ID_COLUMN])
export const ROW_ID = ROW_ID_SCHEMA.fields[0]!

/** Negative ids are null: such rows have that of the file (spec: "Row Lineage"). */
export function rowIdColumn(length: number, idOf: (row: number) => bigint): Data {
  const values = new BigInt64Array(length)
  const nullBitmap = new Uint8Array(bitmapByteLength(length))
  for (let row = 0; row < length; row++) {
    const id = idOf(row)
    if (id < 0n) continue
    values[row] = id
    setBit(nullBitmap, row)
  }
  return arrowData(ROW_ID.type, length, { nullBitmap, values })
}
