/**
 * The columns of `manifest_entry` and `data_file` (spec: "Manifest Entry Fields", "Data File Fields") by format
 * version, in the order in which Iceberg Java writes them.
 */
import {
  type AvroCodec,
  bytesCodec,
  convertingCodec,
  enumCodec,
  intCodec,
  intMapCodec,
  listCodec,
  longCodec,
  stringCodec,
} from './avro/codec.ts'
import { literalCodec } from './avro/literal-codec.ts'
import {
  type AvroColumn,
  columnsOf,
  constantColumn,
  type Mutable,
  recordCodec,
  required,
} from './avro/record-codec.ts'
import { invalidData } from './errors.ts'
import type {
  DataFile,
  EntryStatus,
  FileContent,
  FileFormat,
  ManifestEntry,
  PartitionTuple,
} from './manifest.ts'
import { partitionTypes, type SpecInSchema } from './partition-type.ts'
import type { FormatVersion } from './table-metadata.ts'
import type { Literal } from './types.ts'

/**
 * Which of a file's metrics are decoded: all, none, or those of some field ids. The record count, which is no
 * metric, is always there.
 */
export type MetricsProjection = 'all' | 'none' | ReadonlySet<number>

/** The codec of one manifest's entries. Writing takes all metrics; a projection is for reading. */
export function manifestEntryCodec(
  formatVersion: FormatVersion,
  partition: SpecInSchema,
  metrics: MetricsProjection = 'all',
): AvroCodec<ManifestEntry> {
  const dataFile = dataFileCodec(formatVersion, partition, metrics)
  const columns = [
    required(entryColumn('status', 0, 'status', enumCodec<EntryStatus>(['existing', 'added', 'deleted']))),
    entryColumn('snapshotId', 1, 'snapshot_id', longCodec),
    ...(formatVersion === 1
      ? []
      : [
          entryColumn('sequenceNumber', 3, 'sequence_number', longCodec),
          entryColumn('fileSequenceNumber', 4, 'file_sequence_number', longCodec),
        ]),
    required(entryColumn('dataFile', 2, 'data_file', dataFile)),
  ]
  return recordCodec('manifest_entry', columns, freshEntry)
}

const entryColumn = columnsOf<ManifestEntry>()
const fileColumn = columnsOf<DataFile>()

/** What v1 writers put where block sizes once stood. */
const BLOCK_SIZE = 64n * 1024n * 1024n

const FILE_FORMATS: readonly FileFormat[] = ['avro', 'orc', 'parquet', 'puffin']

/** Stored in upper case, as Iceberg Java writes it; read in any case. */
const fileFormatCodec: AvroCodec<FileFormat> = convertingCodec(
  stringCodec,
  (format: FileFormat) => format.toUpperCase(),
  (text, where) => {
    const format = FILE_FORMATS.find((name) => name === text.toLowerCase())
    if (format === undefined)
      throw invalidData(`${where}: expected ${FILE_FORMATS.join(', ')}, found '${text}'`)
    return format
  },
)

const contents: readonly FileContent[] = ['data', 'position-deletes', 'equality-deletes']

