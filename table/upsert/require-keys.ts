import type { RecordBatch } from 'apache-arrow'
import { invalidArgument } from '../../format/errors.ts'
import { isArrowRows } from '../../writers/arrow-batches.ts'
import { type RowsInput, requireRows } from '../input-batches.ts'
import type { KeyField } from './key-fields.ts'

/**
 * The input, of which every row has to have the columns of the keys: what is left out would be null elsewhere, and a
 * forgotten key must not mean the rows whose key is null. Columns that are required are looked at where they are written.
 */
export function requireKeys(operation: string, keys: readonly KeyField[], input: RowsInput): RowsInput {
  const asked = keys.filter(({ column }) => !column.required).map(({ path }) => path)
  if (asked.length === 0) return input
  requireRows(operation, input)
  if (isArrowRows(input)) {
    checkArrow(operation, asked, input)
    return input
  }
  if (Array.isArray(input)) {
    for (const [row, item] of input.entries()) check(operation, asked, item, row)
    return input
  }
  return checked(operation, asked, input as Iterable<unknown> | AsyncIterable<unknown>)
}

async function* checked(
  operation: string,
  asked: readonly (readonly string[])[],
  input: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  let row = 0
  for await (const item of input) {
    check(operation, asked, item, row++)
    yield item
  }
}

function check(operation: string, asked: readonly (readonly string[])[], item: unknown, row: number): void {
  if (isArrowRows(item)) {
    checkArrow(operation, asked, item)
    return
  }
  const missing = asked.find((path) => !hasKey(item, path))
  if (missing !== undefined) throw missingKey(operation, missing, row)
}

function checkArrow(
  operation: string,
  asked: readonly (readonly string[])[],
  { schema }: Pick<RecordBatch, 'schema'>,
): void {
  const names = new Set(schema.fields.map(({ name }) => name))
  const missing = asked.find(([name]) => !names.has(name!))
  if (missing !== undefined) throw missingKey(operation, missing)
}

/** Whether a row has a value or null at the path; what is not an object is told elsewhere. */
export function hasKey(row: unknown, path: readonly string[]): boolean {
  let value: unknown = row
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return true
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
    if (value === undefined) return false
  }
  return true
}

export function missingKey(operation: string, path: readonly string[], row?: number): Error {
  const column = path.join('.')
  const where = row === undefined ? '' : `row ${row}: `
  return invalidArgument(
    `${operation}: ${where}there is no column '${column}', which is a key; give null where null is meant`,
    { column, ...(row === undefined ? {} : { row }) },
  )
}
