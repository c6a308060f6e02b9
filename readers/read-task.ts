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
import { type ResolvedColumn, unsupportedVariant } from './resolve-columns.ts'
import type { RowRanges } from './row-ranges.ts'
import type { ScanTask } from './scan-task.ts'
import { type GroupSelection, narrowByBloomFilters, selectRows } from './select-rows.ts'

export interface ReadTaskOptions extends FilePlanOptions {
  readonly store: ObjectStore
  readonly codec: ParquetCodec
  /** Rows in a batch, at most. Default: 65,536. */
  readonly batchSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_BATCH_SIZE = 65_536

/**
 * Reads the rows of one data file that match the task's residual, in file order, as batches of
 * `arrowSchemaOf(projected)`; none of them is empty.
 *
 * One range request or two read the footer, which with page indexes and bloom filters tells what cannot match; then, a
 * row group at a time, the wanted leaf column chunks, or their pages, are fetched and decoded part by part, so memory
 * holds one row group of these columns as it is stored. Leaving the loop early fetches and decodes no more. Throws
 * UNSUPPORTED, before reading anything, for deletes, for Avro and ORC files, for encrypted files and for variant
 * columns; INVALID_DATA, naming the file, for a file that is not what its manifest says.
 */
export async function* readTask(task: ScanTask, options: ReadTaskOptions): AsyncGenerator<RecordBatch> {
  refuseUnsupported(task, options.projected)
  const { dataFile } = task
  const filter = bind(task.residual, options.tableSchema)
  if (filter.op === 'false') return
  const { store, signal } = options
  const location = inFile(dataFile.filePath, () => resolveLocation(dataFile.filePath))
  const source = await openParquet(store, location, dataFile.fileSizeInBytes, signal)
  const plan = inFile(source.location, () => planFile(task, source.footer, filter, options))
  for (const group of await selectRows(store, source, plan, signal)) {
    const rows = await narrowByBloomFilters(store, source, plan, group, signal)
    const encoded = plan.leaves.size === 0 ? [] : await fetchRows(store, source, { ...group, rows }, signal)
    const windows =
      plan.leaves.size === 0
        ? countedWindows(group, rows, options)
        : decodedWindows(source, group, encoded, options)
    for (const window of windows) {
      const batch = inFile(source.location, () => assembleBatch(window, plan))
      if (batch !== undefined) yield batch
    }
  }
}

/** The rows of a file of which no column is decoded. */
function* countedWindows(
  { position }: GroupSelection,
  rows: RowRanges,
  { batchSize = DEFAULT_BATCH_SIZE }: ReadTaskOptions,
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
  { codec, batchSize = DEFAULT_BATCH_SIZE, signal }: ReadTaskOptions,
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
