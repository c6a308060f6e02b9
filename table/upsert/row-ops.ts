/** Rows that say of themselves whether they are to be upserted or deleted, as those of a change stream do. */
import type { RecordBatch } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { bitAt, bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { takeRows } from '../../format/arrow/take.ts'
import { requireColumn } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import { booleanType, type NestedField, typeToString } from '../../format/types.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import { batchesWithOps, type OpOption, OWN_ID, type RowOp } from './batches-with-ops.ts'
import type { KeyField } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'

export interface RowOpsOptions {
  /**
   * Rows are deletes too, and tell which: by the column of this name, which need not be one of the table's, or by what
   * the function says of a row, which has columns of the table only. Of a column, `c`, `r`, `u`, `i`, `+I`, `+U`, `create`,
   * `insert`, `read`, `update`, `upsert` and `update_after` are upserts, `d`, `-D` and `delete` deletes, in small letters or
   * large; `-U` and `update_before` are left out. A delete needs its key only, and something in the columns of `orderBy`:
   * what is older than the row in the table comes too late. A struct that it gives is a whole one.
   */
  readonly op?: OpOption
  /**
   * A boolean column: what deletes, is upserted as it is with true in it (columns that it leaves out become null), and all
   * else with false. So a row that is gone keeps its place in the order, and what is older than its end does not bring it
   * back. Rows from before have null there: ask for `notEq(column, true)`.
   */
  readonly softDelete?: string
}

export interface RowOps {
  /** The input, as batches of the schema and, where rows are deletes too, of one column more. */
  batches(input: RowsInput): AsyncIterable<RecordBatch>
  /** The place in the input of a row of the batches, of which some are left out. */
  numberOf(row: number): number
  /** The numbers of rows that are to be deleted. */
  gone(rows: KeyedRows): ReadonlySet<number>
}

/** `schema` is the input's. Throws INVALID_ARGUMENT for columns that cannot say it. */
export function rowOps(
  operation: string,
  schema: Schema,
  keys: readonly KeyField[],
  order: readonly KeyField[],
  { op, softDelete }: RowOpsOptions,
): RowOps {
  const { fields } = schema
  if (op === undefined && softDelete === undefined) {
    return {
      batches: (input) => inputBatches(operation, fields, input),
      numberOf: (row) => row,
      gone: () => new Set(),
    }
  }
  const tombstone = softDelete === undefined ? -1 : fields.findIndex(({ name }) => name === softDelete)
  if (softDelete !== undefined) {
    const { field } = requireColumn(schema, [softDelete], `${operation}: softDelete`)
    if (field.type.kind !== 'boolean') {
      throw invalidArgument(
        `${operation}: 'softDelete' needs a boolean column, and '${softDelete}' is none`,
        {
          column: softDelete,
        },
      )
    }
  }
  const keyRoots = new Set(keys.map(({ places }) => places[0]!))
  if (keyRoots.has(tombstone)) {
    throw invalidArgument(`${operation}: column '${softDelete}' is a key, and cannot say what is deleted`, {
      column: softDelete,
    })
  }
  // A delete has its key; the others are required of rows that stay, below.
  const relaxed = fields.map((field, i) => (keyRoots.has(i) ? field : { ...field, required: false }))
  const isRequired = (i: number) => fields[i]!.required && !keyRoots.has(i) && i !== tombstone
  const required = [...fields.keys()].filter(isRequired)
  const skipped: number[] = []
  return {
    async *batches(input) {
      let firstRow = 0
      for await (const { batch, ops } of batchesWithOps(operation, relaxed, op, input)) {
        for (const i of required) {
          requireValues(fields[i]!, sourceColumn(batch, [i]).isNull, {
            ops,
            firstRow,
            deletes: tombstone >= 0,
          })
        }
        requireOrder(batch, order, ops, firstRow)
        const isGone = flags(ops.map((one) => one === 'delete'))
        const children = batch.data.children.slice(0, fields.length)
        const marked =
          tombstone >= 0
            ? batchOf(arrowSchemaOf(fields), children.with(tombstone, isGone), ops.length)
            : batchOf(arrowSchemaOf([...fields, GONE]), [...children, isGone], ops.length)
        const kept = Int32Array.from(ops.keys()).filter((row) => ops[row] !== 'skip')
        for (const [row, said] of ops.entries()) if (said === 'skip') skipped.push(firstRow + row)
        firstRow += batch.numRows
        if (kept.length > 0) yield kept.length === ops.length ? marked : takeRows(marked, kept)
      }
    },
    numberOf(row) {
      let number = row
      for (const one of skipped) if (one <= number) number++
      return number
    },
    gone(rows) {
      const gone = new Set<number>()
      if (tombstone >= 0) return gone
      rows.batches.forEach((batch, i) => {
        const { values, offset } = batch.data.children[fields.length]!
        rows.numbers[i]!.forEach((number, row) => {
          if (bitAt(values, offset + row)) gone.add(number)
        })
      })
      return gone
    },
  }
}

interface Required {
  readonly ops: readonly (RowOp | 'skip')[]
  readonly firstRow: number
  /** Whether deletes need a value too. */
  readonly deletes: boolean
}

function requireValues(
  { name, type }: NestedField,
  isNull: (row: number) => boolean,
  { ops, firstRow, deletes }: Required,
): void {
  const row = ops.findIndex((op, i) => (op === 'upsert' || (deletes && op === 'delete')) && isNull(i))
  if (row < 0) return
  throw invalidArgument(
    `row ${firstRow + row}, ${name}: expected a ${typeToString(type)}, found null: the column is required`,
    { row: firstRow + row, path: name },
  )
}

/** A delete without an order would be older than all that is there: it would come too late always, without a word. */
function requireOrder(
  batch: RecordBatch,
  order: readonly KeyField[],
  ops: readonly (RowOp | 'skip')[],
  firstRow: number,
): void {
  if (order.length === 0) return
  const columns = order.map(({ places }) => sourceColumn(batch, places))
  const row = ops.findIndex((op, i) => op === 'delete' && columns.every(({ isNull }) => isNull(i)))
  if (row < 0) return
  const path = order.map((each) => each.path.join('.')).join(', ')
  throw invalidArgument(
    `row ${firstRow + row}, ${path}: the row deletes, and does not say when: what 'orderBy' names is null. Of Debezium's ` +
      "events, take a column of the envelope: decodeDebezium(message, { add: { lsn: 'source.lsn' } })",
    { row: firstRow + row, path },
  )
}

const GONE: NestedField = { id: OWN_ID, name: '', type: booleanType, required: true }

function flags(bits: readonly boolean[]) {
  const values = new Uint8Array(bitmapByteLength(bits.length))
  bits.forEach((bit, i) => {
    if (bit) setBit(values, i)
  })
  return arrowData(arrowSchemaOf([GONE]).fields[0]!.type, bits.length, { values })
}
