/** Rows of some columns only: the others stay as they are, and of new rows have their write defaults. */
import { type Data, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import type { RowCounts } from './row-counts.ts'

/** How rows of an input become rows of the table. */
export interface PartialInput {
  readonly operation: string
  /** The table's. */
  readonly schema: Schema
  /** Of the rows. */
  readonly input: Schema
}

/** The columns that partial rows leave out. */
export function leftOut({ schema, input }: Omit<PartialInput, 'operation'>): readonly NestedField[] {
  const given = new Set(input.fields.map(({ id }) => id))
  return schema.fields.filter(({ id }) => !given.has(id))
}

/** Throws INVALID_ARGUMENT where so many rows are new, and leave out a column that has to have a value. */
export function requireDefaults(partial: PartialInput, { inserted }: RowCounts): void {
  if (inserted === 0) return
  const field = leftOut(partial).find(({ required, writeDefault }) => required && writeDefault === undefined)
  if (field === undefined) return
  throw invalidArgument(
    `${partial.operation}: rows are new (${inserted} of them), and leave out column '${field.name}', which is required ` +
      'and has no default; nothing was committed',
    { column: field.name },
  )
}

/** One row with the write defaults of the columns, null for those without one. */
export async function defaultRow(fields: readonly NestedField[]): Promise<RecordBatch> {
  const optional = fields.map((field) => ({ ...field, required: false }))
  for await (const batch of rowsToBatches(optional, [{}])) return batch
  throw new Error('a row makes a batch')
}

/** The rows of the input as rows of the table, with what `others` has of the columns that are left out. */
export function wholeRows(
  { schema, input }: PartialInput,
  batch: RecordBatch,
  others: readonly Data[] = [],
): RecordBatch {
  const given = new Map(input.fields.map(({ id }, i) => [id, batch.data.children[i]!]))
  let next = 0
  const children = schema.fields.map(({ id }) => given.get(id) ?? others[next++]!)
  const arrowSchema = arrowSchemaOf(schema.fields)
  const type = new Struct(arrowSchema.fields)
  return new RecordBatch(arrowSchema, makeData({ type, length: batch.numRows, nullCount: 0, children }))
}
