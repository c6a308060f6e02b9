/** Types as JSON (spec: "Appendix C: JSON serialization", Schemas). */
import { invalidData, type MoraineError } from './errors.ts'
import {
  asBoolean,
  asInt,
  asJsonArray,
  asJsonObject,
  asString,
  jsonObject,
  optional,
  required,
} from './json-fields.ts'
import { type JsonObject, type JsonValue, stringifyJson } from './lossless-json.ts'
import {
  isNested,
  type NestedField,
  type SimplePrimitiveKind,
  type StructType,
  type Type,
  typeToString,
} from './types.ts'
import { decodeValueJson, encodeValueJson } from './values/single-value-json.ts'

export function typeToJson(type: Type): JsonValue {
  if (!isNested(type)) return typeToString(type)
  switch (type.kind) {
    case 'struct':
      return jsonObject({ type: 'struct', fields: type.fields.map(fieldToJson) })
    case 'list':
      return jsonObject({
        type: 'list',
        'element-id': type.elementId,
        element: typeToJson(type.element),
        'element-required': type.elementRequired,
      })
    case 'map':
      return jsonObject({
        type: 'map',
        'key-id': type.keyId,
        key: typeToJson(type.key),
        'value-id': type.valueId,
        value: typeToJson(type.value),
        'value-required': type.valueRequired,
      })
  }
}

/** Reads a type; names of types may be in any case, with spaces around parameters. Throws INVALID_DATA. */
export function typeFromJson(json: JsonValue): Type {
  if (typeof json === 'string') return typeFromString(json)
  const object = asJsonObject(json, 'type')
  switch (object['type']) {
    case 'struct':
      return structFromJson(object)
    case 'list':
      return {
        kind: 'list',
        elementId: required(object, 'element-id', asFieldId, 'list'),
        elementRequired: required(object, 'element-required', asBoolean, 'list'),
        element: required(object, 'element', asType, 'list'),
      }
    case 'map':
      return {
        kind: 'map',
        keyId: required(object, 'key-id', asFieldId, 'map'),
        key: required(object, 'key', asType, 'map'),
        valueId: required(object, 'value-id', asFieldId, 'map'),
        valueRequired: required(object, 'value-required', asBoolean, 'map'),
        value: required(object, 'value', asType, 'map'),
      }
    default:
      throw unknownType(json)
  }
}

export function structFromJson(json: JsonObject): StructType {
  return { kind: 'struct', fields: required(json, 'fields', asJsonArray, 'struct').map(fieldFromJson) }
}

export function fieldToJson(field: NestedField): JsonObject {
  const { type, initialDefault, writeDefault } = field
  return jsonObject({
    id: field.id,
    name: field.name,
    required: field.required,
    type: typeToJson(type),
    doc: field.doc,
    'initial-default': initialDefault === undefined ? undefined : encodeValueJson(type, initialDefault),
    'write-default': writeDefault === undefined ? undefined : encodeValueJson(type, writeDefault),
  })
}

function fieldFromJson(json: JsonValue): NestedField {
  const object = asJsonObject(json, 'struct field')
  const name = required(object, 'name', asString, 'struct field')
  const what = `field '${name}'`
  const type = required(object, 'type', asType, what)
  const asDefault = (value: JsonValue | undefined) => decodeValueJson(type, value!)
  const doc = optional(object, 'doc', asString, what)
  const initialDefault = optional(object, 'initial-default', asDefault, what)
  const writeDefault = optional(object, 'write-default', asDefault, what)
  return {
    id: required(object, 'id', asFieldId, what),
    name,
    required: required(object, 'required', asBoolean, what),
    type,
    ...(doc === undefined ? {} : { doc }),
    ...(initialDefault === undefined ? {} : { initialDefault }),
    ...(writeDefault === undefined ? {} : { writeDefault }),
  }
}

function asType(json: JsonValue | undefined, what: string): Type {
  if (json === undefined) throw invalidData(`${what} is missing`, { rule: 'Appendix C: Schemas' })
  return typeFromJson(json)
}

function asFieldId(json: JsonValue | undefined, what: string): number {
  const id = asInt(json, what)
  if (id < 0)
    throw invalidData(`${what} must not be negative, found ${id}`, { rule: 'Schemas and Data Types' })
  return id
}

const simpleKinds = new Set<string>([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
  'unknown',
] satisfies SimplePrimitiveKind[])

const decimalText = /^decimal\s*\(\s*(\d{1,9})\s*,\s*(\d{1,9})\s*\)$/
const fixedText = /^fixed\s*\[\s*(\d{1,9})\s*\]$/
const geometryText = /^geometry\s*(?:\(\s*([^\s](?:.*[^\s])?)\s*\))?$/i
const geographyText = /^geography\s*(?:\(\s*([^\s,](?:[^,]*[^\s,])?)\s*(?:,\s*(\w+)\s*)?\))?$/i

function typeFromString(text: string): Type {
  const name = text.trim().toLowerCase()
  if (simpleKinds.has(name)) return { kind: name as SimplePrimitiveKind }
  if (name === 'variant') return { kind: 'variant' }
  const decimal = decimalText.exec(name)
  if (decimal !== null) return decimalFrom(Number(decimal[1]), Number(decimal[2]))
  const fixed = fixedText.exec(name)
  if (fixed !== null) return { kind: 'fixed', length: Number(fixed[1]) }
  // The coordinate system is an identifier: its case counts.
  const geometry = geometryText.exec(text.trim())
  if (geometry !== null)
    return { kind: 'geometry', ...(geometry[1] === undefined ? {} : { crs: geometry[1] }) }
  const geography = geographyText.exec(text.trim())
  if (geography !== null) {
    return {
      kind: 'geography',
      ...(geography[1] === undefined ? {} : { crs: geography[1] }),
      ...(geography[2] === undefined ? {} : { algorithm: geography[2].toLowerCase() }),
    }
  }
  throw unknownType(text)
}

function decimalFrom(precision: number, scale: number): Type {
  if (precision < 1 || precision > 38 || scale > precision) {
    throw invalidData(
      `decimal(${precision}, ${scale}) must have a precision of 1 to 38 and a scale within it`,
      {
        rule: 'Primitive Types',
      },
    )
  }
  return { kind: 'decimal', precision, scale }
}

function unknownType(json: JsonValue): MoraineError {
  const text = stringifyJson(json)
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text
  return invalidData(`unknown type ${shown}`, { rule: 'Appendix C: Schemas' })
}
