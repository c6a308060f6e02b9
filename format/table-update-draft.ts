import type { TableMetadata } from './table-metadata.ts'

/** Metadata in the middle of a list of updates, and what the rest of the list must know of its beginning. */
export interface Draft {
  /** Milliseconds since the epoch. */
  readonly now: number
  metadata: TableMetadata
  /** What -1 stands for. */
  lastAddedSchemaId?: number
  lastAddedSpecId?: number
  lastAddedSortOrderId?: number
  readonly addedSnapshotIds: Set<bigint>
  /** Added snapshots that were made current, in order: all but the last were never seen by readers. */
  readonly addedAsCurrent: bigint[]
  hasRemovedSnapshots: boolean
}

export function draftOf(metadata: TableMetadata, now: number): Draft {
  return { now, metadata, addedSnapshotIds: new Set(), addedAsCurrent: [], hasRemovedSnapshots: false }
}

/** Replaces some fields of the metadata. */
export function change(draft: Draft, fields: Partial<TableMetadata>): void {
  draft.metadata = { ...draft.metadata, ...fields }
}
