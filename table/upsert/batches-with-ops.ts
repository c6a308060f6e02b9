import type { RecordBatch } from 'apache-arrow'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { invalidArgument } from '../../format/errors.ts'
import { type NestedField, stringType, typeToString } from '../../format/types.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { isArrowRows } from '../../writers/arrow-batches.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import { inputBatches, type RowsInput, requireRows } from '../input-batches.ts'

/** What a row is there for. */
export type RowOp = 'upsert' | 'delete'

/** What tells it: a column of the rows, or a function of each. */
export type OpOption = string | ((row: Readonly<Record<string, unknown>>) => RowOp)

/** Of rows and columns that are made up on the way; no column of a table has it. */
export const OWN_ID = -1

const OPS: ReadonlyMap<string, RowOp | 'skip'> = new Map([
  ...['c', 'r', 'u', 'i', '+i', '+u', 'insert', 'create', 'read', 'update', 'upsert', 'update_after'].map(
    (name) => [name, 'upsert'] as const,
  ),
  ...['d', '-d', 'delete'].map((name) => [name, 'delete'] as const),
  ...['-u', 'update_before'].map((name) => [name, 'skip'] as const),
])

interface BatchWithOps {
  /** Of the fields asked for, and maybe more. */
  readonly batch: RecordBatch
  readonly ops: readonly (RowOp | 'skip')[]
}

/** The input as batches, with what each row is there for. Throws INVALID_ARGUMENT where one does not tell. */
export async function* batchesWithOps(
  operation: string,
  fields: readonly NestedField[],
  op: OpOption | undefined,
  input: RowsInput,
): AsyncGenerator<BatchWithOps> {
  if (op !== undefined && typeof op !== 'string' && typeof op !== 'function') {
    throw invalidArgument(
      `${operation}: expected 'op' to be the name of a column, or a function, found ${describeValue(op)}`,
    )
  }
  requireRows(operation, input)
  if (typeof op === 'string') {
    const own = fields.findIndex(({ name }) => name === op)
    const field: NestedField = { id: OWN_ID, name: op, type: stringType, required: false }
    if (own >= 0 && fields[own]!.type.kind !== 'string') {
      const type = typeToString(fields[own]!.type)
      throw invalidArgument(`${operation}: column '${op}' is ${type}, and 'op' needs a string`, {
        column: op,
      })
    }
    let firstRow = 0
    // What says nothing must not be taken for what a default says.
    const told = own < 0 ? [...fields, field] : fields.with(own, withoutDefault(fields[own]!))
    for await (const batch of inputBatches(operation, told, input)) {
      yield { batch, ops: opsOf(batch, own < 0 ? fields.length : own, op, firstRow) }
      firstRow += batch.numRows
    }
    return
  }
  const told: RowOp[] = []
  const rows = op === undefined ? input : toldRows(operation, input, op, told)
  for await (const batch of inputBatches(operation, fields, rows)) {
    yield {
      batch,
      ops: op === undefined ? Array(batch.numRows).fill('upsert') : told.splice(0, batch.numRows),
    }
  }
}

function withoutDefault({ writeDefault: _, ...field }: NestedField): NestedField {
  return { ...field, required: false }
}

function opsOf(batch: RecordBatch, place: number, column: string, firstRow: number): (RowOp | 'skip')[] {
  const { column: data, isNull } = sourceColumn(batch, [place])
  const read = literalReader(stringType, data)
  return Array.from({ length: batch.numRows }, (_, row) => {
    const text = isNull(row) ? null : (read(row) as string)
    const op = text === null ? undefined : OPS.get(text.toLowerCase())
    if (op !== undefined) return op
    throw invalidArgument(
      `row ${firstRow + row}, ${column}: expected what the row is there for, such as 'c', 'u' or 'd', found ${describeValue(text)}`,
      { row: firstRow + row, path: column },
    )
  })
}

/** Rows as they are, and what `op` says of each, at the end of `told`. */
async function* toldRows(
  operation: string,
  input: RowsInput,
  op: Exclude<OpOption, string>,
  told: RowOp[],
): AsyncGenerator<unknown> {
  if (isArrowRows(input)) throw needsRows(operation)
  for await (const row of input) {
    if (isArrowRows(row)) throw needsRows(operation)
    const said = op(row as Readonly<Record<string, unknown>>)
    if (said !== 'upsert' && said !== 'delete') {
      throw invalidArgument(
        `${operation}: expected 'op' to say 'upsert' or 'delete', found ${describeValue(said)}`,
      )
    }
    told.push(said)
    yield row
  }
}

function needsRows(operation: string): Error {
  return invalidArgument(
    `${operation}: a function as 'op' is asked of rows; of Arrow data name the column that tells it`,
  )
}
