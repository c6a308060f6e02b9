/** Table requirements as the REST spec's JSON (rest-catalog-open-api.yaml, `TableRequirement`). */
import { invalidArgument } from './errors.ts'
import { asInt, asJsonObject, asLong, asString, jsonObject, optional, required } from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import type { TableRequirement } from './table-requirement.ts'

export function tableRequirementToJson(requirement: TableRequirement): JsonObject {
  return jsonObject({ type: requirement.type, ...fieldsOf(requirement) })
}

/** Reads a requirement. Throws INVALID_DATA for a malformed one, INVALID_ARGUMENT for a type that is not known. */
export function tableRequirementFromJson(json: JsonValue): TableRequirement {
  const object = asJsonObject(json, 'table requirement')
  const text = required(object, 'type', asString, 'table requirement')
  const type = text.toLowerCase()
  const what = `requirement ${type.slice(0, 80)}`
  switch (type) {
    case 'assert-create':
      return { type }
    case 'assert-table-uuid':
      return { type, uuid: required(object, 'uuid', asString, what) }
    case 'assert-ref-snapshot-id':
      return {
        type,
        ref: required(object, 'ref', asString, what),
        snapshotId: optional(object, 'snapshot-id', asLong, what),
      }
    case 'assert-last-assigned-field-id':
      return { type, lastAssignedFieldId: required(object, 'last-assigned-field-id', asInt, what) }
    case 'assert-current-schema-id':
      return { type, currentSchemaId: required(object, 'current-schema-id', asInt, what) }
    case 'assert-last-assigned-partition-id':
      return { type, lastAssignedPartitionId: required(object, 'last-assigned-partition-id', asInt, what) }
    case 'assert-default-spec-id':
      return { type, defaultSpecId: required(object, 'default-spec-id', asInt, what) }
    case 'assert-default-sort-order-id':
      return { type, defaultSortOrderId: required(object, 'default-sort-order-id', asInt, what) }
    default:
      throw invalidArgument(`unknown table requirement '${text.slice(0, 80)}'`)
  }
}

function fieldsOf(requirement: TableRequirement): Record<string, JsonValue> {
  switch (requirement.type) {
    case 'assert-create':
      return {}
    case 'assert-table-uuid':
      return { uuid: requirement.uuid }
    case 'assert-ref-snapshot-id':
      return { ref: requirement.ref, 'snapshot-id': requirement.snapshotId ?? null }
    case 'assert-last-assigned-field-id':
      return { 'last-assigned-field-id': requirement.lastAssignedFieldId }
    case 'assert-current-schema-id':
      return { 'current-schema-id': requirement.currentSchemaId }
    case 'assert-last-assigned-partition-id':
      return { 'last-assigned-partition-id': requirement.lastAssignedPartitionId }
    case 'assert-default-spec-id':
      return { 'default-spec-id': requirement.defaultSpecId }
    case 'assert-default-sort-order-id':
      return { 'default-sort-order-id': requirement.defaultSortOrderId }
  }
}
