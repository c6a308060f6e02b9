/**
 * Evolving a table: steps as plain data, and the table updates that they come to for some metadata.
 *
 * Steps say what is wanted by names, so that they can be applied anew when another commit came first.
 */
import { type ColumnPath, requireColumn } from './column-path.ts'
import { invalidArgument } from './errors.ts'
import { checkDroppedColumns, checkNewNames, checkPartitionsKept } from './evolution-check.ts'
import { stringifyJson } from './lossless-json.ts'
import { nameMappingToJson, parseNameMapping } from './name-mapping.ts'
import type { PartitionField } from './partition-spec.ts'
import { evolvePartitionSpec, type PartitionStep } from './partition-spec-update.ts'
import type { Schema } from './schema.ts'
import { schemaToJson } from './schema-json.ts'
import { moveColumnProperties } from './schema-update/column-properties.ts'
import { evolveNameMapping } from './schema-update/evolve-name-mapping.ts'
import { evolveSchema } from './schema-update/evolve-schema.ts'
import type { SchemaStep } from './schema-update/schema-step.ts'
import type { SortField, SortOrder } from './sort-order.ts'
import { sortOrderToJson } from './sort-order-json.ts'
import type { FormatVersion, TableMetadata } from './table-metadata.ts'
import { currentSchema, defaultSortOrder, defaultSpec } from './table-metadata-build.ts'
import { isReservedProperty, readProperty, validateNewTableProperties } from './table-properties.ts'
import type { TableRequirement } from './table-requirement.ts'
import type { TableUpdate } from './table-update.ts'
import { applyUpdates, upgradedVersion } from './table-update-apply.ts'
import { transformToString } from './transforms/parse.ts'
import type { Transform } from './transforms/transform.ts'

export interface SortTermStep extends Omit<SortField, 'sourceIds'> {
  readonly column: ColumnPath
  readonly transform: Transform
}

export type EvolutionStep =
  | SchemaStep
  | PartitionStep
  /** No terms: unsorted. */
  | { readonly kind: 'replace-sort-order'; readonly terms: readonly SortTermStep[] }
  | { readonly kind: 'set-properties'; readonly properties: Readonly<Record<string, string>> }
  | { readonly kind: 'remove-properties'; readonly names: readonly string[] }
  | { readonly kind: 'upgrade-format-version'; readonly formatVersion: number }
  | { readonly kind: 'set-location'; readonly location: string }

export interface EvolutionContext {
  /**
   * The schema that the caller saw: partition and sort terms mean its columns, by id, unless the steps change the
   * schema themselves; then they mean the columns of the new one.
   */
  readonly seenSchema: Schema
  /** For a table of format version 1 that has no UUID, which later versions require. */
  readonly newUuid: () => string
}

/**
 * The updates that the steps come to: the format version first, then schema, partition spec, sort order, properties
 * and location, whatever the order of the steps; within each of them the steps apply in order. Steps that change
 * nothing come to nothing.
 *
 * Throws INVALID_ARGUMENT that says which rule forbids a step (also as `context.rule`), UNSUPPORTED for what this
 * version does not serve.
 */
export function evolutionUpdates(
  metadata: TableMetadata,
  steps: readonly EvolutionStep[],
  context: EvolutionContext,
): readonly TableUpdate[] {
  const formatVersion = targetVersion(metadata, steps)
  const schemaSteps = steps.filter(isSchemaStep)
  const before = currentSchema(metadata)
  const { lastColumnId, ...evolved } = evolveSchema(before, schemaSteps, {
    formatVersion,
    lastColumnId: metadata.lastColumnId,
  })
  const schemaChanged = schemaText(before) !== schemaText({ ...before, ...evolved })
  const after: Schema = schemaChanged ? { ...before, ...evolved } : before
  const termsIn = schemaChanged ? after : context.seenSchema

  const fields = partitionFields(metadata, steps, termsIn)
  const sortOrder = evolvedSortOrder(metadata, steps, termsIn)
  if (schemaChanged) {
    checkDroppedColumns({
      before,
      after,
      fields: fields ?? defaultSpec(metadata).fields,
      sortFields: (sortOrder ?? defaultSortOrder(metadata)).fields,
    })
    checkPartitionsKept(metadata, before, after)
    checkNewNames(metadata, before, after)
  }
  const updates: TableUpdate[] = [
    ...versionUpdates(metadata, formatVersion, context),
    ...(schemaChanged ? schemaUpdates(after, lastColumnId) : []),
    ...specUpdates(metadata, fields),
    ...sortUpdates(metadata, sortOrder),
    ...propertyUpdates(metadata, evolvedProperties(metadata, steps, before, after)),
    ...locationUpdates(metadata, steps),
  ]
  // All other rules of the format, before any request is made.
  applyUpdates(metadata, updates, { now: metadata.lastUpdatedMs })
  return updates
}

