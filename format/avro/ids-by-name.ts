import { parseJson } from '../lossless-json.ts'
import { type AvroType, parseAvroType } from './avro-type.ts'
import { type AvroSchema, renderSchema } from './codec.ts'

/**
 * The schema of a file with the field ids of `known`, found by name, where it has none at all: some writers of manifests
 * leave them out (ClickHouse up to 26.7), and Iceberg Java reads these so.
 */
export function withIdsByName(schema: AvroType, known: AvroSchema): AvroType {
  return hasIds(schema) ? schema : identified(schema, parseAvroType(parseJson(renderSchema(known))))
}

/** Whether any part of a schema has an Iceberg id. */
export function hasIds(type: AvroType, seen = new Set<AvroType>()): boolean {
  if (seen.has(type)) return false
  seen.add(type)
  switch (type.kind) {
    case 'record':
      return type.fields.some((field) => field.id !== undefined || hasIds(field.type, seen))
    case 'array':
      return type.elementId !== undefined || hasIds(type.items, seen)
    case 'map':
      return type.keyId !== undefined || type.valueId !== undefined || hasIds(type.values, seen)
    case 'union':
      return type.branches.some((branch) => hasIds(branch, seen))
    default:
      return false
  }
}

function identified(type: AvroType, known: AvroType): AvroType {
  if (type.kind === 'union') {
    return { ...type, branches: type.branches.map((branch) => identified(branch, known)) }
  }
  const value = known.kind === 'union' ? known.branches.find(({ kind }) => kind !== 'null') : known
  if (type.kind === 'array' && value?.kind === 'array') {
    return { ...type, elementId: value.elementId, items: identified(type.items, value.items) }
  }
  if (type.kind !== 'record' || value?.kind !== 'record') return type
  const byName = new Map(value.fields.map((field) => [field.name, field]))
  const fields = type.fields.map((field) => {
    const same = byName.get(field.name)
    return same === undefined ? field : { ...field, id: same.id, type: identified(field.type, same.type) }
  })
  return { ...type, fields }
}
