/** Applying the updates of a table's structure: schemas, partition specs and sort orders. */
import { invalidArgument } from './errors.ts'
import { stringifyJson } from './lossless-json.ts'
import type { PartitionField, PartitionSpec } from './partition-spec.ts'
import { UNASSIGNED_PARTITION_FIELD_ID } from './partition-spec-json.ts'
import {
  checkPartitionNames,
  checkSortOrderFitsSchema,
  checkSpecFitsSchema,
  hasSequentialFieldIds,
} from './partition-spec-validate.ts'
import { highestFieldId, type Schema } from './schema.ts'
import { schemaToJson } from './schema-json.ts'
import { validateSchema } from './schema-validate.ts'
import { type SortOrder, unsortedOrder } from './sort-order.ts'
import { sortOrderToJson } from './sort-order-json.ts'
import { currentSchema } from './table-metadata-build.ts'
import { change, type Draft } from './table-update-draft.ts'
import { transformToString } from './transforms/parse.ts'

/** An equal schema keeps its id; a new one gets the next, whatever id it came with. */
export function addSchema(draft: Draft, schema: Schema): void {
  const { metadata } = draft
  validateSchema(schema, metadata.formatVersion)
  const known = metadata.schemas.find((other) => schemaText(other) === schemaText(schema))
  draft.lastAddedSchemaId = known?.schemaId ?? nextId(metadata.schemas.map((other) => other.schemaId))
  if (known !== undefined) return
  change(draft, {
    schemas: [...metadata.schemas, { ...schema, schemaId: draft.lastAddedSchemaId }],
    lastColumnId: Math.max(metadata.lastColumnId, highestFieldId(schema)),
  })
}

export function setCurrentSchema(draft: Draft, schemaId: number): void {
  const id = resolveId(schemaId, draft.lastAddedSchemaId, 'schema')
  if (id === draft.metadata.currentSchemaId) return
  requireId(
    id,
    draft.metadata.schemas.map((schema) => schema.schemaId),
    'schema',
  )
  change(draft, { currentSchemaId: id })
}

export function removeSchemas(draft: Draft, schemaIds: readonly number[]): void {
  const { schemas, currentSchemaId } = draft.metadata
  if (schemaIds.includes(currentSchemaId)) throw invalidArgument('the current schema cannot be removed')
  const kept = schemas.filter((schema) => !schemaIds.includes(schema.schemaId))
  if (kept.length < schemas.length) change(draft, { schemas: kept })
}

/**
 * A spec with the same names, sources and transforms keeps its id. Fields without an id take that of an equivalent
 * field of another spec, else the next free one (spec: "Partition Evolution").
 */
export function addPartitionSpec(draft: Draft, spec: PartitionSpec): void {
  const { metadata } = draft
  const known = metadata.partitionSpecs.find((other) => specsCompatible(other, spec))
  draft.lastAddedSpecId = known?.specId ?? nextId(metadata.partitionSpecs.map((other) => other.specId))
  if (known !== undefined) return
  const schema = currentSchema(metadata)
  checkPartitionNames(spec, schema)
  checkSpecFitsSchema(spec, schema)
  const unknown = spec.fields.find((field) => field.transform.kind === 'unknown')
  if (unknown !== undefined)
    throw invalidArgument(`partition field '${unknown.name}' has an unknown transform`)
  const added = { specId: draft.lastAddedSpecId, fields: withFieldIds(draft, spec) }
  if (metadata.formatVersion === 1 && !hasSequentialFieldIds(added)) {
    throw invalidArgument('partition field ids must count up from 1000 in format version 1', {
      rule: 'Partition Evolution',
    })
  }
  change(draft, {
    partitionSpecs: [...metadata.partitionSpecs, added],
    lastPartitionId: Math.max(metadata.lastPartitionId, ...added.fields.map((field) => field.fieldId)),
  })
}

export function setDefaultSpec(draft: Draft, specId: number): void {
  const id = resolveId(specId, draft.lastAddedSpecId, 'partition spec')
  if (id === draft.metadata.defaultSpecId) return
  requireId(
    id,
    draft.metadata.partitionSpecs.map((spec) => spec.specId),
    'partition spec',
  )
  change(draft, { defaultSpecId: id })
}

export function removePartitionSpecs(draft: Draft, specIds: readonly number[]): void {
  const { partitionSpecs, defaultSpecId } = draft.metadata
  if (specIds.includes(defaultSpecId)) throw invalidArgument('the default partition spec cannot be removed')
  const kept = partitionSpecs.filter((spec) => !specIds.includes(spec.specId))
  if (kept.length < partitionSpecs.length) change(draft, { partitionSpecs: kept })
}

