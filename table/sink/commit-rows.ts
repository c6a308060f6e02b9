import type { RecordBatch } from 'apache-arrow'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { batchBytes } from '../../writers/batch-bytes.ts'
import { type AppendOptions, append, type WriteHooks } from '../append.ts'
import type { WritableContext } from '../context.ts'
import type { ChangedTable } from '../upsert/commit-change.ts'
import { rowCounts } from '../upsert/row-counts.ts'
import { upsert } from '../upsert/upsert.ts'
import type { UpsertOptions } from '../upsert/upsert-options.ts'

export interface CommitRows {
  readonly mode: 'append' | 'upsert'
  /** With a commit id that was made for these rows. */
  readonly common: AppendOptions
  readonly ofUpsert: UpsertOptions
  readonly companionsOf: NonNullable<WriteHooks['companionsOf']>
  /** Told of the rows in memory, as they come. */
  readonly onBytes: (bytes: number) => void
}

/** Writes rows until they end, and commits them: without rows too, for what goes with them. */
export async function commitRows(
  context: WritableContext,
  loaded: LoadedTable,
  rows: AsyncIterable<unknown>,
  { mode, common, ofUpsert, companionsOf, onBytes }: CommitRows,
): Promise<ChangedTable> {
  let count = 0
  const onBatch = (batch: RecordBatch) => {
    onBytes(batchBytes(batch))
    count += batch.numRows
  }
  const hooks = { companionsOf, isNewId: true, onBatch }
  if (mode === 'upsert') return upsert(context, loaded, rows, { ...common, ...ofUpsert }, hooks)
  const appended = await append(context, loaded, rows, common, hooks)
  return { loaded: appended, counts: rowCounts({ inserted: count }) }
}
