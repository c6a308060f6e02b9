import type { RecordBatch } from 'apache-arrow'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import type { CompanionsOf } from '../../snapshot/snapshot-operation.ts'
import { batchBytes } from '../../writers/batch-bytes.ts'
import { append } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches } from '../input-batches.ts'
import type { ChangedTable } from '../upsert/commit-change.ts'
import { inputSchema } from '../upsert/input-schema.ts'
import { rowCounts } from '../upsert/row-counts.ts'
import { type UpsertOptions, upsert } from '../upsert/upsert.ts'

export interface CommitRows extends UpsertOptions {
  readonly mode: 'append' | 'upsert'
  readonly companionsOf: CompanionsOf
  /** Told of the rows in memory, as they come. */
  readonly onBytes: (bytes: number) => void
}

/** Writes rows until they end, and commits them: without rows too, for what goes with them. */
export async function commitRows(
  context: WritableContext,
  loaded: LoadedTable,
  rows: AsyncIterable<unknown>,
  { mode, companionsOf, onBytes, ...options }: CommitRows,
): Promise<ChangedTable> {
  const schema = currentSchema(loaded.metadata)
  const { fields } = mode === 'upsert' ? inputSchema('sink', schema, options) : schema
  let count = 0
  const counted = async function* (): AsyncGenerator<RecordBatch> {
    for await (const batch of inputBatches('sink', fields, rows)) {
      onBytes(batchBytes(batch))
      count += batch.numRows
      yield batch
    }
  }
  if (mode === 'upsert') return upsert(context, loaded, counted(), options, companionsOf)
  const { on: _, skipUnchanged: __, orderBy: ___, partial: ____, ...appendOptions } = options
  const appended = await append(context, loaded, counted(), appendOptions, companionsOf)
  return { loaded: appended, counts: rowCounts({ inserted: count }) }
}
