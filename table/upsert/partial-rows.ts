/** Rows of some columns only: the others stay as they are, and of new rows have their write defaults. */
import type { Data, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { concatData } from '../../format/arrow/concat.ts'
import { takeData } from '../../format/arrow/take.ts'
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
  /** Columns that rows have for a key within alone: where there is a row already, it keeps them. */
  readonly forKeys: readonly NestedField[]
}

/** The columns of which a row that is there keeps what it has: those that partial rows leave out, and `forKeys`. */
export function keptColumns(input: PartialInput): readonly NestedField[] {
  return [...leftOut(input), ...input.forKeys]
}

function leftOut({ schema, input }: PartialInput): readonly NestedField[] {
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

/** Throws INVALID_ARGUMENT where a row, put together, has no value in a column that has to have one. */
export function requireValues({ operation, schema }: PartialInput, batch: RecordBatch): void {
  const field = schema.fields.find(({ required }, i) => required && batch.data.children[i]!.nullCount > 0)
  if (field === undefined) return
  throw invalidArgument(
    `${operation}: a row is new, or given null, in column '${field.name}', which is required; nothing was committed`,
    { column: field.name },
  )
}

/** One row with the write defaults of the columns, null for those without one. */
export async function defaultRow(fields: readonly NestedField[]): Promise<RecordBatch> {
  const optional = fields.map((field) => ({ ...field, required: false }))
  for await (const batch of rowsToBatches(optional, [{}])) return batch
  throw new Error('a row makes a batch')
}

/** The rows of the input as rows of the table, with what `others` has of `keptColumns`. */
export function wholeRows(
  partial: PartialInput,
  batch: RecordBatch,
  others: readonly Data[] = [],
  isNew: (row: number) => boolean = () => true,
): RecordBatch {
  const { schema, input, forKeys } = partial
  const given = new Map(input.fields.map(({ id }, i) => [id, batch.data.children[i]!]))
  const count = leftOut(partial).length
  for (const [i, { id }] of forKeys.entries()) {
    const both = [given.get(id)!, others[count + i]!]
    const slots = Int32Array.from({ length: batch.numRows }, (_, row) =>
      isNew(row) ? row : batch.numRows + row,
    )
    given.set(id, takeData(concatData(both[0]!.type, both), slots))
  }
  let next = 0
  const children = schema.fields.map(({ id }) => given.get(id) ?? others[next++]!)
  const arrowSchema = arrowSchemaOf(schema.fields)
  return batchOf(arrowSchema, children, batch.numRows)
}
