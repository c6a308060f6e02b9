/**
 * The manifest model (spec: "Manifests", "Manifest Lists"), apart from the Avro that carries it today.
 *
 * Locations are as stored; `format/location.ts` is the one place that resolves them.
 */
import type { Literal } from './types.ts'

export type FileContent = 'data' | 'position-deletes' | 'equality-deletes'
export type FileFormat = 'avro' | 'orc' | 'parquet' | 'puffin'
export type EntryStatus = 'existing' | 'added' | 'deleted'

/** A tuple by position, in the order of the partition spec's fields. */
export type PartitionTuple = readonly (Literal | null)[]

/** Field metrics by field id. Bounds are single-value binary (spec: Appendix D). A missing map means unknown. */
export interface FileMetrics {
  /** Bytes on disk. */
  readonly columnSizes?: ReadonlyMap<number, bigint>
  /** Values, nulls and NaNs included. */
  readonly valueCounts?: ReadonlyMap<number, bigint>
  readonly nullValueCounts?: ReadonlyMap<number, bigint>
  readonly nanValueCounts?: ReadonlyMap<number, bigint>
  readonly lowerBounds?: ReadonlyMap<number, Uint8Array>
  readonly upperBounds?: ReadonlyMap<number, Uint8Array>
}

/** A data or delete file: the `data_file` struct. */
export interface DataFile extends FileMetrics {
  readonly content: FileContent
  readonly filePath: string
  readonly fileFormat: FileFormat
  /** The partition spec of the manifest that holds the file. */
  readonly specId: number
  readonly partition: PartitionTuple
  readonly recordCount: bigint
  readonly fileSizeInBytes: bigint
  readonly keyMetadata?: Uint8Array
  readonly splitOffsets?: readonly bigint[]
  readonly equalityIds?: readonly number[]
  readonly sortOrderId?: number
  readonly firstRowId?: bigint
  readonly referencedDataFile?: string
  readonly contentOffset?: bigint
  readonly contentSizeInBytes?: bigint
}

/** What tells a file from all others of its table: several deletion vectors may lie in one file. */
export function fileKey({ filePath, contentOffset }: DataFile): string {
  return contentOffset === undefined ? filePath : `${contentOffset} ${filePath}`
}

/**
 * An entry of a manifest. `undefined` in `snapshotId`, `sequenceNumber`, `fileSequenceNumber` means "inherit"; a
 * `CommittedEntry` is what comes of that. `sequenceNumber` is the data sequence number.
 */
export interface ManifestEntry {
  readonly status: EntryStatus
  readonly snapshotId?: bigint
  readonly sequenceNumber?: bigint
  readonly fileSequenceNumber?: bigint
  readonly dataFile: DataFile
}

export type ManifestContent = 'data' | 'deletes'

/** Summary of one partition field over a manifest: `field_summary`. Bounds are single-value binary. */
export interface PartitionFieldSummary {
  readonly containsNull: boolean
  readonly containsNan?: boolean
  readonly lowerBound?: Uint8Array
  readonly upperBound?: Uint8Array
}

/** An entry of a manifest list: the `manifest_file` struct. Missing counts mean "unknown, assume non-zero". */
export interface ManifestFile {
  readonly manifestPath: string
  readonly manifestLength: bigint
  readonly partitionSpecId: number
  readonly content: ManifestContent
  /** Sequence number of the commit that added the manifest; 0 for v1. */
  readonly sequenceNumber: bigint
  /** Lowest data sequence number of a live file in it; 0 for v1. */
  readonly minSequenceNumber: bigint
  readonly addedSnapshotId: bigint
  readonly addedFilesCount?: number
  readonly existingFilesCount?: number
  readonly deletedFilesCount?: number
  readonly addedRowsCount?: bigint
  readonly existingRowsCount?: bigint
  readonly deletedRowsCount?: bigint
  readonly partitions?: readonly PartitionFieldSummary[]
  readonly keyMetadata?: Uint8Array
  readonly firstRowId?: bigint
}
