import type { Data, RecordBatch } from 'apache-arrow'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { takeData } from '../../format/arrow/take.ts'
import { requireTopColumn } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { rowReader } from '../../readers/rows.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'

/** Columns by name, with the values that they get. */
export type NewValues = Readonly<Record<string, unknown>>
/** The same for all rows, or of each row what it gets. */
export type SetValues = NewValues | ((row: Readonly<Record<string, unknown>>) => NewValues)

/** Makes batches of the schema other ones. */
export type ValueSetter = (batch: RecordBatch) => Promise<RecordBatch>

/** The top-level columns of these names. Throws INVALID_ARGUMENT for those that there are not. */
export function fieldsNamed(schema: Schema, names: readonly string[]): readonly NestedField[] {
  return names.map((name) => requireTopColumn(schema, name, 'update'))
}

/** Rows for which a value does not fit are INVALID_ARGUMENT, by their number among all that it is given. */
export function valueSetter(schema: Schema, set: SetValues): ValueSetter {
  return typeof set === 'function' ? setByRow(schema, set) : setForAll(schema, set)
}

/** What is undefined is not said. */
function said(values: NewValues): NewValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function setForAll(schema: Schema, given: NewValues): ValueSetter {
  const values = said(given)
  const fields = fieldsNamed(schema, Object.keys(values))
  let one: RecordBatch | undefined
  return async (batch) => {
    one ??= await firstOf(rowsToBatches(fields, [values]))
    const slots = new Int32Array(batch.numRows)
    const columns = one.data.children.map((column) => takeData(column, slots))
    return withColumns(schema, batch, fields, columns)
  }
}

function setByRow(schema: Schema, set: Exclude<SetValues, NewValues>): ValueSetter {
  const read = rowReader(schema.fields)
  let first = 0
  return async (batch) => {
    const rowAt = read(batch)
    const numberOf = numbersFrom(first)
    const changes = Array.from({ length: batch.numRows }, (_, i) => newValues(set(rowAt(i)), numberOf(i)))
    first += batch.numRows
    return changedRows(schema, batch, changes, numberOf)
  }
}

function numbersFrom(first: number): (row: number) => number {
  return (row) => first + row
}

/**
 * What somebody has said of the row `number`, for good: they may use the object, and bytes in it, for the next row. What is
 * undefined is not said. Throws INVALID_ARGUMENT for what is no plain object, such as a promise.
 */
export function newValues(values: unknown, number: number): NewValues {
  const prototype: unknown = typeof values === 'object' && values !== null && Object.getPrototypeOf(values)
  if (prototype !== Object.prototype && prototype !== null) {
    const found = values instanceof Promise ? 'a promise' : describeValue(values)
    throw invalidArgument(`row ${number}: expected new values by column, in a plain object, found ${found}`, {
      row: number,
    })
  }
  return Object.fromEntries(
    Object.entries(said(values as NewValues)).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? value.slice() : value,
    ]),
  )
}

/** The rows of a batch with new values, each its own; `numberOf` is what errors call them. */
export async function changedRows(
  schema: Schema,
  batch: RecordBatch,
  changes: readonly NewValues[],
  numberOf: (row: number) => number,
): Promise<RecordBatch> {
  const fields = fieldsNamed(schema, [...new Set(changes.flatMap((values) => Object.keys(values)))])
  if (fields.length === 0) return batch
  const rowAt = rowReader(schema.fields)(batch)
  const merged = changes.map((values, i) => {
    const before = rowAt(i)
    return Object.fromEntries(
      fields.map(({ name }) => [name, Object.hasOwn(values, name) ? values[name] : before[name]]),
    )
  })
  const options = { batchRows: batch.numRows, targetBytes: Number.POSITIVE_INFINITY, numberOf }
  const made = await firstOf(rowsToBatches(fields, merged, options))
  return withColumns(schema, batch, fields, made.data.children)
}

async function firstOf(batches: AsyncIterable<RecordBatch>): Promise<RecordBatch> {
  for await (const batch of batches) return batch
  throw new Error('rows make a batch')
}

function withColumns(
  { fields }: Schema,
  { schema, data, numRows: length }: RecordBatch,
  changed: readonly NestedField[],
  columns: readonly Data[],
): RecordBatch {
  const places = new Map(changed.map(({ id }, i) => [id, i]))
  const children = fields.map(({ id }, i) => {
    const place = places.get(id)
    return place === undefined ? data.children[i]! : columns[place]!
  })
  return batchOf(schema, children, length)
}
