import { type Data, DataType, Field, RecordBatch, Schema, Struct } from 'apache-arrow'

/** The batch without its columns of Arrow type Null, at any depth: Iceberg does not store unknown columns. */
export function storedColumns(batch: RecordBatch): RecordBatch {
  if (!batch.schema.fields.some((field) => holdsNull(field.type))) return batch
  const root = withoutNulls(batch.data) as Data<Struct>
  return new RecordBatch(new Schema(root.type.children, batch.schema.metadata), root)
}

function holdsNull(type: DataType): boolean {
  return DataType.isNull(type) || (type.children ?? []).some((child: Field) => holdsNull(child.type))
}

function withoutNulls(data: Data): Data {
  const kept = data.children.flatMap((child, i) => {
    const field = data.type.children[i] as Field
    if (DataType.isNull(field.type) && DataType.isStruct(data.type)) return []
    const stored = withoutNulls(child)
    return [{ stored, field: new Field(field.name, stored.type, field.nullable, field.metadata) }]
  })
  if (kept.length === 0) return data
  const fields = kept.map(({ field }) => field)
  return data.clone(
    withChildren(data.type, fields),
    data.offset,
    data.length,
    data.nullCount,
    data.buffers,
    kept.map(({ stored }) => stored),
  )
}

/** The same list, map or struct type over other children. */
function withChildren(type: DataType, children: readonly Field[]): DataType {
  if (DataType.isStruct(type)) return new Struct([...children])
  const copy = Object.create(Object.getPrototypeOf(type), Object.getOwnPropertyDescriptors(type)) as DataType
  return Object.defineProperty(copy, 'children', { value: [...children], enumerable: true })
}
