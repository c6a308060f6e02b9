import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { pruneFields } from '../../readers/projection.ts'
import { rowReader } from '../../readers/rows.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { type ArrowRows, conformBatches, isArrowRows } from '../../writers/arrow-batches.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { type RowsInput, requireRows } from '../input-batches.ts'
import { type KeyField, keyFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import { hasKey, missingKey } from './require-keys.ts'

export type SourceRow = Readonly<Record<string, unknown>>

/** What is merged into a table: rows of any columns, the keys among them. */
export interface MergeSource {
  readonly rows: readonly SourceRow[]
  /** The rows that have a key; null is none, for it equals nothing in SQL. */
  readonly keyed: KeyedRows
  /** By number of a keyed row its place among `rows`. */
  readonly places: readonly number[]
}

/** Pulls all rows. Throws INVALID_ARGUMENT for two with one key, of which the table's row could become only one. */
export async function takeSource(
  input: RowsInput,
  schema: Schema,
  keys: readonly KeyField[],
  signal: AbortSignal | undefined,
): Promise<MergeSource> {
  const rows: SourceRow[] = []
  for await (const row of sourceRows(input, schema.fields)) {
    throwIfAborted(signal)
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw invalidArgument(`merge: row ${rows.length}: expected an object, found ${describeValue(row)}`, {
        row: rows.length,
      })
    }
    const missing = keys.find(({ path }) => !hasKey(row, path))
    if (missing !== undefined) throw missingKey('merge', missing.path, rows.length)
    rows.push(row as SourceRow)
  }
  const places = [...rows.keys()].filter((i) => keys.every(({ path }) => valueAt(rows[i]!, path) != null))
  const fields = pruneFields(schema.fields, new Set(keys.map(({ field }) => field.id)))
  const keyRows = places.map((place) => picked(rows[place]!, fields))
  const numberOf = (i: number) => places[i]!
  const own = keyFields(
    'merge',
    { ...schema, fields },
    keys.map(({ path }) => path),
  )
  const options = { keys: own, duplicates: 'error', numberOf, signal } as const
  const keyed = await KeyedRows.take('merge', rowsToBatches(fields, keyRows, { numberOf }), options)
  return { rows, keyed, places }
}

/** Rows as they are, those of Arrow data as they would be read, with the columns that the data has. */
async function* sourceRows(input: RowsInput, fields: readonly NestedField[]): AsyncGenerator<unknown> {
  requireRows('merge', input)
  for await (const item of isArrowRows(input) ? [input] : input) {
    if (!isArrowRows(item)) {
      yield item
      continue
    }
    const own = columnsOf(item, fields)
    for await (const batch of conformBatches(own, item)) {
      const rowAt = rowReader(own)(batch)
      for (let row = 0; row < batch.numRows; row++) yield rowAt(row)
    }
  }
}

/** Throws INVALID_ARGUMENT for a column that the table does not have: of what type it would be read is not known. */
function columnsOf({ schema }: ArrowRows, fields: readonly NestedField[]): readonly NestedField[] {
  const names = new Set(schema.fields.map(({ name }) => name))
  const own = fields.filter(({ name }) => names.delete(name))
  const [other] = names
  if (other === undefined) return own
  throw invalidArgument(
    `merge: the table has no column '${other}', and Arrow data may bring no other columns; give rows as objects, or leave it out`,
    { column: other },
  )
}

function valueAt(row: SourceRow, path: readonly string[]): unknown {
  let value: unknown = row
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as SourceRow)[name]
  }
  return value
}

/** What a row has in these fields, and no other. */
export function picked(row: SourceRow, fields: readonly NestedField[]): SourceRow {
  return Object.fromEntries(
    fields.flatMap(({ name, type }) => {
      if (!Object.hasOwn(row, name)) return []
      const value = row[name]
      const isStruct = type.kind === 'struct' && typeof value === 'object' && value !== null
      return [[name, isStruct ? picked(value as SourceRow, type.fields) : value]]
    }),
  )
}