/**
 * What must be as it was in the metadata that the caller saw, for the steps to be what the caller meant: the schema if
 * they change it, and the partition spec if they change that. Sort orders and properties are set over whatever is there.
 */
export function evolutionRequirements(
  { tableUuid, currentSchemaId, lastColumnId, defaultSpecId, lastPartitionId }: TableMetadata,
  steps: readonly EvolutionStep[],
): readonly TableRequirement[] {
  const requirements: TableRequirement[] = []
  if (tableUuid !== undefined) requirements.push({ type: 'assert-table-uuid', uuid: tableUuid })
  if (steps.some(isSchemaStep)) {
    requirements.push({ type: 'assert-current-schema-id', currentSchemaId })
    requirements.push({ type: 'assert-last-assigned-field-id', lastAssignedFieldId: lastColumnId })
  }
  if (steps.some(isPartitionStep)) {
    requirements.push({ type: 'assert-default-spec-id', defaultSpecId })
    requirements.push({ type: 'assert-last-assigned-partition-id', lastAssignedPartitionId: lastPartitionId })
  }
  return requirements
}

function targetVersion(metadata: TableMetadata, steps: readonly EvolutionStep[]): FormatVersion {
  let version: number = metadata.formatVersion
  for (const step of steps) {
    if (step.kind === 'upgrade-format-version') version = step.formatVersion
    if (step.kind === 'set-properties') version = readProperty(step.properties, 'format-version') ?? version
  }
  return upgradedVersion(metadata.formatVersion, version)
}

function isSchemaStep(step: EvolutionStep): step is SchemaStep {
  return PART_OF[step.kind] === 'schema'
}

function isPartitionStep(step: EvolutionStep): step is PartitionStep {
  return PART_OF[step.kind] === 'partition spec'
}

/** Which part of a table a step is about. */
const PART_OF: { readonly [K in EvolutionStep['kind']]: string } = {
  'add-column': 'schema',
  'drop-column': 'schema',
  'rename-column': 'schema',
  'move-column': 'schema',
  'widen-column': 'schema',
  'make-column-optional': 'schema',
  'require-column': 'schema',
  'set-column-doc': 'schema',
  'set-column-default': 'schema',
  'set-identifier-fields': 'schema',
  'union-by-name': 'schema',
  'add-partition-field': 'partition spec',
  'remove-partition-field': 'partition spec',
  'remove-partition-term': 'partition spec',
  'rename-partition-field': 'partition spec',
  'replace-sort-order': 'sort order',
  'set-properties': 'properties',
  'remove-properties': 'properties',
  'upgrade-format-version': 'format version',
  'set-location': 'location',
}

function schemaText(schema: Schema): string {
  const identifierFieldIds = [...schema.identifierFieldIds].sort((a, b) => a - b)
  return stringifyJson(schemaToJson({ ...schema, identifierFieldIds }))
}

/** Undefined when no step is about partitioning. */
function partitionFields(
  metadata: TableMetadata,
  steps: readonly EvolutionStep[],
  schema: Schema,
): readonly PartitionField[] | undefined {
  const partitionSteps = steps.filter(isPartitionStep)
  return partitionSteps.length === 0 ? undefined : evolvePartitionSpec(metadata, partitionSteps, schema)
}

/** Undefined when no step is about sorting. */
function evolvedSortOrder(
  metadata: TableMetadata,
  steps: readonly EvolutionStep[],
  schema: Schema,
): SortOrder | undefined {
  const step = steps.findLast((candidate) => candidate.kind === 'replace-sort-order')
  if (step === undefined) return undefined
  const fields = step.terms.map(({ column, ...term }) => ({
    ...term,
    sourceIds: [requireColumn(schema, column, 'replaceSortOrder').field.id],
  }))
  return { orderId: metadata.defaultSortOrderId, fields }
}

