/** Making the first metadata of a table, and looking things up in metadata. */
import { invalidArgument, invalidData, unsupported } from './errors.ts'
import { stripTrailingSlash } from './location.ts'
import { LAST_UNASSIGNED_PARTITION_ID, type PartitionSpec, unpartitionedSpec } from './partition-spec.ts'
import { checkSortOrderFitsSchema, validatePartitionSpec } from './partition-spec-validate.ts'
import { assignFreshIds, type Schema, visitFields } from './schema.ts'
import { validateSchema } from './schema-validate.ts'
import type { Snapshot } from './snapshot.ts'
import { type SortOrder, unsortedOrder } from './sort-order.ts'
import type { FormatVersion, TableMetadata } from './table-metadata.ts'
import {
  checkPropertyTexts,
  isReservedProperty,
  readProperty,
  validateNewTableProperties,
} from './table-properties.ts'

export const DEFAULT_FORMAT_VERSION: FormatVersion = 2

export interface NewTable {
  /** Its field ids only connect it with `partitionSpec` and `sortOrder`: the table gets fresh ones. */
  readonly schema: Pick<Schema, 'fields' | 'identifierFieldIds'>
  /** Default: unpartitioned. Its field ids are assigned from 1000. */
  readonly partitionSpec?: Pick<PartitionSpec, 'fields'>
  /** Default: unsorted. */
  readonly sortOrder?: Pick<SortOrder, 'fields'>
  /** `format-version` selects the version and is not kept; other reserved names are refused. */
  readonly properties?: Readonly<Record<string, string>>
  /** Default: the property `format-version`, else 2. */
  readonly formatVersion?: number
  /** May be '' for a catalog to fill in. */
  readonly location: string
  readonly uuid: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The first metadata of a table, with ids assigned in the order of Iceberg Java.
 *
 * Throws INVALID_ARGUMENT for a schema, spec, order or property that the format does not allow; UNSUPPORTED for a
 * format version above 3.
 */
export function newTableMetadata(table: NewTable): TableMetadata {
  checkPropertyTexts(table.properties ?? {})
  const formatVersion = formatVersionOf(table)
  validateSchema({ schemaId: 0, ...table.schema }, formatVersion)
  const { schema, idOf, lastColumnId } = withFreshIds(table.schema)
  const sourceIdsOf = (field: { readonly sourceIds: readonly number[] }) => field.sourceIds.map(idOf)

  const partitionSpec: PartitionSpec = {
    specId: unpartitionedSpec.specId,
    fields: (table.partitionSpec?.fields ?? []).map((field, i) => ({
      ...field,
      fieldId: LAST_UNASSIGNED_PARTITION_ID + 1 + i,
      sourceIds: sourceIdsOf(field),
    })),
  }
  const unknown = partitionSpec.fields.find((field) => field.transform.kind === 'unknown')
  if (unknown !== undefined) throw unsupported(`partition field '${unknown.name}' has an unknown transform`)
  validatePartitionSpec(partitionSpec, schema)

  const sortFields = (table.sortOrder?.fields ?? []).map((field) => ({
    ...field,
    sourceIds: sourceIdsOf(field),
  }))
  const sortOrder: SortOrder = sortFields.length === 0 ? unsortedOrder : { orderId: 1, fields: sortFields }
  checkSortOrderFitsSchema(sortOrder, schema)

  return {
    formatVersion,
    tableUuid: table.uuid,
    location: stripTrailingSlash(table.location),
    lastSequenceNumber: 0n,
    lastUpdatedMs: table.now,
    lastColumnId,
    schemas: [schema],
    currentSchemaId: schema.schemaId,
    partitionSpecs: [partitionSpec],
    defaultSpecId: partitionSpec.specId,
    lastPartitionId: LAST_UNASSIGNED_PARTITION_ID + partitionSpec.fields.length,
    sortOrders: [sortOrder],
    defaultSortOrderId: sortOrder.orderId,
    properties: propertiesOf(table, schema),
    snapshots: [],
    snapshotLog: [],
    metadataLog: [],
    refs: new Map(),
    nextRowId: 0n,
    statistics: [],
    partitionStatistics: [],
    encryptionKeys: [],
  }
}

export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata.currentSchemaId)
}

export function defaultSpec(metadata: TableMetadata): PartitionSpec {
  return specById(metadata, metadata.defaultSpecId)
}

export function defaultSortOrder(metadata: TableMetadata): SortOrder {
  const id = metadata.defaultSortOrderId
  return found(
    metadata.sortOrders.find((order) => order.orderId === id),
    `sort order ${id}`,
  )
}

export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = metadata.currentSnapshotId
  return id === undefined ? undefined : snapshotById(metadata, id)
}

/** Throws INVALID_DATA: schema ids come out of files. */
export function schemaById(metadata: TableMetadata, schemaId: number): Schema {
  return found(
    metadata.schemas.find((schema) => schema.schemaId === schemaId),
    `schema ${schemaId}`,
  )
}

/** Throws INVALID_DATA: spec ids come out of files. */
export function specById(metadata: TableMetadata, specId: number): PartitionSpec {
  return found(
    metadata.partitionSpecs.find((spec) => spec.specId === specId),
    `partition spec ${specId}`,
  )
}

/** Undefined when there is no such snapshot (any more): snapshot ids come from users. */
export function snapshotById(metadata: TableMetadata, snapshotId: bigint): Snapshot | undefined {
  return metadata.snapshots.find((snapshot) => snapshot.snapshotId === snapshotId)
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) {
    throw invalidData(`${name} is not in the table metadata`, { rule: 'Table Metadata Fields' })
  }
  return value
}

function formatVersionOf(table: NewTable): FormatVersion {
  const version =
    table.formatVersion ?? readProperty(table.properties ?? {}, 'format-version') ?? DEFAULT_FORMAT_VERSION
  if (version > 3)
    throw unsupported(`Iceberg format version ${version} is not supported; versions 1 to 3 are`)
  if (version !== 1 && version !== 2 && version !== 3) {
    throw invalidArgument(`format version must be 1, 2 or 3, found ${version}`)
  }
  return version
}

/** Field ids from 1 in Java's order, and the mapping from the ids of the schema as given. */
function withFreshIds(given: NewTable['schema']): {
  schema: Schema
  idOf: (id: number) => number
  lastColumnId: number
} {
  let lastColumnId = 0
  const fields = assignFreshIds(given.fields, () => ++lastColumnId)
  const fresh: number[] = []
  visitFields(fields, (field) => fresh.push(field.id))
  const freshIds = new Map<number, number>()
  visitFields(given.fields, (field) => freshIds.set(field.id, fresh[freshIds.size]!))
  const idOf = (id: number) => {
    const freshId = freshIds.get(id)
    if (freshId === undefined) throw invalidArgument(`source column ${id} is not in the schema`)
    return freshId
  }
  const schema = { schemaId: 0, fields, identifierFieldIds: given.identifierFieldIds.map(idOf) }
  return { schema, idOf, lastColumnId }
}

function propertiesOf(table: NewTable, schema: Schema): Record<string, string> {
  const properties: Record<string, string> = Object.create(null)
  // Readers that know no such property assume gzip: new tables say what they mean, as in Iceberg Java.
  properties['write.parquet.compression-codec'] = 'zstd'
  for (const [name, value] of Object.entries(table.properties ?? {})) {
    if (name === 'format-version') continue
    if (isReservedProperty(name)) throw invalidArgument(`the table property '${name}' is reserved`)
    properties[name] = value
  }
  validateNewTableProperties(properties, schema)
  return properties
}
