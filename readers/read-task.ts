import { type Schema as ArrowSchema, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { takeRows } from '../format/arrow/take.ts'
import { inFile, invalidData, unsupported } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import { type BoundExpression, boundFieldIds } from '../format/expressions/bound.ts'
import { resolveLocation } from '../format/location.ts'
import type { NameMapping } from '../format/name-mapping.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { RowGroup } from '../format/parquet/footer.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import { type Schema, visitFields } from '../format/schema.ts'
import type { FormatVersion } from '../format/table-metadata.ts'
import type { NestedField } from '../format/types.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { assembleColumn, type NodePositions, nodePositions, type RowWindow } from './assemble.ts'
import { decodeRowGroup } from './decode-row-group.ts'
import { fileSchemaOf } from './file-schema.ts'
import { compileFilter, selectedRows } from './filter.ts'
import { metadataConstants } from './metadata-values.ts'
import { identityPartitionValues } from './missing-field.ts'
import { openParquet, type ParquetSource } from './parquet-source.ts'
import { pruneFields } from './projection.ts'
import { type ResolvedColumn, resolveColumns, unsupportedVariant } from './resolve-columns.ts'
import type { ScanTask } from './scan-task.ts'

export interface ReadTaskOptions {
  readonly store: ObjectStore
  readonly codec: ParquetCodec
  /** The schema that is read: `task.residual` is bound to it, and `projected` is a part of it. */
  readonly tableSchema: Schema
  /** Columns to return, by `projectSchema`. */
  readonly projected: readonly NestedField[]
  /** The partition spec of the data file. */
  readonly spec: PartitionSpec
  /** For files that carry no field ids (`schema.name-mapping.default`). */
  readonly nameMapping?: NameMapping | undefined
  /** Of the table; row lineage begins with 3. */
  readonly formatVersion: FormatVersion
  /** Rows in a batch, at most. Default: 65,536. */
  readonly batchSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_BATCH_SIZE = 65_536

/**
 * Reads the rows of one data file that match the task's residual, in file order, as batches of
 * `arrowSchemaOf(projected)`; none of them is empty.
 *
 * One range request or two read the footer; then, a row group at a time, the wanted leaf column chunks are fetched
 * and decoded part by part, so memory holds one row group of these columns as it is stored. Leaving the loop early
 * fetches and decodes no more. Throws UNSUPPORTED, before reading anything, for deletes, for Avro and ORC files, for
 * encrypted files and for variant columns; INVALID_DATA, naming the file, for a file that is not what its manifest
 * says.
 */
export async function* readTask(task: ScanTask, options: ReadTaskOptions): AsyncGenerator<RecordBatch> {
  refuseUnsupported(task, options.projected)
  const { dataFile } = task
  const filter = bind(task.residual, options.tableSchema)
  if (filter.op === 'false') return
  const { store, signal } = options
  const location = inFile(dataFile.filePath, () => resolveLocation(dataFile.filePath))
  const source = await openParquet(store, location, dataFile.fileSizeInBytes, signal)
  const plan = inFile(source.location, () => planFile(task, source, filter, options))
  let position = 0n
  for (const [index, rowGroup] of source.footer.rowGroups.entries()) {
    throwIfAborted(signal)
    if (shouldRead(rowGroup)) {
      for await (const window of readWindows(source, index, position, plan, options)) {
        const batch = inFile(source.location, () => assembleBatch(window, plan))
        if (batch !== undefined) yield batch
      }
    }
    position += rowGroup.numRows
  }
}

/** Which columns come from where, for one file. */
interface FilePlan {
  readonly arrowSchema: ArrowSchema
  readonly columns: readonly ResolvedColumn[]
  readonly filterColumns: readonly ResolvedColumn[]
  /** Absent when every row matches. */
  readonly filter: ReturnType<typeof compileFilter> | undefined
  readonly leaves: ReadonlySet<number>
  readonly positions: NodePositions
}

function planFile(
  task: ScanTask,
  source: ParquetSource,
  filter: BoundExpression,
  options: ReadTaskOptions,
): FilePlan {
  const { dataFile, sequenceNumber } = task
  const { footer } = source
  const { tableSchema, projected, spec } = options
  if (footer.numRows !== dataFile.recordCount) {
    throw invalidData(`expected ${dataFile.recordCount} rows as the manifest says, found ${footer.numRows}`, {
      rule: 'Manifests: record_count',
    })
  }
  const file = fileSchemaOf(footer, tableSchema, options.nameMapping)
  const context = {
    file,
    missing: { partitionValues: identityPartitionValues(spec, dataFile.partition) },
    constants: metadataConstants(projected, dataFile, spec),
    firstRowId: options.formatVersion >= 3 ? dataFile.firstRowId : undefined,
    sequenceNumber,
    costOfLeaf: (leaf: number) =>
      footer.rowGroups.reduce((sum, group) => sum + group.columns[leaf]!.totalCompressedSize, 0n),
  }
  const leaves = new Set<number>()
  const filterFields = pruneFields(tableSchema.fields, boundFieldIds(filter))
  const columns = resolveColumns(projected, context, leaves)
  const filterColumns = resolveColumns(filterFields, context, leaves)
  return {
    arrowSchema: arrowSchemaOf(projected),
    columns,
    filterColumns,
    filter: filter.op === 'true' ? undefined : compileFilter(filter, filterFields),
    leaves,
    positions: nodePositions(file.fields, leaves),
  }
}

/** Whether a row group may hold a matching row. Every one may, until chunk statistics are looked at here. */
function shouldRead(rowGroup: RowGroup): boolean {
  return rowGroup.numRows > 0n
}

/** The rows of a row group in runs of at most `batchSize`. */
async function* readWindows(
  source: ParquetSource,
  index: number,
  position: bigint,
  { leaves }: FilePlan,
  options: ReadTaskOptions,
): AsyncGenerator<RowWindow> {
  const { batchSize = DEFAULT_BATCH_SIZE } = options
  const numRows = Number(source.footer.rowGroups[index]!.numRows)
  let start = position
  if (leaves.size === 0) {
    for (let at = 0; at < numRows; at += batchSize) {
      const length = Math.min(batchSize, numRows - at)
      yield { start: position + BigInt(at), length, decoded: undefined }
    }
    return
  }
  for await (const decoded of decodeRowGroup(
    source,
    index,
    leaves,
    options.store,
    options.codec,
    batchSize,
    options.signal,
  )) {
    yield { start, length: decoded.numRows, decoded }
    start += BigInt(decoded.numRows)
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
