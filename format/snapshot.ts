import type { JsonObject } from './lossless-json.ts'

/** A snapshot as table metadata lists it (spec: "Snapshots"). */
export interface Snapshot {
  readonly snapshotId: bigint
  readonly parentSnapshotId?: bigint
  /** 0 for v1. */
  readonly sequenceNumber: bigint
  readonly timestampMs: number
  /** Absent only in old v1 snapshots, which list `manifests` themselves. */
  readonly manifestList?: string
  readonly manifests?: readonly string[]
  /** The operation, and the summary's other entries as stored. A v1 snapshot may have no summary. */
  readonly operation?: string
  readonly summary: Readonly<Record<string, string>>
  readonly schemaId?: number
  readonly firstRowId?: bigint
  readonly addedRows?: bigint
  readonly keyId?: string
  /** Fields that this version does not know, written back as they were. */
  readonly unknown?: JsonObject
}

export type SnapshotRefType = 'branch' | 'tag'

/** A named reference (spec: "Snapshot References"). Retention in milliseconds. */
export interface SnapshotRef {
  readonly type: SnapshotRefType
  readonly snapshotId: bigint
  readonly minSnapshotsToKeep?: number
  readonly maxSnapshotAgeMs?: number
  readonly maxRefAgeMs?: number
  readonly unknown?: JsonObject
}

export const MAIN_BRANCH = 'main'
