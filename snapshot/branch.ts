/** What a write to a branch follows on, and how the branch moves to what was written. Pure. */
import { invalidArgument } from '../format/errors.ts'
import type { Snapshot, SnapshotRef } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSnapshot, snapshotById } from '../format/table-metadata-build.ts'
import type { TableRequirement } from '../format/table-requirement.ts'
import type { TableUpdate } from '../format/table-update.ts'

/**
 * The snapshot that a write to `branch` follows on; undefined for the first one. A branch that does not exist begins
 * at the head of main, as in Iceberg Java. Throws INVALID_ARGUMENT for a tag, and for what is no name.
 */
export function branchHead(metadata: TableMetadata, branch: string): Snapshot | undefined {
  if (typeof branch !== 'string' || branch === '') {
    throw invalidArgument(`expected the name of a branch, found ${JSON.stringify(branch) ?? String(branch)}`)
  }
  const ref = metadata.refs.get(branch)
  if (ref?.type === 'tag') {
    throw invalidArgument(`'${branch}' is a tag, which nothing can be written to; name a branch`, {
      ref: branch,
    })
  }
  return ref === undefined ? currentSnapshot(metadata) : snapshotById(metadata, ref.snapshotId)
}

/** Adds a snapshot and makes it the head of `branch`, whose retention stays. */
export function branchUpdates(metadata: TableMetadata, branch: string, snapshot: Snapshot): TableUpdate[] {
  const ref: SnapshotRef = {
    ...metadata.refs.get(branch),
    type: 'branch',
    snapshotId: snapshot.snapshotId,
  }
  return [
    { action: 'add-snapshot', snapshot },
    { action: 'set-snapshot-ref', refName: branch, ref },
  ]
}

/** The table is the same, and each of the references is where `metadata` has it, or as absent as there. */
export function refRequirements(metadata: TableMetadata, names: Iterable<string>): TableRequirement[] {
  const { tableUuid, refs } = metadata
  const requirements: TableRequirement[] =
    tableUuid === undefined ? [] : [{ type: 'assert-table-uuid', uuid: tableUuid }]
  for (const ref of names) {
    requirements.push({ type: 'assert-ref-snapshot-id', ref, snapshotId: refs.get(ref)?.snapshotId })
  }
  return requirements
}
