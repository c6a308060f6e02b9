/** Commits of snapshots that name no files: for tests of what a catalog does with them. */
import type { CommitRequest, LoadedTable, TableIdentifier } from '../../catalog/catalog.ts'

/** A commit that adds the snapshot `id` to main, on `base`. */
export function addSnapshot(identifier: TableIdentifier, base: LoadedTable, id: bigint): CommitRequest {
  const { metadata } = base
  const parent = metadata.currentSnapshotId
  const snapshot = {
    snapshotId: id,
    ...(parent === undefined ? {} : { parentSnapshotId: parent }),
    sequenceNumber: metadata.lastSequenceNumber + 1n,
    timestampMs: metadata.lastUpdatedMs,
    manifestList: `${metadata.location}/metadata/snap-${id}.avro`,
    operation: 'append',
    summary: {},
    schemaId: metadata.currentSchemaId,
  }
  return {
    identifier,
    base,
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: parent }],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', refName: 'main', ref: { type: 'branch', snapshotId: id } },
    ],
  }
}
