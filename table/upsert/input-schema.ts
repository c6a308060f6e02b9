import { type ColumnPath, columnName, requireColumn, requireTopColumn } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import { findFieldById, type Schema } from '../../format/schema.ts'
import { describeValue } from '../../format/values/mismatch.ts'

export interface PartialRows {
  readonly on?: readonly ColumnPath[] | undefined
  readonly partial?: readonly string[] | undefined
  readonly orderBy?: string | readonly ColumnPath[] | undefined
  readonly softDelete?: string | undefined
}

/**
 * Of the rows that an upsert takes: the table's, or where they are partial that of the columns named, and of those with
 * the keys. Throws INVALID_ARGUMENT for columns that there are not.
 */
export function inputSchema(
  operation: string,
  schema: Schema,
  { on, partial, orderBy, softDelete }: PartialRows,
): Schema {
  if (partial === undefined) return schema
  if (!Array.isArray(partial) || partial.length === 0) {
    throw invalidArgument(
      `${operation}: expected an array of columns as 'partial', at least one, found ${describeValue(partial)}`,
    )
  }
  const rootOf = (path: ColumnPath) => requireColumn(schema, path, operation).idPath[0]!
  const changed = partial.map((name) => {
    return requireTopColumn(schema, name, operation).id
  })
  const keys = on?.map(rootOf) ?? schema.identifierFieldIds.map((id) => findFieldById(schema, id)!.idPath[0]!)
  const tombstone = softDelete === undefined ? [] : [rootOf([softDelete])]
  const ids = new Set([...keys, ...changed, ...tombstone])
  for (const path of typeof orderBy === 'string' ? [orderBy] : (orderBy ?? [])) {
    if (ids.has(rootOf(path))) continue
    const column = columnName(path)
    throw invalidArgument(
      `${operation}: 'orderBy' needs column '${column}' in the rows; name it in 'partial'`,
      { column },
    )
  }
  return { ...schema, fields: schema.fields.filter(({ id }) => ids.has(id)) }
}
