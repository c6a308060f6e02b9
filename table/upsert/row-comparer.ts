import { isDeepStrictEqual } from 'node:util'
import type { Data, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { pruneFields } from '../../readers/projection.ts'
import { rowReader } from '../../readers/rows.ts'
import { type KeyField, keyFieldsOf } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'
import { compareOrder } from './order-columns.ts'

/** How a row of the table stands to the row of the input that has its key: what is `newer` or the `same` stays. */
export type Standing = 'newer' | 'same' | 'older'

export interface RowComparer {
  /** The columns that are looked at, parts of the schema. */
  readonly fields: readonly NestedField[]
  /** The keys among them. */
  readonly keys: readonly KeyField[]
  /** Those of which the values are kept. */
  readonly kept: readonly NestedField[] | undefined
  /** Their columns among those of `fields`. */
  keptOf(columns: readonly Data[]): readonly Data[]
  /** For columns as `fields`: how a row of them stands to the input's row with this number. */
  over(columns: readonly Data[], length: number): (row: number, number: number) => Standing
}

export interface Comparing {
  /** Of the input. */
  readonly schema: Schema
  /** Columns that the input leaves out, of which the values are to be kept. */
  readonly leftOut?: readonly NestedField[] | undefined
  readonly rows: KeyedRows
  /** Numbers of rows that are to be deleted, which nothing is the same as. */
  readonly gone: ReadonlySet<number>
  /** Columns by which a row is newer than another. */
  readonly order: readonly KeyField[]
  /** Whether whole rows are compared, to leave those alone that are the same. */
  readonly skipUnchanged: boolean
}

/** Undefined where nothing is compared: the input's row takes the place of any. */
export function rowComparer({
  schema,
  leftOut,
  rows,
  gone,
  order,
  skipUnchanged,
}: Comparing): RowComparer | undefined {
  if (order.length === 0 && !skipUnchanged && leftOut === undefined) return undefined
  const ids = new Set([...rows.keys, ...order].map(({ field }) => field.id))
  const compared = skipUnchanged ? schema.fields : pruneFields(schema.fields, ids)
  const own = { ...schema, fields: compared }
  const ownOrder = keyFieldsOf(own, order)
  const arrowSchema = arrowSchemaOf(compared)
  const isSame = skipUnchanged ? sameRows(compared, rows) : undefined
  return {
    fields: leftOut === undefined ? compared : [...compared, ...leftOut],
    kept: leftOut,
    keptOf: (columns) => columns.slice(compared.length),
    keys: keyFieldsOf(own, rows.keys),
    over(columns, length) {
      const children = columns.slice(0, compared.length)
      const found = batchOf(arrowSchema, children, length)
      const isSameAs = isSame?.(found)
      return (row, number) => {
        const place = rows.placeOf(number)
        const input = rows.batches[place.batch]!
        if (isSameAs !== undefined && !gone.has(number) && isSameAs(row, place)) return 'same'
        return compareOrder(ownOrder, found, row, order, input, place.row) > 0 ? 'newer' : 'older'
      }
    },
  }
}

interface Place {
  readonly batch: number
  readonly row: number
}

/** Floats are compared by their bits: NaN is NaN, and -0.0 is not 0.0. */
function sameRows(
  fields: readonly NestedField[],
  rows: KeyedRows,
): (found: RecordBatch) => (row: number, place: Place) => boolean {
  const read = rowReader(fields, { variants: 'bytes' })
  const inputs = rows.batches.map(read)
  return (found) => {
    const rowAt = read(found)
    return (row, place) => isDeepStrictEqual(rowAt(row), inputs[place.batch]!(place.row))
  }
}
