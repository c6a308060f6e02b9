/** Partition specs as JSON (spec: "Appendix C: JSON serialization", Partition Specs). */
import { invalidData } from './errors.ts'
import {
  asInt,
  asJsonArray,
  asJsonObject,
  asString,
  jsonObject,
  listOf,
  optional,
  required,
} from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import { LAST_UNASSIGNED_PARTITION_ID, type PartitionField, type PartitionSpec } from './partition-spec.ts'
import { parseTransform, transformToString } from './transforms/parse.ts'

/** The `fieldId` of a partition field that has none yet: `add-spec` assigns it. */
export const UNASSIGNED_PARTITION_FIELD_ID = 0

export function partitionSpecToJson(spec: PartitionSpec): JsonObject {
  return jsonObject({ 'spec-id': spec.specId, fields: partitionFieldsToJson(spec.fields) })
}

/** Reads a spec. Throws INVALID_DATA. */
export function partitionSpecFromJson(json: JsonValue): PartitionSpec {
  const object = asJsonObject(json, 'partition spec')
  const specId = required(object, 'spec-id', asInt, 'partition spec')
  return { specId, fields: assignMissingIds(required(object, 'fields', partitionFields, 'partition spec')) }
}

/** Reads the spec of an `add-spec` update: the id may be missing, and so may the field ids. Throws INVALID_DATA. */
export function newPartitionSpecFromJson(json: JsonValue): PartitionSpec {
  const object = asJsonObject(json, 'partition spec')
  const specId = optional(object, 'spec-id', asInt, 'partition spec') ?? 0
  return { specId, fields: required(object, 'fields', partitionFields, 'partition spec') }
}

/** The bare field list, as v1's `partition-spec` and manifest headers hold it. */
export function partitionFieldsToJson(fields: readonly PartitionField[]): JsonValue {
  return fields.map((field) =>
    jsonObject({
      name: field.name,
      transform: transformToString(field.transform),
      ...sourceIdsToJson(field.sourceIds),
      'field-id': field.fieldId === UNASSIGNED_PARTITION_FIELD_ID ? undefined : field.fieldId,
    }),
  )
}

/** Reads a bare field list. Field ids, which v1 did not write, count up from 1000. Throws INVALID_DATA. */
export function partitionFieldsFromJson(json: JsonValue): readonly PartitionField[] {
  return assignMissingIds(partitionFields(json, 'partition fields'))
}

/** One source is written as `source-id`, several as `source-ids`. */
export function sourceIdsToJson(sourceIds: readonly number[]): Record<string, JsonValue> {
  return sourceIds.length === 1 ? { 'source-id': sourceIds[0]! } : { 'source-ids': sourceIds }
}

export function sourceIdsFromJson(object: JsonObject, what: string): readonly number[] {
  const sourceIds = optional(object, 'source-ids', listOf(asInt), what)
  if (sourceIds !== undefined && sourceIds.length > 0) return sourceIds
  return [required(object, 'source-id', asInt, what)]
}

function partitionFields(json: JsonValue | undefined, what: string): readonly PartitionField[] {
  return asJsonArray(json, what).map((element) => {
    const object = asJsonObject(element, 'partition field')
    const name = required(object, 'name', asString, 'partition field')
    const where = `partition field '${name}'`
    const sourceIds = sourceIdsFromJson(object, where)
    return {
      fieldId: optional(object, 'field-id', asInt, where) ?? UNASSIGNED_PARTITION_FIELD_ID,
      name,
      sourceIds,
      transform: parseTransform(required(object, 'transform', asString, where), sourceIds.length),
    }
  })
}

function assignMissingIds(fields: readonly PartitionField[]): readonly PartitionField[] {
  const missing = fields.filter((field) => field.fieldId === UNASSIGNED_PARTITION_FIELD_ID).length
  if (missing > 0 && missing < fields.length) {
    throw invalidData(`${missing} of ${fields.length} partition fields have no field-id`, {
      rule: 'Appendix C: Partition Specs',
    })
  }
  const assigned =
    missing === 0
      ? fields
      : fields.map((field, i) => ({ ...field, fieldId: LAST_UNASSIGNED_PARTITION_ID + 1 + i }))
  const ids = new Set(assigned.map((field) => field.fieldId))
  if (ids.size < assigned.length) {
    throw invalidData('a partition field id is used twice in one spec', {
      rule: 'Partitioning: partition field id',
    })
  }
  return assigned
}
