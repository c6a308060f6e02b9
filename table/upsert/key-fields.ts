/** The columns by which rows are told apart, and where they stand in batches of the whole schema. */
import { type Data, Field, Struct } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { type ColumnPath, findColumn } from '../../format/column-path.ts'
import { invalidArgument, type MoraineError, unsupported } from '../../format/errors.ts'
import { nearNames } from '../../format/near-names.ts'
import { fieldsById, findFieldById, type Schema, type SchemaField } from '../../format/schema.ts'
import { isPrimitive, type NestedField, type PrimitiveType, typeToString } from '../../format/types.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { pruneFields } from '../../readers/projection.ts'
import { placesOf } from '../../writers/source-column.ts'

export interface KeyField {
  readonly field: NestedField & { readonly type: PrimitiveType }
  readonly path: readonly string[]
  /** The column that has it, alone in the structs around it. */
  readonly column: NestedField
  /** Its place among the members of each struct around it. */
  readonly places: readonly number[]
}

/**
 * The fields of `on`, else the table's identifier fields. Throws INVALID_ARGUMENT where there are none and for columns
 * that cannot be keys, UNSUPPORTED for floats, which no engine finds again for sure.
 */
export function keyFields(
  operation: string,
  schema: Schema,
  on: readonly ColumnPath[] | undefined,
): readonly KeyField[] {
  const ids = on === undefined ? schema.identifierFieldIds : idsOf(operation, schema, on)
  if (ids.length === 0 && on !== undefined) {
    throw invalidArgument(`${operation}: by which columns? 'on' names none`)
  }
  if (ids.length === 0) {
    throw invalidArgument(
      `${operation}: by which columns? The table has no identifier fields; give { on: ['…'] }, or set them`,
    )
  }
  return ids.map((id) => keyField(operation, schema, findFieldById(schema, id)!))
}

/**
 * Columns by which rows are in order, one or several. Throws INVALID_ARGUMENT for those that have no order.
 */
export function orderFields(
  operation: string,
  schema: Schema,
  orderBy: string | readonly ColumnPath[] | undefined,
): readonly KeyField[] {
  if (orderBy === undefined) return []
  const paths = typeof orderBy === 'string' ? [orderBy] : orderBy
  return idsOf(operation, schema, paths, 'orderBy').map((id) => {
    const found = findFieldById(schema, id)!
    return primitiveField(schema, found, (type) => {
      const name = found.path.join('.')
      return invalidArgument(`${operation}: column '${name}' is ${type}, which has no order`, {
        column: name,
      })
    })
  })
}

/** The same fields, where they stand in another schema that has them. */
export function keyFieldsOf(schema: Schema, fields: readonly KeyField[]): readonly KeyField[] {
  return fields.map((each) => {
    const { idPath } = findFieldById(schema, each.field.id)!
    return { ...each, places: placesOf(schema, idPath) }
  })
}

function idsOf(
  operation: string,
  schema: Schema,
  on: readonly ColumnPath[],
  option = 'on',
): readonly number[] {
  if (!Array.isArray(on)) {
    const expected = option === 'on' ? 'an array of columns' : 'a column, or an array of columns,'
    throw invalidArgument(`${operation}: expected ${expected} as '${option}', found ${describeValue(on)}`)
  }
  const ids = on.map((path) => {
    const found = findColumn(schema, path)
    if (found !== undefined) return found.field.id
    const name = typeof path === 'string' ? path : path.join('.')
    const names = [...fieldsById(schema).values()].map((one) => one.path.join('.'))
    const near = nearNames(name, names)
    const hint = near.length > 0 ? `; did you mean ${near.map((one) => `'${one}'`).join(', ')}?` : ''
    throw invalidArgument(`${operation}: there is no column '${name}', which '${option}' names${hint}`, {
      column: name,
    })
  })
  return [...new Set(ids)]
}

function keyField(operation: string, schema: Schema, found: SchemaField): KeyField {
  const name = found.path.join('.')
  const { kind } = found.field.type
  if (kind === 'float' || kind === 'double' || kind === 'unknown') {
    const type = typeToString(found.field.type)
    throw unsupported(`${operation}: column '${name}' is ${type}, which cannot be a key`, { column: name })
  }
  return primitiveField(schema, found, (type) =>
    invalidArgument(`${operation}: column '${name}' is ${type}, which cannot be a key`, { column: name }),
  )
}

/** Throws what `refuse` makes of another type, or of where it stands. */
function primitiveField(
  schema: Schema,
  { field, path, idPath, repeated }: SchemaField,
  refuse: (type: string) => MoraineError,
): KeyField {
  const { type } = field
  if (repeated) throw refuse('within a list or map')
  if (
    !isPrimitive(type) ||
    type.kind === 'geometry' ||
    type.kind === 'geography' ||
    type.kind === 'unknown'
  ) {
    throw refuse(typeToString(type))
  }
  const [column] = pruneFields(schema.fields, new Set([field.id]))
  return { field: { ...field, type }, path, column: column!, places: placesOf(schema, idPath) }
}

/** The key columns among those of the whole schema, each as `KeyField.column` has it. */
export function keyColumns(keys: readonly KeyField[], columns: readonly Data[]): readonly Data[] {
  return keys.map(({ places }) => alone(columns[places[0]!]!, places, 1))
}

function alone(data: Data, places: readonly number[], depth: number): Data {
  const place = places[depth]
  if (place === undefined) return data
  const child = alone(data.children[place]!, places, depth + 1)
  const type = new Struct([new Field('key', child.type, true)])
  const nullBitmap = data.nullCount > 0 ? (data.nullBitmap as Uint8Array) : undefined
  return arrowData(type, data.length, { nullBitmap, offset: data.offset, children: [child] })
}
