/** What a changed schema would break elsewhere in the table. Each check throws INVALID_ARGUMENT with `context.rule`. */
import { invalidArgument } from './errors.ts'
import type { PartitionField } from './partition-spec.ts'
import { fieldsById, findFieldById, findFieldByName, type Schema } from './schema.ts'
import { promotionChangesPartition } from './schema-update/promotion.ts'
import type { SortOrder } from './sort-order.ts'
import type { TableMetadata } from './table-metadata.ts'
import { transformToString } from './transforms/parse.ts'
import { typeToString } from './types.ts'

export interface EvolvedStructure {
  readonly before: Schema
  readonly after: Schema
  /** Of the spec and the order that new data will be written by. */
  readonly fields: readonly PartitionField[]
  readonly sortFields: SortOrder['fields']
}

/** Data is still to be partitioned and sorted by these columns. */
export function checkDroppedColumns({ before, after, fields, sortFields }: EvolvedStructure): void {
  for (const { name, sourceIds, transform } of fields) {
    if (transform.kind === 'void') continue
    refuseDropped(before, after, sourceIds, {
      problem: `partition field '${name}' of the current spec is made of it; remove that field in the same update`,
      rule: 'Partition Evolution',
    })
  }
  for (const { sourceIds, transform } of sortFields) {
    refuseDropped(before, after, sourceIds, {
      problem: `the sort order has ${transformToString(transform)} of it; replace the sort order in the same update`,
      rule: 'Sorting',
    })
  }
}

function refuseDropped(
  before: Schema,
  after: Schema,
  sourceIds: readonly number[],
  { problem, rule }: { readonly problem: string; readonly rule: string },
): void {
  for (const id of sourceIds) {
    const dropped = findFieldById(after, id) === undefined ? findFieldById(before, id) : undefined
    if (dropped === undefined) continue
    const column = dropped.path.join('.')
    throw invalidArgument(`dropColumn: column '${column}' cannot go: ${problem}`, { column, rule })
  }
}

/** Manifests of every spec there was hold partition values, which must stay those of the promoted type. */
export function checkPartitionsKept({ partitionSpecs }: TableMetadata, before: Schema, after: Schema): void {
  for (const { specId, fields } of partitionSpecs) {
    for (const { name, sourceIds, transform } of fields) {
      const [from, to] = [findFieldById(before, sourceIds[0]!), findFieldById(after, sourceIds[0]!)]
      if (from === undefined || to === undefined) continue
      if (!promotionChangesPartition(from.field.type, to.field.type, transform)) continue
      const column = from.path.join('.')
      throw invalidArgument(
        `widenColumn: column '${column}' cannot become ${typeToString(to.field.type)}: partition field '${name}' of ` +
          `spec ${specId} is ${transformToString(transform)} of it, whose values would change`,
        { column, rule: 'Schema Evolution: promotion of a partition source' },
      )
    }
  }
}

/** Iceberg Java loads no table where a column has the name of a partition field of another column, in any spec. */
export function checkNewNames({ partitionSpecs }: TableMetadata, before: Schema, after: Schema): void {
  const ids = fieldsById(after)
  for (const { specId, fields } of partitionSpecs) {
    for (const { name, sourceIds } of fields) {
      const namesake = findFieldByName(after, name)
      if (namesake === undefined || sourceIds.includes(namesake.field.id)) continue
      const wasThere = findFieldByName(before, name)?.field.id === namesake.field.id
      if (wasThere || !sourceIds.some((id) => ids.has(id))) continue
      throw invalidArgument(
        `column '${name}' cannot have this name: it is that of a partition field of spec ${specId}, made of another ` +
          'column; choose another name',
        { column: name, rule: 'Partition Specs: field names' },
      )
    }
  }
}
