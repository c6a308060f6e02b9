import type { RecordBatch, Schema } from 'apache-arrow'
import { type Allocate, ipcStream } from '../arrow/ipc-stream.ts'
import type { RowStream } from './codec.ts'
import { checkRequiredValues } from './required-values.ts'
import { storedColumns } from './stored-columns.ts'

/**
 * The rows of all batches, in order, as an encoder takes them. Every batch is of exactly `schema`. INVALID_ARGUMENT for
 * a null in a required column, UNSUPPORTED for a column over 2 GiB.
 */
export function rowStream(schema: Schema, batches: readonly RecordBatch[], allocate?: Allocate): RowStream {
  for (const batch of batches) checkRequiredValues(batch)
  const stored = batches.map(storedColumns)
  const storedSchema = stored[0] === batches[0] ? schema : stored[0]!.schema
  return {
    bytes: ipcStream(storedSchema, stored, allocate),
    numRows: batches.reduce((sum, { numRows }) => sum + numRows, 0),
    columnNames: storedSchema.fields.map(({ name }) => name),
  }
}
