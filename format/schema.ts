import { invalidData } from './errors.ts'
import { childFields, isNested, type NestedField, RESERVED_FIELD_ID_START, type Type } from './types.ts'

/** A table schema: a struct with an id and, optionally, the fields that identify a row. */
export interface Schema {
  readonly schemaId: number
  readonly fields: readonly NestedField[]
  readonly identifierFieldIds: readonly number[]
}

/** One field of a schema, at any depth, with where it stands. */
export interface SchemaField {
  readonly field: NestedField
  /** Names from the root: struct members, `element`, `key`, `value`. */
  readonly path: readonly string[]
  /** Field ids from the root to this field, itself included. */
  readonly idPath: readonly number[]
  /** Inside a list or a map. */
  readonly repeated: boolean
  /** This field or a struct around it is optional, or it lies inside a list or map. */
  readonly nullable: boolean
}

interface SchemaIndex {
  readonly byId: ReadonlyMap<number, SchemaField>
  readonly byName: ReadonlyMap<string, SchemaField>
}

const indexes = new WeakMap<readonly NestedField[], SchemaIndex>()

/** Every field at every depth by id, parents before children. */
export function fieldsById(schema: Pick<Schema, 'fields'>): ReadonlyMap<number, SchemaField> {
  return indexOf(schema).byId
}

export function findFieldById(schema: Pick<Schema, 'fields'>, id: number): SchemaField | undefined {
  return indexOf(schema).byId.get(id)
}

/** By full name, names joined with dots as Iceberg Java does (`a.b`, `l.element`, `m.value.x`). */
export function findFieldByName(schema: Pick<Schema, 'fields'>, name: string): SchemaField | undefined {
  return indexOf(schema).byName.get(name)
}

/** By exact path, for names that hold dots. */
export function findFieldByPath(
  schema: Pick<Schema, 'fields'>,
  path: readonly string[],
): SchemaField | undefined {
  let fields: readonly NestedField[] = schema.fields
  let found: NestedField | undefined
  for (const name of path) {
    found = fields.find((field) => field.name === name)
    if (found === undefined) return undefined
    fields = isNested(found.type) ? childFields(found.type) : []
  }
  return found === undefined ? undefined : findFieldById(schema, found.id)
}

/** The greatest field id at any depth; 0 for a schema with no field. */
export function highestFieldId(schema: Pick<Schema, 'fields'>): number {
  let highest = 0
  for (const id of fieldsById(schema).keys()) highest = Math.max(highest, id)
  return highest
}

/** Calls `visit` for every field at every depth, parents first. */
export function visitFields(fields: readonly NestedField[], visit: (field: NestedField) => void): void {
  for (const field of fields) {
    visit(field)
    if (isNested(field.type)) visitFields(childFields(field.type), visit)
  }
}

/** Rebuilds a type with fresh ids in the order Java assigns them: a struct's own fields first, then their insides. */
export function assignFreshIds(fields: readonly NestedField[], nextId: () => number): readonly NestedField[] {
  const ids = fields.map(() => nextId())
  return fields.map((field, i) => ({ ...field, id: ids[i]!, type: freshType(field.type, nextId) }))
}

function freshType(type: Type, nextId: () => number): Type {
  switch (type.kind) {
    case 'struct':
      return { kind: 'struct', fields: assignFreshIds(type.fields, nextId) }
    case 'list': {
      const elementId = nextId()
      return { ...type, elementId, element: freshType(type.element, nextId) }
    }
    case 'map': {
      const keyId = nextId()
      const valueId = nextId()
      return {
        ...type,
        keyId,
        valueId,
        key: freshType(type.key, nextId),
        value: freshType(type.value, nextId),
      }
    }
    default:
      return type
  }
}

function indexOf(schema: Pick<Schema, 'fields'>): SchemaIndex {
  const known = indexes.get(schema.fields)
  if (known !== undefined) return known
  const byId = new Map<number, SchemaField>()
  const byName = new Map<string, SchemaField>()
  index(schema.fields, { path: [], idPath: [], repeated: false, nullable: false }, byId, byName)
  const built = { byId, byName }
  indexes.set(schema.fields, built)
  return built
}

function index(
  fields: readonly NestedField[],
  parent: Omit<SchemaField, 'field'>,
  byId: Map<number, SchemaField>,
  byName: Map<string, SchemaField>,
): void {
  const names = new Set<string>()
  for (const field of fields) {
    if (field.id >= RESERVED_FIELD_ID_START) {
      throw invalidData(`field '${field.name}' has id ${field.id}, which is reserved for metadata columns`, {
        rule: 'Reserved Field IDs',
      })
    }
    if (byId.has(field.id)) {
      throw invalidData(`field id ${field.id} is used twice in one schema`, {
        rule: 'Schemas: field ids are unique',
      })
    }
    if (names.has(field.name)) {
      throw invalidData(`field name '${field.name}' stands twice in one struct`, {
        rule: 'Schemas: names are unique',
      })
    }
    names.add(field.name)
    const entry: SchemaField = {
      field,
      path: [...parent.path, field.name],
      idPath: [...parent.idPath, field.id],
      repeated: parent.repeated,
      nullable: parent.nullable || !field.required,
    }
    byId.set(field.id, entry)
    const fullName = entry.path.join('.')
    if (!byName.has(fullName)) byName.set(fullName, entry)
    if (!isNested(field.type)) continue
    const repeated = parent.repeated || field.type.kind !== 'struct'
    index(childFields(field.type), { ...entry, repeated, nullable: entry.nullable || repeated }, byId, byName)
  }
}
