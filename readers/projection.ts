import { type ColumnPath, findColumn } from '../format/column-path.ts'
import { invalidArgument } from '../format/errors.ts'
import { nearNames } from '../format/near-names.ts'
import { fieldsById, findFieldByPath, type Schema } from '../format/schema.ts'
import {
  childFields,
  isNested,
  type ListType,
  type MapType,
  type NestedField,
  type StructType,
  structType,
  type Type,
} from '../format/types.ts'
import { metadataColumns } from './metadata-columns.ts'

/**
 * The part of `schema` that `select` names, nested shape and field ids kept; `undefined` selects every column.
 *
 * Fields stand in schema order whatever the order of `select`; metadata columns (`metadata-columns.ts`) follow in
 * their own order, and only where the schema has no column of that name. Selecting a field selects all of it. A map
 * keeps its whole key, and selecting anything in the key selects the whole map. `partitionType` is the type of
 * `_partition`. Throws INVALID_ARGUMENT with the nearest names for a path that the schema lacks.
 */
export function projectSchema(
  schema: Schema,
  select: readonly ColumnPath[] | undefined,
  partitionType: StructType = structType([]),
): readonly NestedField[] {
  if (select === undefined) return schema.fields
  const ids = new Set<number>()
  const metadataIds = new Set<number>()
  const metadata = metadataColumns(partitionType)
  for (const path of select) {
    const found = findColumn(schema, path)
    if (found !== undefined) {
      ids.add(found.field.id)
      continue
    }
    const name = typeof path === 'string' ? path : path.length === 1 ? path[0] : undefined
    const column = metadata.find((field) => field.name === name)
    if (column === undefined) throw unknownColumn(schema, path, metadata)
    metadataIds.add(column.id)
  }
  return [...pruneFields(schema.fields, ids), ...metadata.filter((field) => metadataIds.has(field.id))]
}

/** The fields that `ids` select, with all that lies in them and all that lies around them. */
export function pruneFields(
  fields: readonly NestedField[],
  ids: ReadonlySet<number>,
): readonly NestedField[] {
  const kept: NestedField[] = []
  for (const field of fields) {
    if (ids.has(field.id)) {
      kept.push(field)
      continue
    }
    const type = pruneInside(field.type, ids)
    if (type !== undefined) kept.push(type === field.type ? field : { ...field, type })
  }
  return kept
}

/** `type` with only what `ids` select inside it; undefined when that is nothing. */
function pruneInside(type: Type, ids: ReadonlySet<number>): Type | undefined {
  switch (type.kind) {
    case 'struct': {
      const fields = pruneFields(type.fields, ids)
      return fields.length === 0 ? undefined : { kind: 'struct', fields }
    }
    case 'list':
      return pruneList(type, ids)
    case 'map':
      return pruneMap(type, ids)
    default:
      return undefined
  }
}

function pruneList(type: ListType, ids: ReadonlySet<number>): Type | undefined {
  if (ids.has(type.elementId)) return type
  const element = pruneInside(type.element, ids)
  return element === undefined ? undefined : { ...type, element }
}

function pruneMap(type: MapType, ids: ReadonlySet<number>): Type | undefined {
  if (ids.has(type.valueId) || ids.has(type.keyId) || pruneInside(type.key, ids) !== undefined) return type
  const value = pruneInside(type.value, ids)
  return value === undefined ? undefined : { ...type, value }
}

function unknownColumn(schema: Schema, path: ColumnPath, metadata: readonly NestedField[]): Error {
  const name = typeof path === 'string' ? path : path.join('.')
  const known = [...fieldsById(schema).values()].map((entry) => entry.path.join('.'))
  const near = nearNames(name, [...known, ...metadata.map((field) => field.name)])
  const hint =
    near.length > 0
      ? `did you mean ${near.map((candidate) => `'${candidate}'`).join(' or ')}?`
      : `the columns are ${listed(schema.fields)}`
  return invalidArgument(`select: there is no column '${name}'; ${hint}${nestingHint(schema, path)}`, {
    option: 'select',
    column: name,
  })
}

function listed(fields: readonly NestedField[]): string {
  const names = fields.slice(0, 10).map((field) => `'${field.name}'`)
  return fields.length > 10 ? `${names.join(', ')}, …` : names.join(', ')
}

/** What most often goes wrong: forgetting `element`, `key` or `value` below a list or a map. */
function nestingHint(schema: Schema, path: ColumnPath): string {
  const names = typeof path === 'string' ? path.split('.') : path
  for (let depth = names.length - 1; depth > 0; depth--) {
    const parent = findFieldByPath(schema, names.slice(0, depth))?.field
    if (parent === undefined) continue
    if (!isNested(parent.type)) return ` ('${parent.name}' is ${parent.type.kind} and has no fields)`
    const children = childFields(parent.type).map((child) => `'${child.name}'`)
    return ` ('${parent.name}' is a ${parent.type.kind} of ${children.slice(0, 10).join(', ')})`
  }
  return ''
}
