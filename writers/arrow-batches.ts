import { type Data, RecordBatch, type Schema, Table } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { batchOf } from '../format/arrow/batch-of.ts'
import type { NestedField } from '../format/types.ts'
import { mismatch } from '../format/values/mismatch.ts'
import { conformMembers } from './conform/conform-column.ts'

export type ArrowRows = Table | RecordBatch
export type ArrowSource = ArrowRows | Iterable<ArrowRows> | AsyncIterable<ArrowRows>

/**
 * Arrow data of any origin as batches of exactly `arrowSchemaOf(fields)`.
 *
 * Columns and struct members are matched by name, in any order; what is missing is the write default, else null.
 * Buffers are shared where types agree. Casts that lose nothing are made: narrower integers and floats, dictionaries,
 * large and view types, decimals of fewer digits and the same scale, other units of time (a value that would be
 * rounded is refused), fixed-size and large lists.
 *
 * Anything else throws INVALID_ARGUMENT with the column as `context.path`; for a single value, such as a null in a
 * required column, with the row's number over all batches as `context.row`.
 */
export async function* conformBatches(
  fields: readonly NestedField[],
  source: ArrowSource,
): AsyncGenerator<RecordBatch> {
  const schema = arrowSchemaOf(fields)
  let firstRow = 0
  for await (const item of isArrowRows(source) ? [source] : source) {
    for (const batch of batchesOf(item)) {
      if (batch.numRows > 0) yield conformBatch(schema, fields, batch, firstRow)
      firstRow += batch.numRows
    }
  }
}

export function isArrowRows(input: unknown): input is ArrowRows {
  return input instanceof Table || input instanceof RecordBatch
}

/** An item of another kind, such as a row among batches, must not be passed over. */
function batchesOf(item: ArrowRows): readonly RecordBatch[] {
  if (!isArrowRows(item)) throw mismatch('Arrow data, as the input began with', item)
  return item instanceof RecordBatch ? [item] : item.batches
}

function conformBatch(
  schema: Schema,
  fields: readonly NestedField[],
  batch: RecordBatch,
  firstRow: number,
): RecordBatch {
  const { numRows: length } = batch
  const place = { path: '', rowOf: (slot: number) => firstRow + slot }
  const children = conformMembers(fields, batch.schema.fields, batch.data.children, length, place) as Data[]
  return batchOf(schema, children, length)
}
