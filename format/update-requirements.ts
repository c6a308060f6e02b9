import { MAIN_BRANCH } from './snapshot.ts'
import type { TableMetadata } from './table-metadata.ts'
import type { TableRequirement } from './table-requirement.ts'
import type { TableUpdate } from './table-update.ts'

/**
 * What must still hold of the table for the updates to mean what they meant when they were made of `base`: its UUID,
 * and whatever each kind of update replaces or counts on (as Iceberg Java's `UpdateRequirements.forUpdateTable`).
 * Updates of properties ask for nothing more.
 */
export function updateRequirements(
  base: TableMetadata,
  updates: readonly TableUpdate[],
): readonly TableRequirement[] {
  const requirements = new Map<string, TableRequirement>()
  const require = (requirement: TableRequirement) => {
    const key = requirement.type === 'assert-ref-snapshot-id' ? `ref ${requirement.ref}` : requirement.type
    if (!requirements.has(key)) requirements.set(key, requirement)
  }
  if (base.tableUuid !== undefined) require({ type: 'assert-table-uuid', uuid: base.tableUuid })
  for (const update of updates) for (const requirement of requirementsOf(base, update)) require(requirement)
  return [...requirements.values()]
}

function requirementsOf(base: TableMetadata, update: TableUpdate): readonly TableRequirement[] {
  const { lastColumnId, currentSchemaId, lastPartitionId, defaultSpecId, defaultSortOrderId } = base
  switch (update.action) {
    case 'add-schema':
      return [{ type: 'assert-last-assigned-field-id', lastAssignedFieldId: lastColumnId }]
    case 'set-current-schema':
      return [{ type: 'assert-current-schema-id', currentSchemaId }]
    case 'add-spec':
      return [{ type: 'assert-last-assigned-partition-id', lastAssignedPartitionId: lastPartitionId }]
    case 'set-default-spec':
      return [{ type: 'assert-default-spec-id', defaultSpecId }]
    case 'set-default-sort-order':
      return [{ type: 'assert-default-sort-order-id', defaultSortOrderId }]
    case 'set-snapshot-ref':
      return [refUnchanged(base, update.refName)]
    // A writer on a branch could still be using what is removed.
    case 'remove-partition-specs':
      return [{ type: 'assert-default-spec-id', defaultSpecId }, ...branchesUnchanged(base)]
    case 'remove-schemas':
      return [{ type: 'assert-current-schema-id', currentSchemaId }, ...branchesUnchanged(base)]
    default:
      return []
  }
}

function refUnchanged({ refs }: TableMetadata, ref: string): TableRequirement {
  return { type: 'assert-ref-snapshot-id', ref, snapshotId: refs.get(ref)?.snapshotId }
}

function branchesUnchanged(base: TableMetadata): TableRequirement[] {
  return [...base.refs]
    .filter(([name, ref]) => ref.type === 'branch' && name !== MAIN_BRANCH)
    .map(([name]) => refUnchanged(base, name))
}
