/** Table metadata as plain data (spec: "Table Metadata Fields"). The codec is `table-metadata-json.ts`. */
import type { JsonObject, JsonValue } from './lossless-json.ts'
import type { PartitionSpec } from './partition-spec.ts'
import type { Schema } from './schema.ts'
import type { Snapshot, SnapshotRef } from './snapshot.ts'
import type { SortOrder } from './sort-order.ts'

export type FormatVersion = 1 | 2 | 3

export interface SnapshotLogEntry {
  readonly timestampMs: number
  readonly snapshotId: bigint
}
export interface MetadataLogEntry {
  readonly timestampMs: number
  readonly metadataFile: string
}

export interface TableMetadata {
  readonly formatVersion: FormatVersion
  /** Absent only in v1 metadata that never had one. */
  readonly tableUuid?: string
  readonly location: string
  /** 0 for v1. */
  readonly lastSequenceNumber: bigint
  readonly lastUpdatedMs: number
  readonly lastColumnId: number
  readonly schemas: readonly Schema[]
  readonly currentSchemaId: number
  readonly partitionSpecs: readonly PartitionSpec[]
  readonly defaultSpecId: number
  readonly lastPartitionId: number
  readonly sortOrders: readonly SortOrder[]
  readonly defaultSortOrderId: number
  /** Null prototype. */
  readonly properties: Readonly<Record<string, string>>
  /** Absent when there is no current snapshot (−1 in old files reads as absent). */
  readonly currentSnapshotId?: bigint
  readonly snapshots: readonly Snapshot[]
  readonly snapshotLog: readonly SnapshotLogEntry[]
  readonly metadataLog: readonly MetadataLogEntry[]
  /** By name; always holds `main` when there is a current snapshot. */
  readonly refs: ReadonlyMap<string, SnapshotRef>
  /** v3: the next `_row_id` to assign. 0 before v3. */
  readonly nextRowId: bigint
  /** Carried as they were. */
  readonly statistics: readonly StatisticsFile[]
  readonly partitionStatistics: readonly StatisticsFile[]
  readonly encryptionKeys: readonly JsonObject[]
  /** Top-level fields that this version does not know, written back as they were. */
  readonly unknown?: JsonObject
}

/** An entry of `statistics` or `partition-statistics`: its snapshot, and the whole JSON as stored. */
export interface StatisticsFile {
  readonly snapshotId: bigint
  readonly json: Readonly<Record<string, JsonValue>>
}