/** An equal order keeps its id; without fields it is the unsorted order, 0. */
export function addSortOrder(draft: Draft, order: SortOrder): void {
  const { metadata } = draft
  const known = metadata.sortOrders.find((other) => orderText(other) === orderText(order))
  const added: SortOrder =
    known ??
    (order.fields.length === 0
      ? unsortedOrder
      : { orderId: nextId([0, ...metadata.sortOrders.map((other) => other.orderId)]), fields: order.fields })
  draft.lastAddedSortOrderId = added.orderId
  if (known !== undefined) return
  checkSortOrderFitsSchema(order, currentSchema(metadata))
  change(draft, { sortOrders: [...metadata.sortOrders, added] })
}

export function setDefaultSortOrder(draft: Draft, sortOrderId: number): void {
  const id = resolveId(sortOrderId, draft.lastAddedSortOrderId, 'sort order')
  if (id === draft.metadata.defaultSortOrderId) return
  requireId(
    id,
    draft.metadata.sortOrders.map((order) => order.orderId),
    'sort order',
  )
  change(draft, { defaultSortOrderId: id })
}

/** Everything of a schema but its id, docs and defaults too. */
function schemaText(schema: Schema): string {
  const identifierFieldIds = [...schema.identifierFieldIds].sort((a, b) => a - b)
  return stringifyJson(schemaToJson({ ...schema, schemaId: 0, identifierFieldIds }))
}

function orderText(order: SortOrder): string {
  return stringifyJson(sortOrderToJson({ ...order, orderId: 0 }))
}

function specsCompatible(a: PartitionSpec, b: PartitionSpec): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, i) => field.name === b.fields[i]!.name && equivalent(field, b.fields[i]!))
  )
}

function equivalent(a: PartitionField, b: PartitionField): boolean {
  return (
    a.sourceIds.join() === b.sourceIds.join() &&
    transformToString(a.transform) === transformToString(b.transform)
  )
}

function withFieldIds(draft: Draft, spec: PartitionSpec): readonly PartitionField[] {
  const existing = draft.metadata.partitionSpecs.flatMap((other) => other.fields)
  const given = spec.fields.map((field) => field.fieldId)
  let lastId = Math.max(draft.metadata.lastPartitionId, ...given)
  const taken = new Set<number>()
  const idFor = (field: PartitionField, i: number): number => {
    // v1 finds partition values by position, so it counts anew in every spec.
    if (draft.metadata.formatVersion === 1) return 1000 + i
    const reused = existing.find((other) => equivalent(other, field) && !taken.has(other.fieldId))
    return reused?.fieldId ?? ++lastId
  }
  return spec.fields.map((field, i) => {
    const fieldId = field.fieldId === UNASSIGNED_PARTITION_FIELD_ID ? idFor(field, i) : field.fieldId
    if (taken.has(fieldId)) throw invalidArgument(`partition field id ${fieldId} is used twice in one spec`)
    taken.add(fieldId)
    if (draft.metadata.formatVersion > 1) checkFieldIdMeans(field, fieldId, existing)
    return { ...field, fieldId }
  })
}

/** A partition field id means one thing for ever; void stands for a dropped field of any transform. */
function checkFieldIdMeans(
  field: PartitionField,
  fieldId: number,
  existing: readonly PartitionField[],
): void {
  const namesakes = existing.filter((other) => other.fieldId === fieldId)
  const isVoid = (other: PartitionField) => other.transform.kind === 'void'
  const agrees = (other: PartitionField) => equivalent(other, field) || isVoid(field) || isVoid(other)
  if (namesakes.length > 0 && !namesakes.some(agrees)) {
    throw invalidArgument(
      `partition field '${field.name}' has the id ${fieldId} of another field, '${namesakes[0]!.name}'`,
      { rule: 'Partition Evolution' },
    )
  }
}

function nextId(ids: readonly number[]): number {
  return Math.max(-1, ...ids) + 1
}

function resolveId(id: number, lastAdded: number | undefined, kind: string): number {
  if (id !== -1) return id
  if (lastAdded === undefined) throw invalidArgument(`-1 means the ${kind} added last, but none was added`)
  return lastAdded
}

function requireId(id: number, ids: readonly number[], kind: string): void {
  if (!ids.includes(id)) throw invalidArgument(`${kind} ${id} does not exist; there are ${ids.join(', ')}`)
}
