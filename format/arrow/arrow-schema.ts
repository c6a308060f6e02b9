import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow'
import { childFields, type MapType, type NestedField, type Type } from '../types.ts'

/** Where Parquet writers look for a field's id in Arrow metadata. */
export const FIELD_ID_KEY = 'PARQUET:field_id'

/** The Arrow schema of a table, the one form in which rows travel in batches. Metadata holds every field's id. */
export function arrowSchemaOf(fields: readonly NestedField[]): Schema {
  return new Schema(fields.map(arrowFieldOf))
}

export function arrowFieldOf(field: NestedField): Field {
  const metadata = new Map([[FIELD_ID_KEY, String(field.id)]])
  return new Field(field.name, arrowTypeOf(field.type), !field.required, metadata)
}

/**
 * The Arrow type of an Iceberg type: int64 for long, time and timestamps with their units, FixedSizeBinary(16) for
 * uuid, 128-bit decimals, list<element>, map<key_value<key, value>>, Null for unknown.
 */
export function arrowTypeOf(type: Type): DataType {
  switch (type.kind) {
    case 'boolean':
      return new Bool()
    case 'int':
      return new Int32()
    case 'long':
      return new Int64()
    case 'float':
      return new Float32()
    case 'double':
      return new Float64()
    case 'date':
      return new DateDay()
    case 'time':
      return new TimeMicrosecond()
    case 'timestamp':
      return new TimestampMicrosecond()
    case 'timestamptz':
      return new TimestampMicrosecond('UTC')
    case 'timestamp_ns':
      return new TimestampNanosecond()
    case 'timestamptz_ns':
      return new TimestampNanosecond('UTC')
    case 'string':
      return new Utf8()
    case 'uuid':
      return new FixedSizeBinary(16)
    case 'fixed':
      return new FixedSizeBinary(type.length)
    case 'binary':
    case 'geometry':
    case 'geography':
      return new Binary()
    case 'decimal':
      return new Decimal(type.scale, type.precision, 128)
    case 'unknown':
      return new Null()
    case 'struct':
      return new Struct(type.fields.map(arrowFieldOf))
    case 'list':
      return new List(arrowFieldOf(childFields(type)[0]!))
    case 'map':
      return arrowMapOf(type)
    case 'variant':
      return new Struct([new Field('metadata', new Binary(), false), new Field('value', new Binary(), false)])
  }
}

function arrowMapOf(type: MapType): Map_ {
  const [key, value] = childFields(type).map(arrowFieldOf)
  const map = new Map_(
    new Field('key_value', new Struct<{ key: DataType; value: DataType }>([key!, value!]), false),
  )
  // Map_ renames its child to 'entries', which the Parquet spec does not allow.
  const entries = map.children[0] as { name: string }
  entries.name = 'key_value'
  return map
}
