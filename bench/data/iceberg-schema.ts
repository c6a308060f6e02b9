import { type DataType, type Field, Type as Id, type Int } from 'apache-arrow'
import type { NestedField, Schema, Type } from '../../index.ts'

/** The Iceberg schema of generated Arrow data; its ids are placeholders that a table assigns anew. */
export function icebergSchema(fields: readonly Field[]): Schema {
  let lastId = 0
  const nested = (all: readonly Field[]): NestedField[] =>
    all.map(({ name, type }) => ({ id: ++lastId, name, required: false, type: typeOf(type) }))
  const typeOf = (type: DataType): Type => {
    switch (type.typeId) {
      case Id.Bool:
        return { kind: 'boolean' }
      case Id.Int:
        return { kind: (type as Int).bitWidth === 64 ? 'long' : 'int' }
      case Id.Float:
        return { kind: 'double' }
      case Id.Utf8:
        return { kind: 'string' }
      case Id.Date:
        return { kind: 'date' }
      case Id.Timestamp:
        return { kind: 'timestamptz' }
      case Id.Struct:
        return { kind: 'struct', fields: nested(type.children) }
      case Id.List:
        return {
          kind: 'list',
          elementId: ++lastId,
          elementRequired: false,
          element: typeOf(type.children[0]!.type),
        }
      default:
        throw new Error(`the generated data has no ${type}`)
    }
  }
  return { schemaId: 0, fields: nested(fields), identifierFieldIds: [] }
}
