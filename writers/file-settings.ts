import type { Environment } from '../format/environment.ts'
import { unsupported } from '../format/errors.ts'
import { stringifyJson } from '../format/lossless-json.ts'
import { metricsModeOf } from '../format/metrics-modes.ts'
import type { EncodeOptions } from '../format/parquet/codec.ts'
import { type FinishOptions, type ParquetDraft, startParquetFile } from '../format/parquet/file-builder.ts'
import type { CompressionCodec } from '../format/parquet/footer.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Schema } from '../format/schema.ts'
import { schemaToJson } from '../format/schema-json.ts'
import type { SortOrder } from '../format/sort-order.ts'
import { type MetricsMode, readProperty } from '../format/table-properties.ts'
import type { NestedField } from '../format/types.ts'
import { version } from '../format/version.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { RowGroupEncoder } from './row-group-encoder.ts'

/** What all data files of one write have in common. */
export interface FileSettings {
  readonly store: ObjectStore
  readonly encoder: RowGroupEncoder
  readonly schema: Schema
  readonly spec: PartitionSpec
  readonly encode: EncodeOptions
  /** A file with nothing in it. */
  readonly empty: ParquetDraft
  readonly finish: FinishOptions
  readonly metricsMode: (fieldId: number) => MetricsMode
  /** Bytes. */
  readonly targetFileSize: number
  readonly rowGroupSize: number
  /** Of the order in which every file has its rows; that of `unsortedOrder` when they come as they are. */
  readonly sortOrderId: number
  readonly signal?: AbortSignal | undefined
}

export interface FileSettingsInput {
  readonly store: ObjectStore
  readonly encoder: RowGroupEncoder
  readonly schema: Schema
  /** Metadata columns that are stored behind those of the schema. Default: none. */
  readonly metadataFields?: readonly NestedField[] | undefined
  readonly spec: PartitionSpec
  /** The table's. */
  readonly properties: Readonly<Record<string, string>>
  /** The table's; its columns always keep bounds. */
  readonly sortOrder?: SortOrder | undefined
  /** See `FileSettings`. */
  readonly sortOrderId: number
  readonly environment: Environment
  readonly signal?: AbortSignal | undefined
}

export const CREATED_BY = `moraine version ${version}`

/**
 * Reads the table properties that data files follow. UNSUPPORTED for a format or codec that is not written and for a
 * table with no column to store; INVALID_ARGUMENT for a bad value. What only costs speed or size is warned of.
 */
export function fileSettings(input: FileSettingsInput): FileSettings {
  const { store, encoder, schema, spec, properties, sortOrder, sortOrderId, environment, signal } = input
  const format = readProperty(properties, 'write.format.default')
  if (format !== 'parquet') {
    throw unsupported(
      `write.format.default is '${format}': Moraine writes Parquet data files only; set it to 'parquet'`,
      { property: 'write.format.default' },
    )
  }
  warnOfIgnored(properties, environment)
  const empty = startParquetFile({ fields: [...schema.fields, ...(input.metadataFields ?? [])] })
  if (empty.leaves.length === 0) throw unsupported('a table without columns to store cannot be written to')
  const modes = metricsModeOf(schema, properties, sortOrder)
  return {
    store,
    encoder,
    schema,
    spec,
    encode: encodeOptions(properties),
    empty,
    finish: {
      keyValueMetadata: new Map([['iceberg.schema', stringifyJson(schemaToJson(schema))]]),
      createdBy: CREATED_BY,
    },
    metricsMode: (fieldId) => modes.get(fieldId) ?? { kind: 'none' },
    targetFileSize: readProperty(properties, 'write.target-file-size-bytes'),
    rowGroupSize: readProperty(properties, 'write.parquet.row-group-size-bytes'),
    sortOrderId,
    signal,
  }
}

/** How the table's properties want row groups encoded. Errors as for `fileSettings`. */
export function encodeOptions(properties: Readonly<Record<string, string>>): EncodeOptions {
  return {
    compression: compressionCodec(properties),
    dataPageSize: readProperty(properties, 'write.parquet.page-size-bytes'),
    dictionaryPageSize: readProperty(properties, 'write.parquet.dict-size-bytes'),
    pageRowLimit: readProperty(properties, 'write.parquet.page-row-limit'),
  }
}

function compressionCodec(properties: Readonly<Record<string, string>>): CompressionCodec {
  const name = readProperty(properties, 'write.parquet.compression-codec')
  switch (name) {
    case 'zstd':
      return 'ZSTD'
    case 'snappy':
      return 'SNAPPY'
    case 'gzip':
      return 'GZIP'
    case 'uncompressed':
      return 'UNCOMPRESSED'
    case 'brotli':
      return 'BROTLI'
    case 'lz4_raw':
      return 'LZ4_RAW'
    case 'lz4':
    case 'lzo':
      throw unsupported(
        `write.parquet.compression-codec '${name}' is not written: use zstd, snappy, gzip, brotli, lz4_raw or uncompressed`,
        { property: 'write.parquet.compression-codec' },
      )
  }
}

const BLOOM_FILTER_PREFIX = 'write.parquet.bloom-filter-enabled.column.'

function warnOfIgnored(properties: Readonly<Record<string, string>>, environment: Environment): void {
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'write.parquet.compression-level') {
      warnOnce(environment, `${name} is not honoured: files are compressed at the codec's default level`)
    } else if (name.startsWith(BLOOM_FILTER_PREFIX) && value.toLowerCase() === 'true') {
      warnOnce(environment, `${name} is not honoured: files are written without bloom filters`)
    }
  }
}

const warned = new WeakMap<Environment, Set<string>>()

function warnOnce(environment: Environment, message: string): void {
  const messages = warned.get(environment) ?? new Set()
  warned.set(environment, messages)
  if (messages.has(message)) return
  messages.add(message)
  environment.warn(message)
}
