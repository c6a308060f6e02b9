import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { takeRows } from '../format/arrow/take.ts'
import { inFile, unsupported } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import { resolveLocation } from '../format/location.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { visitFields } from '../format/schema.ts'
import type { NestedField } from '../format/types.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { assembleColumn, type RowWindow } from './assemble.ts'
import { type EncodedRows, fetchRows } from './fetch-rows.ts'
import { type FilePlan, type FilePlanOptions, planFile } from './file-plan.ts'
import { selectedRows } from './filter.ts'
import { openParquet, type ParquetSource } from './parquet-source.ts'
import { type AheadOptions, aheadControl, readAhead } from './read-ahead.ts'
import { type ResolvedColumn, unsupportedVariant } from './resolve-columns.ts'
import type { RowRanges } from './row-ranges.ts'
import type { ScanTask } from './scan-task.ts'
import { type GroupSelection, narrowByBloomFilters, selectRows } from './select-rows.ts'

export interface ReadOptions {
  readonly store: ObjectStore
  readonly codec: ParquetCodec
  /** Rows in a batch, at most. Default: 65,536. */
  readonly batchSize?: number | undefined
  /** Whether what comes next is fetched while rows are decoded, from the second batch on. Default: true. */
  readonly ahead?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadTaskOptions extends ReadOptions, FilePlanOptions {}

const DEFAULT_BATCH_SIZE = 65_536
/** Files whose footers are read ahead. */
const FILES_AHEAD: AheadOptions<ScanTask> = { maxItems: 8, maxWeight: 8, weightOf: () => 1 }
/** Row groups that are fetched ahead; they weigh their bytes. */
const GROUPS_AHEAD: AheadOptions<GroupOfFile> = {
  maxItems: 16,
  maxWeight: 64 * 2 ** 20,
  weightOf: ({ group }) => group.bytes,
}

/** Reads the rows of one data file; see `readTasks`. */
export function readTask(task: ScanTask, options: ReadTaskOptions): AsyncGenerator<RecordBatch> {
  return readTasks(onlyTask(task), () => options, options)
}

/**
 * Reads the rows of data files that match their task's residual, in the order of the tasks and of each file, as
 * batches of `arrowSchemaOf(projected)`; none of them is empty.
 *
 * One range request or two read a footer, which with page indexes and bloom filters tells what cannot match; then the
 * wanted leaf column chunks of each row group, or their pages, are fetched, and decoded part by part. Memory holds one
 * row group of these columns as it is stored, and 64 MiB of what comes next, footers aside. Leaving the loop early
 * aborts the requests that run, and decodes no more. Throws, when the task's turn comes: UNSUPPORTED, before reading
 * anything of it, for deletes, for Avro and ORC files, for encrypted files and for variant columns; INVALID_DATA,
 * naming the file, for a file that is not what its manifest says.
 */
export async function* readTasks(
  tasks: AsyncIterable<ScanTask>,
  planOptionsOf: (task: ScanTask) => FilePlanOptions,
  options: ReadOptions,
): AsyncGenerator<RecordBatch> {
  const control = aheadControl()
  const controller = new AbortController()
  const { signal: callers } = options
  const signal = callers === undefined ? controller.signal : AbortSignal.any([callers, controller.signal])
  // Every request that runs listens.
  setMaxListeners(0, signal)
  const files = readAhead(
    tasks,
    (task) => openTask(task, planOptionsOf(task), options, signal),
    control,
    FILES_AHEAD,
  )
  const groups = readAhead(groupsOf(files), (group) => fetchGroup(group, options, signal), control, {
    ...GROUPS_AHEAD,
    onLeave: () => controller.abort(),
  })
  for await (const fetched of groups) {
    const { source, plan } = fetched.file
    for (const window of windowsOf(fetched, options)) {
      const batch = inFile(source.location, () => assembleBatch(window, plan))
      if (batch !== undefined) yield batch
      // Who pulls a second batch will want more; who looks at the first rows pays for no others.
      if (options.ahead ?? true) {
        control.begin()
        // Decoding never waits: without a turn of the event loop, what has been fetched could not arrive.
        await setImmediate()
      }
    }
  }
}

async function* onlyTask(task: ScanTask): AsyncGenerator<ScanTask> {
  yield task
}

/** A data file whose footer, and as much of its indexes as helps, has been read. */
interface OpenFile {
  readonly source: ParquetSource
  readonly plan: FilePlan
  readonly groups: readonly GroupSelection[]
}

/** Undefined for a file of which no row matches, whatever it holds. */
async function openTask(
  task: ScanTask,
  planOptions: FilePlanOptions,
  { store }: ReadOptions,
  signal: AbortSignal,
): Promise<OpenFile | undefined> {
  refuseUnsupported(task, planOptions.projected)
  const { dataFile } = task
  const filter = bind(task.residual, planOptions.tableSchema)
  if (filter.op === 'false') return undefined
  const location = inFile(dataFile.filePath, () => resolveLocation(dataFile.filePath))
  const source = await openParquet(store, location, dataFile.fileSizeInBytes, signal)
  const plan = inFile(source.location, () => planFile(task, source.footer, filter, planOptions))
  return { source, plan, groups: await selectRows(store, source, plan, signal) }
}

interface GroupOfFile {
  readonly file: OpenFile
  readonly group: GroupSelection
}

async function* groupsOf(files: AsyncIterable<OpenFile | undefined>): AsyncGenerator<GroupOfFile> {
  for await (const file of files) for (const group of file?.groups ?? []) yield { file: file!, group }
}

/** Rows of a row group, as they are stored. */
interface FetchedGroup extends GroupOfFile {
  readonly rows: RowRanges
  /** Nothing when no leaf is needed. */
  readonly encoded: readonly EncodedRows[]
}

async function fetchGroup(
  { file, group }: GroupOfFile,
  { store }: ReadOptions,
  signal: AbortSignal,
): Promise<FetchedGroup> {
  const { source, plan } = file
  const rows = await narrowByBloomFilters(store, source, plan, group, signal)
  const encoded = plan.leaves.size === 0 ? [] : await fetchRows(store, source, { ...group, rows }, signal)
  return { file, group, rows, encoded }
}

function windowsOf({ file, group, rows, encoded }: FetchedGroup, options: ReadOptions): Iterable<RowWindow> {
  return file.plan.leaves.size === 0
    ? countedWindows(group, rows, options)
    : decodedWindows(file.source, group, encoded, options)
}

/** The rows of a file of which no column is decoded. */
function* countedWindows(
  { position }: GroupSelection,
  rows: RowRanges,
  { batchSize = DEFAULT_BATCH_SIZE }: ReadOptions,
): Generator<RowWindow> {
  for (const { start, end } of rows) {
    for (let at = start; at < end; at += batchSize) {
      yield { start: position + BigInt(at), length: Math.min(batchSize, end - at), decoded: undefined }
    }
  }
}

function* decodedWindows(
  { location }: ParquetSource,
  { position }: GroupSelection,
  encoded: readonly EncodedRows[],
  { codec, batchSize = DEFAULT_BATCH_SIZE, signal }: ReadOptions,
): Generator<RowWindow> {
  for (const { rows, request } of encoded) {
    let start = position + BigInt(rows.start)
    const batches = inFile(location, () => codec.decodeRowGroup({ ...request, batchSize }))[Symbol.iterator]()
    try {
      for (;;) {
        throwIfAborted(signal)
        const next = inFile(location, () => batches.next())
        if (next.done) break
        yield { start, length: next.value.numRows, decoded: next.value }
        start += BigInt(next.value.numRows)
      }
    } finally {
      batches.return?.()
    }
  }
}

/** The matching rows of a window; undefined when there is none. */
function assembleBatch(window: RowWindow, plan: FilePlan): RecordBatch | undefined {
  const { arrowSchema, positions } = plan
  const assemble = (column: ResolvedColumn) => assembleColumn(column, window, positions)
  const rows = plan.filter && selectedRows(plan.filter(plan.filterColumns.map(assemble), window.length))
  if (rows?.length === 0) return undefined
  const batch = new RecordBatch(
    arrowSchema,
    makeData({
      type: new Struct(arrowSchema.fields),
      length: window.length,
      nullCount: 0,
      children: plan.columns.map(assemble),
    }),
  )
  return rows === undefined || rows.length === window.length ? batch : takeRows(batch, rows)
}

function refuseUnsupported({ dataFile, deletes }: ScanTask, projected: readonly NestedField[]): void {
  const { filePath, fileFormat } = dataFile
  const refuse = (what: string) => unsupported(`${filePath}: ${what}`, { file: filePath })
  const deleteFile = deletes[0]?.file
  if (deleteFile !== undefined) {
    throw unsupported(
      `${filePath} has rows deleted by ${deleteFile.filePath} (${deleteFile.content}): tables with delete files are not read yet`,
      { file: deleteFile.filePath, dataFile: filePath },
    )
  }
  if (fileFormat !== 'parquet')
    throw refuse(`data files in format ${fileFormat} are not read yet, only parquet`)
  if (dataFile.keyMetadata !== undefined)
    throw refuse('the file is encrypted, and encrypted files are not read yet')
  visitFields(projected, (field) => {
    if (field.type.kind === 'variant') throw unsupportedVariant(field.name)
  })
}
