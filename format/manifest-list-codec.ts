import type { AvroField } from './avro/avro-type.ts'
import type { AvroCodecName } from './avro/block-codec.ts'
import {
  type AvroCodec,
  booleanCodec,
  bytesCodec,
  enumCodec,
  intCodec,
  listCodec,
  longCodec,
  stringCodec,
} from './avro/codec.ts'
import { type AvroFile, encodeAvro, openAvro } from './avro/container.ts'
import { type AvroColumn, columnsOf, recordCodec, required } from './avro/record-codec.ts'
import { invalidArgument } from './errors.ts'
import type { ManifestContent, ManifestFile, PartitionFieldSummary } from './manifest.ts'
import { parseFormatVersion } from './manifest-format-version.ts'
import type { FormatVersion } from './table-metadata.ts'

/**
 * A manifest that no commit has numbered yet: the manifest list gives it the commit's sequence number. The same
 * goes for its `minSequenceNumber` when no live entry had one.
 */
export interface UnassignedManifest extends Omit<ManifestFile, 'sequenceNumber' | 'minSequenceNumber'> {
  readonly sequenceNumber?: undefined
  readonly minSequenceNumber?: bigint
}

export interface EncodeManifestList {
  readonly formatVersion: FormatVersion
  readonly snapshotId: bigint
  readonly parentSnapshotId?: bigint
  readonly sequenceNumber: bigint
  /** v3: the table's `next-row-id` at this attempt. Required there, unused before. */
  readonly firstRowId?: bigint
  readonly manifests: Iterable<ManifestFile | UnassignedManifest>
  readonly codec?: AvroCodecName
}

export interface EncodedManifestList {
  readonly bytes: Uint8Array
  /** The manifests as written, numbers assigned. */
  readonly manifests: readonly ManifestFile[]
  /** v3: rows that row ids were set aside for; the snapshot's `added-rows`, and what `next-row-id` grows by. */
  readonly assignedRows: bigint
}

/**
 * Writes the manifest list of one commit attempt, assigning sequence numbers and, on v3, first row ids (spec:
 * "Manifest Lists", "First Row ID Assignment"). Errors: `INVALID_ARGUMENT` for a manifest that the version cannot
 * hold, or whose counts are unknown where the version needs them.
 */
export function encodeManifestList(request: EncodeManifestList): EncodedManifestList {
  const { formatVersion, snapshotId, parentSnapshotId, sequenceNumber, firstRowId } = request
  if (formatVersion === 3 && firstRowId === undefined)
    throw invalidArgument('a v3 manifest list needs a first row id')
  const rowIds = formatVersion === 3 ? rowIdAssigner(firstRowId!) : undefined
  const manifests: ManifestFile[] = []
  for (const manifest of request.manifests) {
    if (formatVersion === 1 && manifest.content === 'deletes') {
      throw invalidArgument(`${manifest.manifestPath}: format version 1 has no delete manifests`)
    }
    const numbered = assignSequenceNumber(manifest, request)
    manifests.push(rowIds === undefined ? numbered : rowIds.assign(numbered))
  }
  const metadata = {
    'snapshot-id': String(snapshotId),
    // Iceberg Java writes the word null for the first snapshot.
    'parent-snapshot-id': parentSnapshotId === undefined ? 'null' : String(parentSnapshotId),
    ...(formatVersion >= 2 ? { 'sequence-number': String(sequenceNumber) } : {}),
    ...(formatVersion >= 3 ? { 'first-row-id': String(firstRowId) } : {}),
    'format-version': String(formatVersion),
  }
  const bytes = encodeAvro(writtenManifest[formatVersion], manifests, metadata, request.codec)
  return { bytes, manifests, assignedRows: rowIds?.assignedRows() ?? 0n }
}

/** Reads a manifest list of any version. Errors: `INVALID_DATA`, `UNSUPPORTED` for a later version or a codec. */
export function decodeManifestList(bytes: Uint8Array): ManifestFile[] {
  const file = openAvro(bytes)
  return [...file.records(formatVersionOf(file) === 1 ? readManifestV1 : readManifestV2)]
}

/** Old v2 lists may not say their version; the columns that v2 brought tell it. */
function formatVersionOf({ metadata, schema }: AvroFile): FormatVersion {
  const text = metadata.get('format-version')
  if (text !== undefined) return parseFormatVersion(text)
  const isV2 = schema.kind === 'record' && schema.fields.some(isOfV2)
  return isV2 ? 2 : 1
}

function isOfV2({ id, name }: AvroField): boolean {
  return id === undefined ? name === 'sequence_number' || name === 'content' : id === 515 || id === 517
}

