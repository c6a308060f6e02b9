/** How columns are named by people. */
import { invalidArgument } from './errors.ts'
import { nearNames } from './near-names.ts'
import { fieldsById, findFieldByName, findFieldByPath, type Schema, type SchemaField } from './schema.ts'
import type { NestedField } from './types.ts'

/** A full name (`customer.address.city`, `items.element.sku`), or the names one by one when a name holds dots. */
export type ColumnPath = string | readonly string[]

export function findColumn(schema: Pick<Schema, 'fields'>, path: ColumnPath): SchemaField | undefined {
  return typeof path === 'string' ? findFieldByName(schema, path) : findFieldByPath(schema, path)
}

/** Throws INVALID_ARGUMENT with the nearest names; `usedIn` begins its message. */
export function requireColumn(schema: Pick<Schema, 'fields'>, path: ColumnPath, usedIn: string): SchemaField {
  const found = findColumn(schema, path)
  if (found !== undefined) return found
  const known = [...fieldsById(schema).values()].map((entry) => entry.path.join('.'))
  const near = nearNames(columnName(path), known)
  const hint =
    near.length > 0 ? `did you mean '${near.join("' or '")}'?` : `there are: ${known.slice(0, 20).join(', ')}`
  throw invalidArgument(`${usedIn}: there is no column '${columnName(path)}'; ${hint}`, {
    column: columnName(path),
  })
}

/** A column that is in no other. Throws INVALID_ARGUMENT, which says so where the name is one within another. */
export function requireTopColumn(schema: Pick<Schema, 'fields'>, name: string, usedIn: string): NestedField {
  const field = schema.fields.find((each) => each.name === name)
  if (field !== undefined) return field
  const within = typeof name === 'string' ? findFieldByName(schema, name) : undefined
  if (within === undefined) return requireColumn(schema, [name], usedIn).field
  throw invalidArgument(
    `${usedIn}: '${name}' is within a column, and columns are taken whole here: name '${within.path[0]}'`,
    { column: name },
  )
}

export function columnName(path: ColumnPath): string {
  return typeof path === 'string' ? path : path.join('.')
}
