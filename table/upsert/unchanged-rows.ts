import { isDeepStrictEqual } from 'node:util'
import { type Data, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import type { NestedField } from '../../format/types.ts'
import { rowReader } from '../../readers/rows.ts'
import type { KeyedRows } from './keyed-rows.ts'

/** Tells rows of the input that the table has as they are. */
export interface RowComparer {
  /** The columns that are compared: those of the input. */
  readonly fields: readonly NestedField[]
  /** For columns as `fields`: whether one of their rows is the row of the input with this number. */
  over(columns: readonly Data[], length: number): (row: number, number: number) => boolean
}

/** Floats are compared by their bits: NaN is NaN, and -0.0 is not 0.0. */
export function rowComparer(fields: readonly NestedField[], rows: KeyedRows): RowComparer {
  const read = rowReader(fields, { variants: 'bytes' })
  const arrowSchema = arrowSchemaOf(fields)
  const inputs = rows.batches.map(read)
  return {
    fields,
    over(columns, length) {
      const type = new Struct(arrowSchema.fields)
      const found = read(
        new RecordBatch(arrowSchema, makeData({ type, length, nullCount: 0, children: [...columns] })),
      )
      return (row, number) => {
        const place = rows.placeOf(number)
        return isDeepStrictEqual(found(row), inputs[place.batch]!(place.row))
      }
    },
  }
}
