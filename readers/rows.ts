import type { Data, RecordBatch } from 'apache-arrow'
import type { NestedField } from '../format/types.ts'
import { blankRow, checkRowOptions, type RowOptions, valueReader } from './row-values.ts'

export type { RowOptions } from './row-values.ts'

/** A row as a plain object with an own property for each column, in column order. */
export type PlainRow = Record<string, unknown>

/**
 * Prepares reading the rows of batches whose columns are `arrowSchemaOf(fields)`: a batch in, a function from row
 * number to row out.
 *
 * Values are lossless: int, float, double a number; long, time (µs) and timestamps (µs or ns) a bigint; decimal a
 * string with its scale; date 'YYYY-MM-DD'; uuid a dashed string; fixed, binary, geometry and geography a Uint8Array
 * of their own; list an array; map a Map in stored order; struct an object; unknown and missing values null. Rows and
 * structs are ordinary objects, yet a column called `__proto__` is an own property like any other.
 */
export function rowReader(
  fields: readonly NestedField[],
  options: RowOptions = {},
): (batch: RecordBatch) => (index: number) => PlainRow {
  checkRowOptions(options)
  const names = fields.map((field) => field.name)
  const blank = blankRow(names)
  return (batch) => {
    const columns: readonly Data[] = batch.data.children
    const readers = fields.map((field, k) => valueReader(field.type, columns[k]!, options))
    return (index) => {
      const row: PlainRow = { ...blank }
      for (let k = 0; k < readers.length; k++) row[names[k]!] = readers[k]!(index)
      return row
    }
  }
}
