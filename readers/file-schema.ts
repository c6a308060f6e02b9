import { mappedFieldId, type NameMapping } from '../format/name-mapping.ts'
import type { FileFooter } from '../format/parquet/footer.ts'
import { type FileSchema, fromParquetSchema } from '../format/parquet/parquet-schema.ts'
import type { Schema } from '../format/schema.ts'

/**
 * The columns of a data file with their field ids: its own, else those of the name mapping. A file without ids in a
 * table without mapping has its columns taken by position, as Iceberg Java does: the n-th column of the file is field
 * n. Members of structs have no id then, for a place in a struct says nothing once the struct was evolved.
 */
export function fileSchemaOf(
  footer: FileFooter,
  tableSchema: Schema,
  nameMapping: NameMapping | undefined,
): FileSchema {
  if (nameMapping !== undefined) {
    return fromParquetSchema(footer.schema, { nameMapping: (path) => mappedFieldId(nameMapping, path) })
  }
  const file = fromParquetSchema(footer.schema)
  if (file.hasFieldIds) return file
  const ids = idsByPosition(file, tableSchema)
  return fromParquetSchema(footer.schema, {
    nameMapping: (path) => (path.length === 1 ? ids.get(path[0]!) : undefined),
  })
}

function idsByPosition(file: FileSchema, tableSchema: Schema): ReadonlyMap<string, number> {
  const ids = new Map<string, number>()
  file.fields.forEach(({ name }, i) => {
    if (tableSchema.fields.some(({ id }) => id === i + 1)) ids.set(name, i + 1)
  })
  return ids
}
