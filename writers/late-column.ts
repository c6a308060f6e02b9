import { Schema as ArrowSchema, type RecordBatch } from 'apache-arrow'
import { batchOf } from '../format/arrow/batch-of.ts'
import { joinColumns } from '../format/parquet/join-columns.ts'
import type { RowGroupEncoder } from './row-group-encoder.ts'

/** Gives the values of a column for the batches that have something to tell them by in its place. */
export type LateValues = (batch: RecordBatch) => RecordBatch

/** What the last column is encoded by: encoders of the others and of it alone, and its values, once they are known. */
export interface LateColumn {
  readonly others: RowGroupEncoder
  readonly alone: RowGroupEncoder
  readonly values: Promise<LateValues>
}

/** Encodes all columns but the last while the values of that one are still being found. */
export function encodeLastLate({ others, alone, values }: LateColumn): RowGroupEncoder {
  return {
    parallelism: others.parallelism,
    async encode(batches, options, signal) {
      const first = await others.encode(batches.map(withoutLast), options, signal)
      try {
        const valuesOf = await values
        const last = await alone.encode(batches.map(lastAlone).map(valuesOf), options, signal)
        try {
          return { rowGroup: joinColumns(first.rowGroup, last.rowGroup), release: first.release }
        } finally {
          last.release()
        }
      } catch (error) {
        first.release()
        throw error
      }
    },
  }
}

export function withoutLastField({ fields }: ArrowSchema): ArrowSchema {
  return new ArrowSchema(fields.slice(0, -1))
}

export function lastFieldAlone({ fields }: ArrowSchema): ArrowSchema {
  return new ArrowSchema(fields.slice(-1))
}

function withoutLast({ schema, data, numRows }: RecordBatch): RecordBatch {
  return batchOf(withoutLastField(schema), data.children.slice(0, -1), numRows)
}

function lastAlone({ schema, data, numRows }: RecordBatch): RecordBatch {
  return batchOf(lastFieldAlone(schema), data.children.slice(-1), numRows)
}