function assignSequenceNumber(
  manifest: ManifestFile | UnassignedManifest,
  request: EncodeManifestList,
): ManifestFile {
  if (manifest.sequenceNumber !== undefined) return manifest
  if (manifest.addedSnapshotId !== request.snapshotId) {
    throw invalidArgument(
      `${manifest.manifestPath} has no sequence number, but snapshot ${manifest.addedSnapshotId} added it`,
    )
  }
  // v1 knows no sequence numbers: they are 0 for all.
  const sequenceNumber = request.formatVersion === 1 ? 0n : request.sequenceNumber
  return { ...manifest, sequenceNumber, minSequenceNumber: manifest.minSequenceNumber ?? sequenceNumber }
}

/**
 * Every data manifest without a first row id gets one, those of a table that came from v2 too. Ids are set aside for
 * all added and existing rows, as any of their files may lack one.
 */
function rowIdAssigner(firstRowId: bigint) {
  let next = firstRowId
  return {
    assign(manifest: ManifestFile): ManifestFile {
      if (manifest.content !== 'data') return { ...manifest, firstRowId: undefined }
      if (manifest.firstRowId !== undefined) return manifest
      const { addedRowsCount, existingRowsCount } = manifest
      if (addedRowsCount === undefined || existingRowsCount === undefined) {
        throw invalidArgument(`${manifest.manifestPath}: expected its row counts, found none`)
      }
      const assigned = { ...manifest, firstRowId: next }
      next += addedRowsCount + existingRowsCount
      return assigned
    },
    assignedRows: () => next - firstRowId,
  }
}

const column = columnsOf<ManifestFile>()
const summaryColumn = columnsOf<PartitionFieldSummary>()

const summaryCodec = recordCodec<PartitionFieldSummary>(
  'r508',
  [
    required(summaryColumn('containsNull', 509, 'contains_null', booleanCodec)),
    summaryColumn('containsNan', 518, 'contains_nan', booleanCodec),
    summaryColumn('lowerBound', 510, 'lower_bound', bytesCodec),
    summaryColumn('upperBound', 511, 'upper_bound', bytesCodec),
  ],
  () => ({ containsNull: false }),
)

const path = required(column('manifestPath', 500, 'manifest_path', stringCodec))
const length = required(column('manifestLength', 501, 'manifest_length', longCodec))
const specId = required(column('partitionSpecId', 502, 'partition_spec_id', intCodec))
const content = column('content', 517, 'content', enumCodec<ManifestContent>(['data', 'deletes']))
const sequenceNumber = column('sequenceNumber', 515, 'sequence_number', longCodec)
const minSequenceNumber = column('minSequenceNumber', 516, 'min_sequence_number', longCodec)
const snapshotId = required(column('addedSnapshotId', 503, 'added_snapshot_id', longCodec))
const fileCounts = [
  column('addedFilesCount', 504, 'added_files_count', intCodec),
  column('existingFilesCount', 505, 'existing_files_count', intCodec),
  column('deletedFilesCount', 506, 'deleted_files_count', intCodec),
]
const rowCounts = [
  column('addedRowsCount', 512, 'added_rows_count', longCodec),
  column('existingRowsCount', 513, 'existing_rows_count', longCodec),
  column('deletedRowsCount', 514, 'deleted_rows_count', longCodec),
]
const partitions = column('partitions', 507, 'partitions', listCodec(508, summaryCodec))
const keyMetadata = column('keyMetadata', 519, 'key_metadata', bytesCodec)
const firstRowId = column('firstRowId', 520, 'first_row_id', longCodec)

const v1Columns = [path, length, specId, snapshotId, ...fileCounts, partitions, ...rowCounts, keyMetadata]
const v2Numbers = [content, sequenceNumber, minSequenceNumber].map((c) => required(c))
const v2Columns = [
  ...[path, length, specId, ...v2Numbers, snapshotId],
  ...[...fileCounts, ...rowCounts].map((c) => required(c)),
  ...[partitions, keyMetadata],
]

/** By format version, in the column order of Iceberg Java. */
const writtenManifest: Readonly<Record<FormatVersion, AvroCodec<ManifestFile>>> = {
  1: manifestFileCodec(v1Columns),
  2: manifestFileCodec(v2Columns),
  3: manifestFileCodec([...v2Columns, firstRowId]),
}

/*
 * A v2 list without content or sequence numbers would make deletes look like data, so they must be there; counts
 * that are missing mean "unknown".
 */
const optionalColumns = [...fileCounts, ...rowCounts, partitions, keyMetadata, firstRowId]
const readManifestV1 = manifestFileCodec([path, length, specId, snapshotId, ...optionalColumns])
const readManifestV2 = manifestFileCodec([path, length, specId, ...v2Numbers, snapshotId, ...optionalColumns])

function manifestFileCodec(columns: readonly AvroColumn<ManifestFile>[]): AvroCodec<ManifestFile> {
  return recordCodec('manifest_file', columns, () => ({
    manifestPath: '',
    manifestLength: 0n,
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 0n,
    minSequenceNumber: 0n,
    addedSnapshotId: 0n,
  }))
}
