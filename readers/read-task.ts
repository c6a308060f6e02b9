import { setImmediate } from 'node:timers/promises'
import type { Data, RecordBatch } from 'apache-arrow'
import { batchOf } from '../format/arrow/batch-of.ts'
import { keepRows, type RowRuns, runsOf } from '../format/arrow/keep-rows.ts'
import { inFile, unsupported } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import { resolveLocation } from '../format/location.ts'
import type { DataFile } from '../format/manifest.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { manyListeners } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { assembleColumn, type RowWindow } from './assemble.ts'
import { openAvro } from './avro/open-avro.ts'
import type { DecodingWorkers } from './decode-rows.ts'
import { DeleteCache } from './deletes/delete-cache.ts'
import { type DeleteSource, loadDeletes } from './deletes/load-deletes.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import { interleave } from './interleave.ts'
import type { Decoding, FilePiece, OpenDataFile, OpenFile } from './open-file.ts'
import { openParquet } from './open-parquet.ts'
import { type AheadOptions, aheadControl, readAhead } from './read-ahead.ts'
import type { ResolvedColumn } from './resolve-columns.ts'
import type { RowPlan } from './row-plan.ts'
import type { ScanTask } from './scan-task.ts'

export interface ReadOptions {
  readonly store: ObjectStore
  readonly codec: ParquetCodec
  /** Rows in a batch, at most. Default: 65,536. */
  readonly batchSize?: number | undefined
  /** Whether what comes next is fetched while rows are decoded, from the second batch on. Default: true. */
  readonly ahead?: boolean | undefined
  /** Delete files that were loaded, and where the next are kept. Default: those of this reading. */
  readonly deletes?: DeleteCache | undefined
  /** Threads that decode beside this one. Default: none. */
  readonly workers?: DecodingWorkers | undefined
  /** Whether rows come in the order of tasks and files, also from several threads. Default: true. */
  readonly ordered?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadTaskOptions extends ReadOptions, FilePlanOptions {}

const DEFAULT_BATCH_SIZE = 65_536
const DEFAULT_CACHE_BYTES = 256 * 2 ** 20
/** Files whose footers are read ahead. */
const FILES_AHEAD: AheadOptions<ScanTask> = { maxItems: 8, maxWeight: 8, weightOf: () => 1 }
/** Row groups that are fetched ahead; they weigh their bytes. */
const PIECES_AHEAD: AheadOptions<PieceOfFile> = {
  maxItems: 16,
  maxWeight: 64 * 2 ** 20,
  weightOf: ({ piece }) => piece.bytes,
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
 * anything of it, for ORC files and for encrypted files; INVALID_DATA, naming
 * the file, for a file that is not what its manifest says.
 */
export async function* readTasks(
  tasks: AsyncIterable<ScanTask>,
  planOptionsOf: (task: ScanTask) => FilePlanOptions,
  options: ReadOptions,
): AsyncGenerator<RecordBatch> {
  for await (const { batch } of readTaskBatches(tasks, planOptionsOf, options)) yield batch
}

/** A batch, and whose rows it has. */
export interface TaskBatch {
  readonly task: ScanTask
  readonly batch: RecordBatch
}

/** As `readTasks`, each batch with its task. */
export async function* readTaskBatches(
  tasks: AsyncIterable<ScanTask>,
  planOptionsOf: (task: ScanTask) => FilePlanOptions,
  options: ReadOptions,
): AsyncGenerator<TaskBatch> {
  const control = aheadControl()
  const controller = new AbortController()
  const signal = manyListeners(options.signal, controller.signal)
  const deletes = (options.deletes ?? new DeleteCache(DEFAULT_CACHE_BYTES)).forScan()
  const { store, codec, workers } = options
  const read = (task: ScanTask, plan: FilePlanOptions) => readTask(task, { ...plan, store, codec, workers })
  const files = readAhead(
    tasks,
    (task) => openTask(task, planOptionsOf(task), { store, deletes, read, signal }),
    control,
    FILES_AHEAD,
  )
  const pieces = readAhead(
    piecesOf(files),
    async ({ file, piece }) => ({ file, decodings: await piece.fetch(signal) }),
    control,
    PIECES_AHEAD,
  )
  // Only the last stage aborts: what fails in one before it fails at its turn, after all that came earlier.
  const threads = options.workers?.parallelism ?? 0
  const isOrdered = options.ordered ?? true
  // What runs, and one more, so that no thread waits for its next piece.
  const streams = readAhead(decodings(pieces, options, signal), async (decode) => decode(), control, {
    maxItems: isOrdered ? threads : Math.min(threads, 1),
    maxWeight: Number.POSITIVE_INFINITY,
    weightOf: () => 1,
    onLeave: () => controller.abort(),
  })
  const windows = isOrdered ? inOrder(streams) : interleave(streams, Math.max(threads, 1))
  for await (const { file, window } of windows) {
    const batch = inFile(file.location, () => assembleBatch(window, file.plan))
    if (batch !== undefined) yield { task: file.task, batch }
    // Who pulls a second batch will want more; who looks at the first rows pays for no others.
    if (options.ahead ?? true) {
      control.begin()
      // Decoding never waits: without a turn of the event loop, what has been fetched could not arrive.
      await setImmediate()
    }
  }
}

async function* inOrder<T>(streams: AsyncIterable<AsyncIterable<T>>): AsyncGenerator<T> {
  for await (const stream of streams) yield* stream
}

async function* onlyTask(task: ScanTask): AsyncGenerator<ScanTask> {
  yield task
}

const openers: Partial<Record<DataFile['fileFormat'], OpenDataFile>> = {
  parquet: openParquet,
  avro: openAvro,
}

/** Undefined for a file of which no row matches, whatever it holds. */
async function openTask(
  task: ScanTask,
  options: FilePlanOptions,
  from: DeleteSource,
): Promise<OpenFile | undefined> {
  const { store, signal } = from
  refuseUnsupported(task)
  const { filePath, fileFormat } = task.dataFile
  const filter = bind(task.residual, options.tableSchema)
  if (filter.op === 'false') return undefined
  const location = inFile(filePath, () => resolveLocation(filePath))
  const deletes = loadDeletes(task, options, from)
  return openers[fileFormat]!({ task, location, filter, deletes, options, store, signal })
}

interface PieceOfFile {
  readonly file: OpenFile
  readonly piece: FilePiece
}

async function* piecesOf(files: AsyncIterable<OpenFile | undefined>): AsyncGenerator<PieceOfFile> {
  for await (const file of files) for (const piece of file?.pieces ?? []) yield { file: file!, piece }
}

interface FetchedPiece {
  readonly file: OpenFile
  readonly decodings: readonly Decoding[]
}

/** Rows that are decoded or counted, and the file that they are of. */
interface FileWindow {
  readonly file: OpenFile
  readonly window: RowWindow
}

/** What is to be decoded, here or in another thread, piece by piece. */
async function* decodings(
  pieces: AsyncIterable<FetchedPiece>,
  { codec, workers, batchSize = DEFAULT_BATCH_SIZE }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<() => AsyncIterable<FileWindow>> {
  let bytesSoFar = 0
  for await (const { file, decodings } of pieces) {
    for (const decoding of decodings) {
      bytesSoFar += decoding.bytes
      const most = Math.min(batchSize, file.plan.mostRows)
      const options = { codec, workers, batchSize: most, bytesSoFar, signal }
      yield () => ofFile(file, decoding.windows(options))
    }
  }
}

async function* ofFile(
  file: OpenFile,
  windows: Iterable<RowWindow> | AsyncIterable<RowWindow>,
): AsyncGenerator<FileWindow> {
  for await (const window of windows) yield { file, window }
}

/** The matching rows of a window; undefined when there is none. */
function assembleBatch(window: RowWindow, plan: RowPlan): RecordBatch | undefined {
  const { arrowSchema, positions } = plan
  const assemble = (column: ResolvedColumn) => assembleColumn(column, window, positions)
  const kept = keptRows(window, plan, assemble)
  const length = kept?.count ?? window.length
  if (length === 0) return undefined
  const children = plan.columns.map((column) => {
    if (column.kind === 'constant') return column.ofLength(length)
    const data = assemble(column)
    return kept === undefined || length === window.length ? data : keepRows(data, kept)
  })
  return batchOf(arrowSchema, children, length)
}

/** The rows that match and are not deleted; undefined for all. */
function keptRows(
  { start, length }: RowWindow,
  { filter, filterColumns, only, deletes }: RowPlan,
  assemble: (column: ResolvedColumn) => Data,
): RowRuns | undefined {
  if (filter === undefined && only === undefined && deletes === undefined) return undefined
  const mask = filter?.(filterColumns.map(assemble), length) ?? new Uint8Array(length).fill(1)
  only?.clearOthersIn(mask, Number(start))
  deletes?.positions?.clearIn(mask, Number(start))
  for (const { columns, sets } of deletes?.keys ?? []) {
    const keys = columns.map(assemble)
    for (const set of sets) set.clearFrom(keys, mask)
  }
  return runsOf(mask)
}

function refuseUnsupported({ dataFile, deletes }: ScanTask): void {
  requireReadable(dataFile)
  for (const { file } of deletes) requireReadable(file)
}

function requireReadable({ filePath, fileFormat, keyMetadata, content }: DataFile): void {
  const refuse = (what: string) => unsupported(`${filePath}: ${what}`, { file: filePath })
  const isVector = content === 'position-deletes' && fileFormat === 'puffin'
  if (openers[fileFormat] === undefined && !isVector) {
    const kind = content === 'data' ? 'data' : 'delete'
    throw refuse(`${kind} files in format ${fileFormat} are not read, only parquet and avro`)
  }
  if (keyMetadata !== undefined) throw refuse('the file is encrypted, and encrypted files are not read yet')
}
