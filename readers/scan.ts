/** A scan: what to read, and the three ways to read it. Nothing is fetched before the first pull. */
import type { RecordBatch } from 'apache-arrow'
import { checkOptions } from '../format/check-options.ts'
import type { Environment } from '../format/environment.ts'
import { invalidArgument } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import type { Expression } from '../format/expressions/expression.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import type { NestedField } from '../format/types.ts'
import { describeValue } from '../format/values/mismatch.ts'
import { refuseEncrypted } from '../snapshot/encryption.ts'
import type { ManifestCache } from '../snapshot/manifest-cache.ts'
import { pointInTime, type SnapshotSelector } from '../snapshot/timeline.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { DecodingWorkers } from './decode-rows.ts'
import type { DeleteCache } from './deletes/delete-cache.ts'
import { filePlanOptions } from './file-plan-options.ts'
import { partitionFieldsOf } from './metadata-columns.ts'
import { type PlanReport, planTasks } from './plan.ts'
import { projectSchema } from './projection.ts'
import type { ReadOptions } from './read-task.ts'
import { rowIterator } from './row-iterator.ts'
import { type RowOptions, rowReader } from './rows.ts'
import type { ScanTask } from './scan-task.ts'
import type { ColumnPaths, RowWithDates } from './selected-row.ts'

/** `P` are the paths of `select`, from which the row type follows. */
export interface ScanOptions<P extends ColumnPaths = ColumnPaths> {
  /** Columns to read, at any depth: full names (`a.b.c`) or paths as arrays of names. Default: all. */
  readonly select?: P
  /** Only rows that match. */
  readonly where?: Expression
  /** The snapshot to read. Default: the current one. */
  readonly at?: SnapshotSelector
  /** At most this many rows; reading stops when they are there. */
  readonly limit?: number
  /**
   * Whether rows come file by file, and in the order of each file. `false` gives them as they are decoded, where several
   * threads do it, and keeps all of these busy. Default: true.
   */
  readonly ordered?: boolean
  readonly signal?: AbortSignal
}

/** What a scan reads from; a `Table` makes it. */
export interface ScanSource {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
  readonly manifests?: ManifestCache | undefined
  /** Keeps delete files that were read. */
  readonly deletes?: DeleteCache | undefined
  readonly codec: () => Promise<ParquetCodec>
  readonly environment: Environment
  /** Threads that decode beside the calling one. */
  readonly workers?: (() => Promise<DecodingWorkers>) | undefined
}

export interface Scan<R> {
  /** The columns that come out, in order, with their field ids. */
  readonly fields: readonly NestedField[]
  /** Absent for a table without a snapshot. */
  readonly snapshot: Snapshot | undefined
  /** What planning has seen and skipped so far. */
  readonly report: PlanReport
  /** The files to read, as plain data; manifests are pulled one by one. */
  tasks(): AsyncGenerator<ScanTask>
  /** Arrow record batches, pulled one by one. */
  batches(): AsyncGenerator<RecordBatch>
  /** Rows as plain objects. */
  rows(options: RowOptions & { readonly timestamps: 'date' }): AsyncGenerator<RowWithDates<R>>
  rows(options?: RowOptions): AsyncGenerator<R>
}

/**
 * Prepares a scan. Throws INVALID_ARGUMENT for an unknown column or a bad option, NOT_FOUND for a snapshot or ref
 * that is not there; reading throws UNSUPPORTED for ORC files.
 */
export function createScan<R>(source: ScanSource, options: ScanOptions = {}): Scan<R> {
  const { metadata } = source
  checkOptions('scan', options, SCAN_OPTIONS)
  refuseEncrypted(metadata)
  checkLimit(options.limit)
  checkSelect(options.select)
  const { snapshot, schema } = pointInTime(metadata, options.at)
  if (options.where !== undefined) bind(checkedWhere(options.where), schema)
  const partitionFields = partitionFieldsOf(metadata)
  const fields = projectSchema(schema, options.select, partitionFields)
  const report: PlanReport = { manifests: 0, manifestsRead: 0, files: 0, filesPlanned: 0, deleteFiles: 0 }
  const tasks = () =>
    planTasks({ ...source, schema, snapshot, where: options.where, signal: options.signal, report })
  const batches = () => limited(readAll(source, schema, fields, tasks(), options), options.limit)
  return {
    fields,
    snapshot,
    report,
    tasks,
    batches,
    rows: ((rowOptions) => rowIterator(batches(), rowReader(fields, rowOptions))) as Scan<R>['rows'],
  }
}

async function* readAll(
  source: ScanSource,
  tableSchema: Schema,
  projected: readonly NestedField[],
  tasks: AsyncGenerator<ScanTask>,
  { limit, ordered, signal }: ScanOptions,
): AsyncGenerator<RecordBatch> {
  const { metadata, store, workers } = source
  // Arrow is loaded by those who read rows, not by those who look at metadata.
  const { readTasks } = await import('./read-task.ts')
  // Whoever wants the first rows would wait for others.
  const ahead = limit === undefined
  const options: ReadOptions = {
    store,
    codec: await source.codec(),
    deletes: source.deletes,
    workers: ahead ? await workers?.() : undefined,
    ahead,
    ordered,
    signal,
  }
  yield* readTasks(tasks, filePlanOptions(metadata, tableSchema, projected), options)
}

async function* limited(
  batches: AsyncGenerator<RecordBatch>,
  limit: number | undefined,
): AsyncGenerator<RecordBatch> {
  if (limit === undefined) return yield* batches
  if (limit === 0) return
  let left = limit
  for await (const batch of batches) {
    yield batch.numRows <= left ? batch : batch.slice(0, left)
    left -= Math.min(left, batch.numRows)
    if (left === 0) return
  }
}

const SCAN_OPTIONS: readonly (keyof ScanOptions)[] = ['select', 'where', 'at', 'limit', 'ordered', 'signal']

function checkSelect(select: unknown): void {
  if (select === undefined || Array.isArray(select)) return
  throw invalidArgument(`select: expected an array of column names, found ${describeValue(select)}`)
}

function checkedWhere(where: Expression): Expression {
  if (typeof where === 'object' && where !== null && 'op' in where) return where
  throw invalidArgument(
    `where: expected an expression such as eq('id', 1n), or parseWhere('id = 1'), found ${describeValue(where)}`,
  )
}

function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return
  throw invalidArgument(`limit: expected a whole number of rows, found ${describeValue(limit)}`)
}