function dataFileCodec(
  formatVersion: FormatVersion,
  partition: SpecInSchema,
  metrics: MetricsProjection,
): AvroCodec<DataFile> {
  const v2 = formatVersion >= 2
  const v3 = formatVersion >= 3
  const columns: readonly AvroColumn<DataFile>[] = [
    ...(v2 ? [required(fileColumn('content', 134, 'content', enumCodec(contents)))] : []),
    required(fileColumn('filePath', 100, 'file_path', stringCodec)),
    required(fileColumn('fileFormat', 101, 'file_format', fileFormatCodec)),
    required(fileColumn('partition', 102, 'partition', partitionCodec(partition))),
    required(fileColumn('recordCount', 103, 'record_count', longCodec)),
    required(fileColumn('fileSizeInBytes', 104, 'file_size_in_bytes', longCodec)),
    ...(v2 ? [] : [constantColumn<DataFile, bigint>(105, 'block_size_in_bytes', longCodec, BLOCK_SIZE)]),
    ...metricsColumns(metrics),
    fileColumn('keyMetadata', 131, 'key_metadata', bytesCodec),
    fileColumn('splitOffsets', 132, 'split_offsets', listCodec(133, longCodec)),
    ...(v2 ? [fileColumn('equalityIds', 135, 'equality_ids', listCodec(136, intCodec))] : []),
    fileColumn('sortOrderId', 140, 'sort_order_id', intCodec),
    ...(v3 ? [fileColumn('firstRowId', 142, 'first_row_id', longCodec)] : []),
    ...(v2 ? [fileColumn('referencedDataFile', 143, 'referenced_data_file', stringCodec)] : []),
    ...(v3
      ? [
          fileColumn('contentOffset', 144, 'content_offset', longCodec),
          fileColumn('contentSizeInBytes', 145, 'content_size_in_bytes', longCodec),
        ]
      : []),
  ]
  return recordCodec('r2', columns, () => freshDataFile(partition.spec.specId))
}

function metricsColumns(metrics: MetricsProjection): readonly AvroColumn<DataFile>[] {
  if (metrics === 'none') return []
  const keep = metrics === 'all' ? undefined : metrics
  return [
    fileColumn('columnSizes', 108, 'column_sizes', intMapCodec(117, 118, longCodec, keep)),
    fileColumn('valueCounts', 109, 'value_counts', intMapCodec(119, 120, longCodec, keep)),
    fileColumn('nullValueCounts', 110, 'null_value_counts', intMapCodec(121, 122, longCodec, keep)),
    fileColumn('nanValueCounts', 137, 'nan_value_counts', intMapCodec(138, 139, longCodec, keep)),
    fileColumn('lowerBounds', 125, 'lower_bounds', intMapCodec(126, 127, bytesCodec, keep)),
    fileColumn('upperBounds', 128, 'upper_bounds', intMapCodec(129, 130, bytesCodec, keep)),
  ]
}

/** The tuple, its fields matched by the ids in the manifest's own schema; a field missing there reads as null. */
export function partitionCodec(partition: SpecInSchema): AvroCodec<PartitionTuple> {
  const types = partitionTypes(partition)
  const columns = partition.spec.fields.map((field, i): AvroColumn<PartitionTuple> => {
    const column = columnsOf<Record<number, Literal | undefined>>()(
      i,
      field.fieldId,
      field.name,
      literalCodec(types[i]!),
    )
    return { ...(column as AvroColumn<PartitionTuple>), isNull: (tuple) => tuple[i] === null }
  })
  const nulls: PartitionTuple = partition.spec.fields.map(() => null)
  return recordCodec('r102', columns, () => nulls.slice())
}

/*
 * Every key stands in the fresh records, so that all entries have one shape in memory. The values below are
 * overwritten: their columns are required.
 */
function freshEntry(): Mutable<ManifestEntry> {
  return {
    status: 'existing',
    snapshotId: undefined,
    sequenceNumber: undefined,
    fileSequenceNumber: undefined,
    dataFile: noFile,
  }
}

const noFile = freshDataFile(0)

function freshDataFile(specId: number): Mutable<DataFile> {
  return {
    content: 'data',
    filePath: '',
    fileFormat: 'parquet',
    specId,
    partition: [],
    recordCount: 0n,
    fileSizeInBytes: 0n,
    columnSizes: undefined,
    valueCounts: undefined,
    nullValueCounts: undefined,
    nanValueCounts: undefined,
    lowerBounds: undefined,
    upperBounds: undefined,
    keyMetadata: undefined,
    splitOffsets: undefined,
    equalityIds: undefined,
    sortOrderId: undefined,
    firstRowId: undefined,
    referencedDataFile: undefined,
    contentOffset: undefined,
    contentSizeInBytes: undefined,
  }
}
