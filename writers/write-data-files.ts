import type { Schema as ArrowSchema, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import type { Environment } from '../format/environment.ts'
import { messageOf } from '../format/errors.ts'
import { resolveLocation } from '../format/location.ts'
import type { DataFile } from '../format/manifest.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Schema } from '../format/schema.ts'
import { type SortOrder, unsortedOrder } from '../format/sort-order.ts'
import type { NestedField } from '../format/types.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { dataLocations } from './data-locations.ts'
import { fileSettings } from './file-settings.ts'
import { encodeLastLate, type LateValues, lastFieldAlone, withoutLastField } from './late-column.ts'
import { type PartitionRows, partitionRouter } from './partition-router.ts'
import { PartitionWriters } from './partition-writers.ts'
import {
  type EncodingWorkers,
  encodeHere,
  encodeInWorkers,
  type RowGroupEncoder,
} from './row-group-encoder.ts'
import { type SortKeyEncoder, sortKeyEncoder } from './sort/sort-keys.ts'
import { type SortingLimits, sortedRows } from './sort/sorted-rows.ts'

export interface WriteDataFilesOptions {
  readonly store: ObjectStore
  /** The table's location, as its metadata has it. */
  readonly location: string
  readonly schema: Schema
  /** Metadata columns that the batches have behind those of the schema, to be stored. Default: none. */
  readonly metadataFields?: readonly NestedField[]
  /**
   * Gives the values of the last metadata column, for which batches have something to tell them by. The other columns
   * are encoded while they are still being found. Default: batches have them.
   */
  readonly lateValues?: Promise<LateValues> | undefined
  readonly spec: PartitionSpec
  /** The table's. Each file has its rows in this order, unless it has a field that this version does not know. */
  readonly sortOrder?: SortOrder
  /** The table's properties. */
  readonly properties: Readonly<Record<string, string>>
  readonly codec: ParquetCodec
  /** Threads that encode, beside the calling one. Default: none. */
  readonly workers?: EncodingWorkers | undefined
  readonly environment: Environment
  /** Of exactly `arrowSchemaOf` of the schema's fields and the metadata fields; pulled one at a time. */
  readonly batches: AsyncIterable<RecordBatch>
  /** A UUID that no other write has: file names are unique by it. */
  readonly operationId: string
  readonly signal?: AbortSignal | undefined
  /** Default: 100. */
  readonly maxOpenWriters?: number
  /** Rows come partition by partition, so that one file is open at a time. Default: false. */
  readonly clustered?: boolean
  readonly sorting?: SortingLimits
}

export interface WriteResult {
  /** Closed and durable; empty when there were no rows. */
  readonly files: readonly DataFile[]
  readonly recordCount: bigint
  readonly bytesWritten: bigint
  /** Deletes the files; for a commit that is definitely lost. */
  abort(): Promise<void>
}

const DEFAULT_MAX_OPEN_WRITERS = 100

/**
 * Writes batches as data files: partitioned, rolled at the target size, described for the manifest.
 *
 * Memory is bounded by `MAX_PENDING_BYTES` of waiting rows and what the row groups take that are encoded at once. On
 * any failure, the caller's abort included, every file is taken back before the error is thrown.
 */
export async function writeDataFiles(options: WriteDataFilesOptions): Promise<WriteResult> {
  const { store, location, schema, spec, properties, environment, operationId, signal } = options
  const { sortOrder = unsortedOrder } = options
  const arrowSchema = arrowSchemaOf([...schema.fields, ...(options.metadataFields ?? [])])
  const encoder = encoderOf(arrowSchema, options)
  const keysOf = sortKeysOf(sortOrder, options)
  const sortOrderId = keysOf === undefined ? unsortedOrder.orderId : sortOrder.orderId
  const settings = fileSettings({ ...options, encoder, sortOrderId })
  const locate = dataLocations(location, properties)
  const routed = routedRows(options.batches, partitionRouter(spec, schema), signal)
  const rows =
    keysOf === undefined ? routed : sortedRows(routed, { ...options.sorting, arrowSchema, keysOf, signal })
  let fileCount = 0
  const writers = new PartitionWriters({
    settings,
    newLocation: (partitionPath) => locate(partitionPath, fileName(operationId, ++fileCount)),
    maxOpenWriters: options.maxOpenWriters ?? DEFAULT_MAX_OPEN_WRITERS,
    clustered: keysOf !== undefined || (options.clustered ?? false),
  })
  const deleteAll = () => store.delete(writers.locations.map(resolveLocation))
  try {
    for await (const part of rows) await writers.add(part)
    throwIfAborted(signal)
    const files = await writers.finish()
    return {
      files,
      recordCount: sum(files, (file) => file.recordCount),
      bytesWritten: sum(files, (file) => file.fileSizeInBytes),
      abort: deleteAll,
    }
  } catch (error) {
    await writers.abort()
    // Also files whose close failed: the store may have kept one whose answer was lost.
    await deleteAll().catch((failure: unknown) => {
      environment.warn(`data files of a failed write remain below ${location}: ${messageOf(failure)}`)
    })
    throw error
  }
}

function encoderOf(
  all: ArrowSchema,
  { lateValues: values, codec, workers }: WriteDataFilesOptions,
): RowGroupEncoder {
  const encode = (columns: ArrowSchema) =>
    workers ? encodeInWorkers(columns, codec, workers) : encodeHere(columns, codec)
  if (values === undefined) return encode(all)
  return encodeLastLate({ others: encode(withoutLastField(all)), alone: encode(lastFieldAlone(all)), values })
}

async function* routedRows(
  batches: AsyncIterable<RecordBatch>,
  route: (batch: RecordBatch) => readonly PartitionRows[],
  signal: AbortSignal | undefined,
): AsyncGenerator<PartitionRows> {
  for await (const batch of batches) {
    throwIfAborted(signal)
    yield* route(batch)
  }
}

/** How rows are put in the order; undefined when it is none, or one that they cannot be put in. */
function sortKeysOf(
  order: SortOrder,
  { schema, environment, location }: Pick<WriteDataFilesOptions, 'schema' | 'environment' | 'location'>,
): SortKeyEncoder | undefined {
  if (order.orderId === unsortedOrder.orderId) return undefined
  const encoder = sortKeyEncoder(order, schema)
  if ('encode' in encoder) return encoder.encode
  environment.warn(`new files of ${location} are not sorted: ${encoder.obstacle}`)
  return undefined
}

/** As Iceberg Java names them: partition and task number, operation, count. */
function fileName(operationId: string, count: number): string {
  return `00000-0-${operationId}-${String(count).padStart(5, '0')}.parquet`
}

function sum(files: readonly DataFile[], amount: (file: DataFile) => bigint): bigint {
  return files.reduce((total, file) => total + amount(file), 0n)
}
