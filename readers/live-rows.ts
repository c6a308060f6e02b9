/** The rows of a snapshot that are not deleted, with where they stand: what is to be deleted is found by it. */
import type { Data, RecordBatch } from 'apache-arrow'
import type { Expression } from '../format/expressions/expression.ts'
import type { PositionSet } from '../format/puffin/position-set.ts'
import type { Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { NestedField } from '../format/types.ts'
import { manyListeners } from '../storage/abort.ts'
import { DeleteCache } from './deletes/delete-cache.ts'
import { loadDeletes } from './deletes/load-deletes.ts'
import { type FilePlanOptions, filePlanOptions } from './file-plan-options.ts'
import { POS_COLUMN } from './metadata-columns.ts'
import { type PlanReport, planTasks } from './plan.ts'
import { type ReadOptions, readTask, readTaskBatches } from './read-task.ts'
import type { ScanSource } from './scan.ts'
import type { ScanTask } from './scan-task.ts'

export interface LiveRowsRequest {
  readonly schema: Schema
  /** Columns to read: parts of the schema, and metadata columns. */
  readonly fields: readonly NestedField[]
  /** The positions of a task's rows that are asked for; undefined for all. Default: all of every task. */
  readonly onlyOf?: ((task: ScanTask) => PositionSet | undefined) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The tasks of a snapshot whose files may hold rows that match, with the metrics of the columns that `where` names. */
export function snapshotTasks(
  source: ScanSource,
  snapshot: Snapshot,
  schema: Schema,
  where: Expression,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScanTask> {
  const report: PlanReport = { manifests: 0, manifestsRead: 0, files: 0, filesPlanned: 0, deleteFiles: 0 }
  return planTasks({ ...source, snapshot, schema, where, report, signal })
}

export interface LiveRows {
  readonly task: ScanTask
  readonly length: number
  /** As `fields`. */
  readonly columns: readonly Data[]
  /** Positions in the task's data file. */
  readonly positions: BigInt64Array
}

/** Those that match what is left of the tasks' filters, in the order of tasks and of each file. */
export async function* liveRows(
  source: ScanSource,
  tasks: AsyncIterable<ScanTask>,
  { schema, fields, onlyOf, signal }: LiveRowsRequest,
): AsyncGenerator<LiveRows> {
  const { metadata, store } = source
  const projected = [...fields, POS_COLUMN]
  const options: ReadOptions = {
    store,
    codec: await source.codec(),
    deletes: source.deletes,
    workers: await source.workers?.(),
    signal,
  }
  const planOptions = filePlanOptions(metadata, schema, projected)
  const planOf = (task: ScanTask) => ({ ...planOptions(task), only: onlyOf?.(task) })
  for await (const { task, batch } of readTaskBatches(tasks, planOf, options)) {
    const columns = batch.data.children.slice(0, fields.length)
    yield { task, length: batch.numRows, columns, positions: batch.data.children[fields.length]!.values }
  }
}

/** Tells what is deleted by position in the data file of a task; undefined for nothing. */
export type DeletedPositions = (task: ScanTask) => Promise<PositionSet | undefined>

export async function deletedPositions(
  { metadata, store, deletes = new DeleteCache(0), codec: codecOf }: ScanSource,
  schema: Schema,
  signal: AbortSignal | undefined,
): Promise<DeletedPositions> {
  const codec = await codecOf()
  const planOptions = filePlanOptions(metadata, schema, [])
  const read = (task: ScanTask, plan: FilePlanOptions): AsyncIterable<RecordBatch> =>
    readTask(task, { ...plan, store, codec })
  const source = { store, deletes: deletes.forScan(), read, signal: manyListeners(signal) }
  return async (task) => {
    const positional = task.deletes.filter(({ file }) => file.content === 'position-deletes')
    const loaded = await loadDeletes({ ...task, deletes: positional }, planOptions(task), source)
    return loaded?.positions
  }
}
