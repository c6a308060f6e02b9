import { type Data, DataType, Decimal, Field, RecordBatch, Schema, Struct } from 'apache-arrow'

/**
 * The batch as an encoder takes it. Columns of Arrow type Null are left out, at any depth: Iceberg does not store
 * unknown columns. Decimals of one digit are given two, since arrow-rs would make an INT64 of the first kind, where
 * Iceberg has INT32.
 */
export function storedColumns(batch: RecordBatch): RecordBatch {
  if (!batch.schema.fields.some((field) => isStoredOtherwise(field.type))) return batch
  const root = storedData(batch.data) as Data<Struct>
  return new RecordBatch(new Schema(root.type.children, batch.schema.metadata), root)
}

function isStoredOtherwise(type: DataType): boolean {
  return (
    DataType.isNull(type) ||
    isOneDigit(type) ||
    (type.children ?? []).some((child: Field) => isStoredOtherwise(child.type))
  )
}

function isOneDigit(type: DataType): type is Decimal {
  return DataType.isDecimal(type) && type.precision === 1
}

function storedData(data: Data): Data {
  const { type } = data
  if (isOneDigit(type)) return data.clone(new Decimal(type.scale, 2, type.bitWidth))
  const kept = data.children.flatMap((child, i) => {
    const field = type.children[i] as Field
    if (DataType.isNull(field.type) && DataType.isStruct(type)) return []
    const stored = storedData(child)
    return [{ stored, field: new Field(field.name, stored.type, field.nullable, field.metadata) }]
  })
  if (kept.length === 0) return data
  const fields = kept.map(({ field }) => field)
  return data.clone(
    withChildren(type, fields),
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
