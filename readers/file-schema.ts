import { mappedFieldId, type NameMapping } from '../format/name-mapping.ts'
import type { FileFooter } from '../format/parquet/footer.ts'
import { type FileNode, type FileSchema, fromParquetSchema } from '../format/parquet/parquet-schema.ts'
import type { Schema } from '../format/schema.ts'
import type { Type } from '../format/types.ts'

/**
 * The columns of a data file with their field ids: its own, else those of the name mapping. A file without ids in a
 * table without mapping has its columns taken by position, as Iceberg Java does: the n-th column of the file is field
 * n, and below it parts follow the order of the table's type.
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
  return fromParquetSchema(footer.schema, { nameMapping: (path) => ids.get(keyOf(path)) })
}

function idsByPosition(file: FileSchema, tableSchema: Schema): ReadonlyMap<string, number> {
  const ids = new Map<string, number>()
  file.fields.forEach((node, i) => {
    const field = tableSchema.fields.find((candidate) => candidate.id === i + 1)
    if (field === undefined) return
    ids.set(keyOf([node.name]), field.id)
    number(node, field.type, [node.name], ids)
  })
  return ids
}

function number(node: FileNode, type: Type, path: readonly string[], ids: Map<string, number>): void {
  const { shape } = node
  const enter = (child: FileNode | undefined, name: string, id: number, childType: Type): void => {
    if (child === undefined) return
    const childPath = [...path, name]
    ids.set(keyOf(childPath), id)
    number(child, childType, childPath, ids)
  }
  if (shape.kind === 'struct' && type.kind === 'struct') {
    type.fields.forEach((field, i) => {
      const child = shape.fields[i]
      if (child !== undefined) enter(child, child.name, field.id, field.type)
    })
  } else if (shape.kind === 'list' && type.kind === 'list') {
    enter(shape.element, 'element', type.elementId, type.element)
  } else if (shape.kind === 'map' && type.kind === 'map') {
    enter(shape.key, 'key', type.keyId, type.key)
    enter(shape.value, 'value', type.valueId, type.value)
  }
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path)
}
