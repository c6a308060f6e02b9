import type { MappedField, NameMapping } from '../name-mapping.ts'
import { nameMappingFromSchema } from '../name-mapping.ts'
import { findFieldById, type Schema } from '../schema.ts'
import { childFields, isNested, type NestedField } from '../types.ts'

/**
 * The name mapping after its schema has changed (spec: "Column Projection"; Iceberg Java's `MappingUtil.update`).
 *
 * A renamed column keeps its names, which files have it under, and gets the new one; a new column gets its own. A name
 * that means another column now is taken from the one it meant. Dropped columns stay mapped: files still have them.
 */
export function evolveNameMapping(
  mapping: NameMapping,
  before: Pick<Schema, 'fields'>,
  after: Pick<Schema, 'fields'>,
): NameMapping {
  return evolved(mapping, after.fields, before)
}

function evolved(
  mapping: NameMapping,
  fields: readonly NestedField[],
  before: Pick<Schema, 'fields'>,
): NameMapping {
  const changed = fields.filter((field) => findFieldById(before, field.id)?.field.name !== field.name)
  const ownerOf = new Map(changed.map((field) => [field.name, field.id]))
  const mapped = mapping.map((entry) => {
    const field = fields.find((candidate) => candidate.id === entry.fieldId)
    const names = new Set(entry.names)
    if (field !== undefined && ownerOf.has(field.name)) names.add(field.name)
    const kept = [...names].filter((name) => (ownerOf.get(name) ?? entry.fieldId) === entry.fieldId)
    return withChildren({ ...entry, names: kept }, field, before)
  })
  const added = changed.filter((field) => findFieldById(before, field.id) === undefined)
  return [...mapped, ...nameMappingFromSchema({ fields: added })]
}

function withChildren(
  entry: MappedField,
  field: NestedField | undefined,
  before: Pick<Schema, 'fields'>,
): MappedField {
  if (field === undefined || !isNested(field.type)) return entry
  return { ...entry, fields: evolved(entry.fields, childFields(field.type), before) }
}