function versionUpdates(
  metadata: TableMetadata,
  formatVersion: FormatVersion,
  { newUuid }: EvolutionContext,
): TableUpdate[] {
  if (formatVersion === metadata.formatVersion) return []
  const uuid: TableUpdate[] =
    metadata.tableUuid === undefined ? [{ action: 'assign-uuid', uuid: newUuid() }] : []
  return [...uuid, { action: 'upgrade-format-version', formatVersion }]
}

function schemaUpdates(schema: Schema, lastColumnId: number): TableUpdate[] {
  return [
    { action: 'add-schema', schema, lastColumnId },
    { action: 'set-current-schema', schemaId: -1 },
  ]
}

function specUpdates(metadata: TableMetadata, fields: readonly PartitionField[] | undefined): TableUpdate[] {
  const spec = defaultSpec(metadata)
  if (fields === undefined || fieldsText(fields) === fieldsText(spec.fields)) return []
  return [
    { action: 'add-spec', spec: { specId: spec.specId, fields } },
    { action: 'set-default-spec', specId: -1 },
  ]
}

function fieldsText(fields: readonly PartitionField[]): string {
  return JSON.stringify(fields.map((field) => ({ ...field, transform: transformToString(field.transform) })))
}

function sortUpdates(metadata: TableMetadata, order: SortOrder | undefined): TableUpdate[] {
  if (order === undefined) return []
  const current = defaultSortOrder(metadata)
  if (
    stringifyJson(sortOrderToJson({ ...current, orderId: order.orderId })) ===
    stringifyJson(sortOrderToJson(order))
  )
    return []
  return [
    { action: 'add-sort-order', sortOrder: order },
    { action: 'set-default-sort-order', sortOrderId: -1 },
  ]
}

function evolvedProperties(
  metadata: TableMetadata,
  steps: readonly EvolutionStep[],
  before: Schema,
  after: Schema,
): Readonly<Record<string, string>> {
  const properties: Record<string, string> = Object.create(null)
  Object.assign(properties, moveColumnProperties(metadata.properties, before, after))
  const mapping = evolvedNameMapping(metadata, before, after)
  if (mapping !== undefined) properties[NAME_MAPPING] = mapping
  const given: Record<string, string> = Object.create(null)
  for (const step of steps) {
    if (step.kind === 'set-properties') {
      for (const [name, value] of Object.entries(step.properties)) {
        if (name === 'format-version') continue
        if (isReservedProperty(name)) {
          throw invalidArgument(`setProperties: the table property '${name}' is reserved`, { property: name })
        }
        given[name] = value
        properties[name] = value
      }
    }
    if (step.kind !== 'remove-properties') continue
    for (const name of step.names) {
      delete given[name]
      delete properties[name]
    }
  }
  validateNewTableProperties(given, after)
  return properties
}

const NAME_MAPPING = 'schema.name-mapping.default'

/** A mapping that cannot be read is left as it is, as in Iceberg Java: it is of no use already. */
function evolvedNameMapping(metadata: TableMetadata, before: Schema, after: Schema): string | undefined {
  const text = metadata.properties[NAME_MAPPING]
  if (text === undefined || before === after) return undefined
  try {
    return stringifyJson(nameMappingToJson(evolveNameMapping(parseNameMapping(text), before, after)))
  } catch {
    return undefined
  }
}

function propertyUpdates(
  metadata: TableMetadata,
  properties: Readonly<Record<string, string>>,
): TableUpdate[] {
  const updates: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(properties)) {
    if (!Object.hasOwn(metadata.properties, name) || metadata.properties[name] !== value)
      updates[name] = value
  }
  const removals = Object.keys(metadata.properties).filter((name) => !Object.hasOwn(properties, name))
  return [
    ...(Object.keys(updates).length > 0 ? [{ action: 'set-properties' as const, updates }] : []),
    ...(removals.length > 0 ? [{ action: 'remove-properties' as const, removals }] : []),
  ]
}

function locationUpdates(metadata: TableMetadata, steps: readonly EvolutionStep[]): TableUpdate[] {
  const step = steps.findLast((candidate) => candidate.kind === 'set-location')
  if (step === undefined || step.location === metadata.location) return []
  return [{ action: 'set-location', location: step.location }]
}
