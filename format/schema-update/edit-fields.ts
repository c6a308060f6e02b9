import { childFields, type NestedField, type StructType, structType, type Type } from '../types.ts'

/** The fields with one edited, at any depth. `idPath` leads from the root to it. */
export function editField(
  fields: readonly NestedField[],
  idPath: readonly number[],
  edit: (field: NestedField) => NestedField,
): readonly NestedField[] {
  const [id, ...inside] = idPath
  return fields.map((field) => {
    if (field.id !== id) return field
    return inside.length === 0 ? edit(field) : { ...field, type: editInside(field.type, inside, edit) }
  })
}

/** The fields with the members of one struct edited; the empty path means the root. */
export function editMembers(
  fields: readonly NestedField[],
  structIdPath: readonly number[],
  edit: (members: readonly NestedField[]) => readonly NestedField[],
): readonly NestedField[] {
  if (structIdPath.length === 0) return edit(fields)
  return editField(fields, structIdPath, (field) => ({
    ...field,
    type: structType(edit((field.type as StructType).fields)),
  }))
}

/** What a list or map says of its parts is their type, and whether they may be null. */
function editInside(type: Type, idPath: readonly number[], edit: (field: NestedField) => NestedField): Type {
  switch (type.kind) {
    case 'struct':
      return structType(editField(type.fields, idPath, edit))
    case 'list': {
      const [element] = editField(childFields(type), idPath, edit)
      return { ...type, elementRequired: element!.required, element: element!.type }
    }
    case 'map': {
      const [key, value] = editField(childFields(type), idPath, edit)
      return { ...type, key: key!.type, valueRequired: value!.required, value: value!.type }
    }
    default:
      return type
  }
}
