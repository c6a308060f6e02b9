/**
 * Iceberg types as plain data (spec: "Schemas and Data Types").
 *
 * Types compare by structure; use `typesEqual`. Field ids are positive ints below `RESERVED_FIELD_ID_START`.
 */

export type SimplePrimitiveKind =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'timestamp_ns'
  | 'timestamptz_ns'
  | 'string'
  | 'uuid'
  | 'binary'
  | 'unknown'

export interface SimplePrimitive {
  readonly kind: SimplePrimitiveKind
}
export interface DecimalType {
  readonly kind: 'decimal'
  /** 1 to 38. */
  readonly precision: number
  /** 0 to precision. */
  readonly scale: number
}
export interface FixedType {
  readonly kind: 'fixed'
  /** Bytes. */
  readonly length: number
}
export interface GeometryType {
  readonly kind: 'geometry'
  /** Absent means OGC:CRS84. */
  readonly crs?: string
}
export interface GeographyType {
  readonly kind: 'geography'
  readonly crs?: string
  /** Absent means spherical. */
  readonly algorithm?: string
}

export type PrimitiveType = SimplePrimitive | DecimalType | FixedType | GeometryType | GeographyType

/** Semi-structured; neither primitive nor nested in the spec's sense: it has no child field ids. */
export interface VariantType {
  readonly kind: 'variant'
}

export interface NestedField {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: Type
  readonly doc?: string
  /** What rows written before the field existed read as. `undefined` = not set. See `Value` for the form. */
  readonly initialDefault?: Value
  /** What writers store when a row leaves the field out. `undefined` = not set. */
  readonly writeDefault?: Value
}
export interface StructType {
  readonly kind: 'struct'
  readonly fields: readonly NestedField[]
}
export interface ListType {
  readonly kind: 'list'
  readonly elementId: number
  readonly elementRequired: boolean
  readonly element: Type
}
export interface MapType {
  readonly kind: 'map'
  readonly keyId: number
  readonly key: Type
  readonly valueId: number
  readonly valueRequired: boolean
  readonly value: Type
}

export type NestedType = StructType | ListType | MapType
export type Type = PrimitiveType | VariantType | NestedType

/**
 * The internal form of one primitive value, the same in bounds, partition tuples, defaults and literals:
 *
 * | type | form |
 * |---|---|
 * | boolean | boolean |
 * | int, date (days since 1970-01-01), float, double | number |
 * | long, time and timestamp(tz) (µs), timestamp(tz)_ns (ns) | bigint |
 * | decimal | bigint, unscaled |
 * | string | string (well-formed UTF-16) |
 * | uuid | string, dashed lower case |
 * | fixed, binary, geometry, geography (WKB) | Uint8Array |
 */
export type Literal = boolean | number | bigint | string | Uint8Array

/** `Literal`, null, or nested: a struct by field name (null prototype), a list, a map of pairs. */
export type Value = Literal | null | StructValue | readonly Value[] | MapValue
export interface StructValue {
  readonly [name: string]: Value
}
/** Entries in stored order. Kept as pairs: a map key may be a struct or bytes. */
export interface MapValue {
  readonly entries: readonly (readonly [Value, Value])[]
}

/** Ids from here up belong to metadata columns (spec: "Reserved Field IDs"). */
export const RESERVED_FIELD_ID_START = 2147483447

export const booleanType: SimplePrimitive = { kind: 'boolean' }
export const intType: SimplePrimitive = { kind: 'int' }
export const longType: SimplePrimitive = { kind: 'long' }
export const floatType: SimplePrimitive = { kind: 'float' }
export const doubleType: SimplePrimitive = { kind: 'double' }
export const dateType: SimplePrimitive = { kind: 'date' }
export const timeType: SimplePrimitive = { kind: 'time' }
export const timestampType: SimplePrimitive = { kind: 'timestamp' }
export const timestamptzType: SimplePrimitive = { kind: 'timestamptz' }
export const timestampNsType: SimplePrimitive = { kind: 'timestamp_ns' }
export const timestamptzNsType: SimplePrimitive = { kind: 'timestamptz_ns' }
export const stringType: SimplePrimitive = { kind: 'string' }
export const uuidType: SimplePrimitive = { kind: 'uuid' }
export const binaryType: SimplePrimitive = { kind: 'binary' }
export const unknownType: SimplePrimitive = { kind: 'unknown' }
export const variantType: VariantType = { kind: 'variant' }

export function decimalType(precision: number, scale: number): DecimalType {
  return { kind: 'decimal', precision, scale }
}
export function fixedType(length: number): FixedType {
  return { kind: 'fixed', length }
}
export function structType(fields: readonly NestedField[]): StructType {
  return { kind: 'struct', fields }
}

export function isNested(type: Type): type is NestedType {
  return type.kind === 'struct' || type.kind === 'list' || type.kind === 'map'
}
export function isPrimitive(type: Type): type is PrimitiveType {
  return !isNested(type) && type.kind !== 'variant'
}

/** The child fields of a nested type in the spec's terms: a list has `element`, a map `key` and `value`. */
export function childFields(type: NestedType): readonly NestedField[] {
  switch (type.kind) {
    case 'struct':
      return type.fields
    case 'list':
      return [{ id: type.elementId, name: 'element', required: type.elementRequired, type: type.element }]
    case 'map':
      return [
        { id: type.keyId, name: 'key', required: true, type: type.key },
        { id: type.valueId, name: 'value', required: type.valueRequired, type: type.value },
      ]
  }
}

/** Structural equality: kinds, parameters, child ids, names and requiredness. Docs and defaults do not count. */
export function typesEqual(a: Type, b: Type): boolean {
  if (a === b) return true
  switch (a.kind) {
    case 'decimal':
      return b.kind === 'decimal' && a.precision === b.precision && a.scale === b.scale
    case 'fixed':
      return b.kind === 'fixed' && a.length === b.length
    case 'geometry':
      return b.kind === 'geometry' && a.crs === b.crs
    case 'geography':
      return b.kind === 'geography' && a.crs === b.crs && a.algorithm === b.algorithm
    case 'struct':
    case 'list':
    case 'map':
      return isNested(b) && a.kind === b.kind && childFieldsEqual(childFields(a), childFields(b))
    default:
      return a.kind === b.kind
  }
}

function childFieldsEqual(a: readonly NestedField[], b: readonly NestedField[]): boolean {
  return (
    a.length === b.length &&
    a.every((field, i) => {
      const other = b[i]!
      return (
        field.id === other.id &&
        field.name === other.name &&
        field.required === other.required &&
        typesEqual(field.type, other.type)
      )
    })
  )
}

/** The type as the spec's JSON writes a primitive ("decimal(9, 2)"), nested ones as `struct<…>` for messages. */
export function typeToString(type: Type): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`
    case 'fixed':
      return `fixed[${type.length}]`
    case 'geometry':
      return type.crs === undefined ? 'geometry' : `geometry(${type.crs})`
    case 'geography':
      if (type.crs === undefined && type.algorithm === undefined) return 'geography'
      if (type.algorithm === undefined) return `geography(${type.crs})`
      return `geography(${type.crs ?? 'OGC:CRS84'}, ${type.algorithm})`
    case 'struct':
      return `struct<${type.fields.map((f) => `${f.id}: ${f.name}: ${f.required ? 'required' : 'optional'} ${typeToString(f.type)}`).join(', ')}>`
    case 'list':
      return `list<${typeToString(type.element)}>`
    case 'map':
      return `map<${typeToString(type.key)}, ${typeToString(type.value)}>`
    default:
      return type.kind
  }
}
