import type { TableMetadata } from './table-metadata.ts'
import type { TableRequirement } from './table-requirement.ts'

/**
 * The first requirement that does not hold, in words; undefined when all hold. `metadata` is undefined when the
 * table does not exist, which only `assert-create` asks for.
 */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly TableRequirement[],
): string | undefined {
  for (const requirement of requirements) {
    const failure = checkRequirement(metadata, requirement)
    if (failure !== undefined) return failure
  }
  return undefined
}

function checkRequirement(
  metadata: TableMetadata | undefined,
  requirement: TableRequirement,
): string | undefined {
  if (requirement.type === 'assert-create')
    return metadata === undefined ? undefined : 'the table exists already'
  if (metadata === undefined) return 'the table does not exist'
  switch (requirement.type) {
    case 'assert-table-uuid':
      return differs('table UUID', requirement.uuid.toLowerCase(), metadata.tableUuid?.toLowerCase())
    case 'assert-ref-snapshot-id':
      return differs(
        `snapshot of '${requirement.ref}'`,
        requirement.snapshotId,
        metadata.refs.get(requirement.ref)?.snapshotId,
      )
    case 'assert-last-assigned-field-id':
      return differs('last assigned field id', requirement.lastAssignedFieldId, metadata.lastColumnId)
    case 'assert-current-schema-id':
      return differs('current schema', requirement.currentSchemaId, metadata.currentSchemaId)
    case 'assert-last-assigned-partition-id':
      return differs(
        'last assigned partition id',
        requirement.lastAssignedPartitionId,
        metadata.lastPartitionId,
      )
    case 'assert-default-spec-id':
      return differs('default partition spec', requirement.defaultSpecId, metadata.defaultSpecId)
    case 'assert-default-sort-order-id':
      return differs('default sort order', requirement.defaultSortOrderId, metadata.defaultSortOrderId)
  }
}

type Fact = string | number | bigint | undefined

function differs(name: string, expected: Fact, found: Fact): string | undefined {
  if (expected === found) return undefined
  return `the ${name} has changed: expected ${expected ?? 'none'}, found ${found ?? 'none'}`
}
