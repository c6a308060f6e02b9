import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { type Data, makeData, RecordBatch, Struct } from 'apache-arrow'
import { takeRows } from '../format/arrow/take.ts'
import { inFile, unsupported } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import { resolveLocation } from '../format/location.ts'
import type { DataFile } from '../format/manifest.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { visitFields } from '../format/schema.ts'
import type { NestedField } from '../format/types.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { assembleColumn, type RowWindow } from './assemble.ts'
import { type AvroSource, openAvroFile } from './avro/avro-file.ts'
import { type AvroPlan, planAvroFile } from './avro/avro-plan.ts'
import { avroWindows } from './avro/avro-windows.ts'
import { countedWindows, type DecodingWorkers, decodeHere, decodeThere, encodedBytes } from './decode-rows.ts'
import { DeleteCache } from './deletes/delete-cache.ts'
import { type DeleteSource, loadDeletes } from './deletes/load-deletes.ts'
import { type EncodedRows, fetchRows } from './fetch-rows.ts'
import { type FilePlan, planFile, type RowPlan } from './file-plan.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import { selectedRows } from './filter.ts'
import { interleave } from './interleave.ts'
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
const PIECES_AHEAD: AheadOptions<Piece> = {
  maxItems: 16,
  maxWeight: 64 * 2 ** 20,
  weightOf: (piece) => ('group' in piece ? piece.group.bytes : 0),
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
 * anything of it, for ORC files, for encrypted files and for variant columns; INVALID_DATA,
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
    (piece) => fetchPiece(piece, options, signal),
    control,
    PIECES_AHEAD,
  )
  // Only the last stage aborts: what fails in one before it fails at its turn, after all that came earlier.
  const threads = options.workers?.parallelism ?? 0
  const isOrdered = options.ordered ?? true
  // What runs, and one more, so that no thread waits for its next piece.
  const streams = readAhead(decodings(pieces), async (decode) => decode(options, signal), control, {
    maxItems: isOrdered ? threads : Math.min(threads, 1),
    maxWeight: Number.POSITIVE_INFINITY,
    weightOf: () => 1,
    onLeave: () => controller.abort(),
  })
  const windows = isOrdered ? inOrder(streams) : interleave(streams, Math.max(threads, 1))
  for await (const { file, window } of windows) {
    const batch = inFile(file.source.location, () => assembleBatch(window, file.plan))
    if (batch !== undefined) yield batch
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

/** A data file of which as much has been read as tells what to read of its rows. */
type OpenFile = OpenParquet | OpenAvro

interface OpenParquet {
  readonly format: 'parquet'
  readonly source: ParquetSource
  readonly plan: FilePlan
  readonly groups: readonly GroupSelection[]
}

interface OpenAvro {
  readonly format: 'avro'
  readonly source: AvroSource
  readonly plan: AvroPlan
  readonly recordCount: bigint
}

/** Undefined for a file of which no row matches, whatever it holds. */
async function openTask(
  task: ScanTask,
  planOptions: FilePlanOptions,
  from: DeleteSource,
): Promise<OpenFile | undefined> {
  const { store, signal } = from
  refuseUnsupported(task, planOptions.projected)
  const { filePath, fileFormat, fileSizeInBytes, recordCount } = task.dataFile
  const filter = bind(task.residual, planOptions.tableSchema)
  if (filter.op === 'false') return undefined
  const location = inFile(filePath, () => resolveLocation(filePath))
  const loading = loadDeletes(task, planOptions, from)
  if (fileFormat === 'avro') {
    const [source, deletes] = await Promise.all([
      openAvroFile(store, location, fileSizeInBytes, signal),
      loading,
    ])
    const { schema } = source.header
    const plan = inFile(location, () => planAvroFile(task, schema, filter, deletes, planOptions))
    return { format: 'avro', source, plan, recordCount }
  }
  const [source, deletes] = await Promise.all([
    openParquet(store, location, fileSizeInBytes, signal),
    loading,
  ])
  const plan = inFile(location, () => planFile(task, source.footer, filter, deletes, planOptions))
  return { format: 'parquet', source, plan, groups: await selectRows(store, source, plan, signal) }
}

/** What is fetched at once: a row group of a Parquet file; an Avro file fetches its blocks itself. */
type Piece = GroupOfFile | { readonly file: OpenAvro }

interface GroupOfFile {
  readonly file: OpenParquet
  readonly group: GroupSelection
}

async function* piecesOf(files: AsyncIterable<OpenFile | undefined>): AsyncGenerator<Piece> {
  for await (const file of files) {
    if (file?.format === 'avro') yield { file }
    else for (const group of file?.groups ?? []) yield { file: file!, group }
  }
}

type FetchedPiece = FetchedGroup | { readonly file: OpenAvro }

/** Rows of a row group, as they are stored. */
interface FetchedGroup extends GroupOfFile {
  readonly rows: RowRanges
  /** Nothing when no leaf is needed. */
  readonly encoded: readonly EncodedRows[]
}

async function fetchPiece(piece: Piece, { store }: ReadOptions, signal: AbortSignal): Promise<FetchedPiece> {
  if (!('group' in piece)) return piece
  const { file, group } = piece
  const { source, plan } = file
  const rows = await narrowByBloomFilters(store, source, plan, group, signal)
  const encoded = plan.leaves.size === 0 ? [] : await fetchRows(store, source, { ...group, rows }, signal)
  return { file, group, rows, encoded }
}

/** Rows that are decoded or counted, and the file that they are of. */
interface FileWindow {
  readonly file: OpenFile
  readonly window: RowWindow
}

type Decoding = (options: ReadOptions, signal: AbortSignal) => AsyncIterable<FileWindow>

/** Encoded bytes of one scan that are decoded sooner than a thread has started. */
const BEFORE_START = 2 ** 20
/** Encoded bytes that are decoded sooner than a thread has been told of them. */
const BEFORE_HOP = 2 ** 16

/** What is to be decoded, here or in another thread, piece by piece. */
async function* decodings(pieces: AsyncIterable<FetchedPiece>): AsyncGenerator<Decoding> {
  let bytesSoFar = 0
  for await (const piece of pieces) {
    if (!('group' in piece)) {
      const { source, plan, recordCount } = piece.file
      yield ({ batchSize = DEFAULT_BATCH_SIZE }, signal) =>
        ofFile(piece.file, avroWindows(source, plan, recordCount, batchSize, signal))
      continue
    }
    const { file, group, rows, encoded } = piece
    const place = { location: file.source.location, position: group.position }
    if (file.plan.leaves.size === 0) {
      yield ({ batchSize = DEFAULT_BATCH_SIZE }) => ofFile(file, countedWindows(place, rows, batchSize))
    }
    for (const part of encoded) {
      const bytes = encodedBytes(part)
      bytesSoFar += bytes
      const soFar = bytesSoFar
      yield ({ codec, workers, batchSize = DEFAULT_BATCH_SIZE }, signal) => {
        const hereIsFaster = workers?.started ? bytes < BEFORE_HOP : soFar < BEFORE_START
        return workers === undefined || hereIsFaster
          ? ofFile(file, decodeHere(place, part, codec, batchSize, signal))
          : ofFile(file, decodeThere(place, part, workers, batchSize, signal))
      }
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
  const rows = keptRows(window, plan, assemble)
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

/** The numbers of the rows that match and are not deleted; undefined for all. */
function keptRows(
  { start, length }: RowWindow,
  { filter, filterColumns, deletes }: RowPlan,
  assemble: (column: ResolvedColumn) => Data,
): Int32Array | undefined {
  if (filter === undefined && deletes === undefined) return undefined
  const mask = filter?.(filterColumns.map(assemble), length) ?? new Uint8Array(length).fill(1)
  deletes?.positions?.clearIn(mask, Number(start))
  for (const { columns, sets } of deletes?.keys ?? []) {
    const keys = columns.map(assemble)
    for (const set of sets) set.clearFrom(keys, mask)
  }
  return selectedRows(mask)
}

function refuseUnsupported({ dataFile, deletes }: ScanTask, projected: readonly NestedField[]): void {
  requireReadable(dataFile)
  for (const { file } of deletes) if (file.fileFormat !== 'puffin') requireReadable(file)
  visitFields(projected, (field) => {
    if (field.type.kind === 'variant') throw unsupportedVariant(field.name)
  })
}

function requireReadable({ filePath, fileFormat, keyMetadata, content }: DataFile): void {
  const refuse = (what: string) => unsupported(`${filePath}: ${what}`, { file: filePath })
  if (fileFormat !== 'parquet' && fileFormat !== 'avro') {
    const kind = content === 'data' ? 'data' : 'delete'
    throw refuse(`${kind} files in format ${fileFormat} are not read, only parquet and avro`)
  }
  if (keyMetadata !== undefined) throw refuse('the file is encrypted, and encrypted files are not read yet')
}
