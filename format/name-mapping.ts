/** Name mappings: field ids for files that carry none (spec: "Column Projection", "Name Mapping Serialization"). */
import { invalidData } from './errors.ts'
import { asInt, asJsonArray, asJsonObject, asString, jsonObject, listOf, optional } from './json-fields.ts'
import { type JsonValue, parseJson } from './lossless-json.ts'
import type { Schema } from './schema.ts'
import { childFields, isNested, type NestedField } from './types.ts'

export interface MappedField {
  /** Absent for a column of the files that the table does not have. */
  readonly fieldId?: number
  /** Names that the column has in files, each one literal, dots and all. */
  readonly names: readonly string[]
  /** Of struct members, or of `element`, or of `key` and `value`. */
  readonly fields: readonly MappedField[]
}

export type NameMapping = readonly MappedField[]

/**
 * Reads the text of `schema.name-mapping.default`. Throws INVALID_DATA, also for a name that means two things in
 * one struct, or a field id mapped twice.
 */
export function parseNameMapping(text: string): NameMapping {
  const mapping = mappedFields(parseJson(text), 'name mapping')
  checkFieldIds(mapping, new Set())
  return mapping
}

/** The mapping under which every field has its own name. */
export function nameMappingFromSchema(schema: Pick<Schema, 'fields'>): NameMapping {
  return mappingOf(schema.fields)
}

export function nameMappingToJson(mapping: NameMapping): JsonValue {
  return mapping.map((field) =>
    jsonObject({
      'field-id': field.fieldId,
      names: field.names,
      fields: field.fields.length === 0 ? undefined : nameMappingToJson(field.fields),
    }),
  )
}

/** The entry for a column of a file, found by its names from the root; `element`, `key`, `value` as the spec has them. */
export function findMappedField(mapping: NameMapping, path: readonly string[]): MappedField | undefined {
  let fields = mapping
  let found: MappedField | undefined
  for (const name of path) {
    found = fields.find((field) => field.names.includes(name))
    if (found === undefined) return undefined
    fields = found.fields
  }
  return found
}

/** The field id of a column of a file; undefined when the mapping gives it none. */
export function mappedFieldId(mapping: NameMapping, path: readonly string[]): number | undefined {
  return findMappedField(mapping, path)?.fieldId
}

function mappedFields(json: JsonValue | undefined, what: string): readonly MappedField[] {
  const fields = asJsonArray(json, what).map((element) => mappedField(element))
  const names = new Set<string>()
  for (const name of fields.flatMap((field) => field.names)) {
    if (names.has(name)) throw wrong(`the name '${name}' is mapped twice at one level`)
    names.add(name)
  }
  return fields
}

function mappedField(json: JsonValue): MappedField {
  const object = asJsonObject(json, 'mapped field')
  const fieldId = optional(object, 'field-id', asInt, 'mapped field')
  return {
    ...(fieldId === undefined ? {} : { fieldId }),
    names: [...new Set(optional(object, 'names', listOf(asString), 'mapped field') ?? [])],
    fields: optional(object, 'fields', mappedFields, 'mapped field') ?? [],
  }
}

function checkFieldIds(mapping: NameMapping, seen: Set<number>): void {
  for (const { fieldId, fields } of mapping) {
    if (fieldId !== undefined) {
      if (seen.has(fieldId)) throw wrong(`field id ${fieldId} is mapped twice`)
      seen.add(fieldId)
    }
    checkFieldIds(fields, seen)
  }
}

function mappingOf(fields: readonly NestedField[]): NameMapping {
  return fields.map(({ id, name, type }) => ({
    fieldId: id,
    names: [name],
    fields: isNested(type) ? mappingOf(childFields(type)) : [],
  }))
}

function wrong(message: string) {
  return invalidData(`name mapping: ${message}`, { rule: 'Column Projection: name mapping' })
}
