/** Schemas as JSON (spec: "Appendix C: JSON serialization", Schemas). */
import { invalidData } from './errors.ts'
import { asInt, asJsonObject, jsonObject, listOf, optional } from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import { fieldsById, type Schema } from './schema.ts'
import { fieldToJson, structFromJson } from './types-json.ts'

export function schemaToJson(schema: Schema): JsonObject {
  return jsonObject({
    type: 'struct',
    'schema-id': schema.schemaId,
    'identifier-field-ids': schema.identifierFieldIds.length === 0 ? undefined : schema.identifierFieldIds,
    fields: schema.fields.map(fieldToJson),
  })
}

/**
 * Reads a schema; a missing `schema-id` is 0, as v1 wrote it. Throws INVALID_DATA, also for a field id or name
 * used twice and for an identifier field that does not exist.
 */
export function schemaFromJson(json: JsonValue): Schema {
  const object = asJsonObject(json, 'schema')
  if (object['type'] !== 'struct') {
    throw invalidData("a schema must have the type 'struct'", { rule: 'Appendix C: Schemas' })
  }
  const schema: Schema = {
    schemaId: optional(object, 'schema-id', asInt, 'schema') ?? 0,
    fields: structFromJson(object).fields,
    identifierFieldIds: optional(object, 'identifier-field-ids', listOf(asInt), 'schema') ?? [],
  }
  const byId = fieldsById(schema)
  const missing = schema.identifierFieldIds.find((id) => !byId.has(id))
  if (missing !== undefined) {
    throw invalidData(
      `schema ${schema.schemaId} names the identifier field ${missing}, which it does not have`,
      {
        rule: 'Identifier Field IDs',
      },
    )
  }
  return schema
}
