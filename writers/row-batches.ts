import { type Data, RecordBatch, type Schema, type Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { isMoraineError, MoraineError } from '../format/errors.ts'
import type { NestedField } from '../format/types.ts'
import { Misfit } from './columns/column-builder.ts'
import type { StructColumn } from './columns/nested-columns.ts'
import { rowColumn } from './columns/row-columns.ts'

export interface RowBatchOptions {
  /** Rows in a batch, at most. Default: 32,768. */
  readonly batchRows?: number
  /** A batch is handed out when its Arrow buffers reach about this many bytes. Default: 8 MiB. */
  readonly targetBytes?: number
  /** What errors call a row, by its place among the rows, from 0. Default: that. */
  readonly numberOf?: (row: number) => number
}

const DEFAULT_BATCH_ROWS = 32_768
const DEFAULT_TARGET_BYTES = 8 * 1024 * 1024
/** Rows that are gathered before their columns take them: few enough to stay in the processor's cache. */
const SLAB_ROWS = 512

/**
 * Rows as Arrow batches of exactly `arrowSchemaOf(fields)`.
 *
 * A row is an object with the table's column names as own properties; what values a column takes is `toLiteral`'s
 * to say. A nested struct is an object, a list an array or iterable, a map a `Map`, `[key, value]` pairs or, for
 * string keys, a plain object. What is undefined or left out is the write default, else null.
 *
 * A row that does not fit throws INVALID_ARGUMENT with its number (the first row is 0) as `context.row` and the
 * field as `context.path`; so does a property that the schema does not know. A row may be reused by its producer as
 * soon as the next one is asked for.
 */
export async function* rowsToBatches(
  fields: readonly NestedField[],
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  options: RowBatchOptions = {},
): AsyncGenerator<RecordBatch> {
  // Nobody runs between two rows of an array, so that what its rows hold cannot change before it is taken.
  const collector = new RowCollector(fields, options, Array.isArray(rows))
  if (Symbol.asyncIterator in rows) {
    for await (const row of rows) {
      if (collector.add(row)) yield collector.finish()
    }
  } else {
    for (const row of rows) {
      if (collector.add(row)) yield collector.finish()
    }
  }
  if (collector.rowCount > 0) yield collector.finish()
}

/** Rows on their way into columns: first in the slabs of the row column, then in its builders. */
class RowCollector {
  readonly #schema: Schema
  readonly #column: StructColumn
  readonly #batchRows: number
  readonly #targetBytes: number
  readonly #rowsAreStable: boolean
  readonly #numberOf: (row: number) => number
  /** The number of the first gathered row. */
  #rowNumber = 0
  #gathered = 0
  #appended = 0

  constructor(fields: readonly NestedField[], options: RowBatchOptions, rowsAreStable: boolean) {
    this.#schema = arrowSchemaOf(fields)
    this.#column = rowColumn(fields)
    this.#batchRows = options.batchRows ?? DEFAULT_BATCH_ROWS
    this.#targetBytes = options.targetBytes ?? DEFAULT_TARGET_BYTES
    this.#rowsAreStable = rowsAreStable
    this.#numberOf = options.numberOf ?? ((row) => row)
  }

  get rowCount(): number {
    return this.#appended + this.#gathered
  }

  /** Takes a row; true when it is time to `finish` a batch. */
  add(row: unknown): boolean {
    const mustBeTaken = this.#gather(row)
    this.#gathered++
    if (!mustBeTaken && this.#gathered < SLAB_ROWS && this.rowCount < this.#batchRows) return false
    this.#append()
    return this.#appended >= this.#batchRows || this.#column.byteLength >= this.#targetBytes
  }

  finish(): RecordBatch {
    this.#append()
    this.#appended = 0
    return new RecordBatch(this.#schema, this.#column.finish() as Data<Struct>)
  }

  #gather(row: unknown): boolean {
    try {
      return this.#column.gather(row, this.#gathered, !this.#rowsAreStable)
    } catch (error) {
      throw rowError(this.#numberOf(this.#rowNumber + this.#gathered), '', error)
    }
  }

  #append(): void {
    try {
      this.#column.appendGathered(this.#gathered)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      throw rowError(this.#numberOf(this.#rowNumber + error.slot), error.path.slice(1), error.cause)
    }
    this.#rowNumber += this.#gathered
    this.#appended += this.#gathered
    this.#gathered = 0
  }
}

/** What was wrong, with where; an error of the caller's own code (a getter, an iterator) is passed on as it is. */
function rowError(row: number, path: string, error: unknown): unknown {
  if (!isMoraineError(error)) return error
  const place = path === '' ? `row ${row}` : `row ${row}, ${path}`
  return new MoraineError(error.code, `${place}: ${error.message}`, {
    context: { ...error.context, row, path },
    cause: error.cause,
  })
}
