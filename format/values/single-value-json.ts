/** JSON single-value serialization (spec: Appendix D): defaults in schemas, values in the REST protocol. */
import { invalidData, isMoraineError, messageOf, unsupported } from '../errors.ts'
import { type JsonObject, type JsonValue, jsonDouble } from '../lossless-json.ts'
import {
  isPrimitive,
  type Literal,
  type MapType,
  type MapValue,
  type PrimitiveType,
  type StructType,
  type StructValue,
  type Type,
  typeToString,
  type Value,
} from '../types.ts'
import { toLiteral } from './literal-input.ts'
import { describeValue } from './mismatch.ts'
import {
  bytesToHex,
  formatDate,
  formatDecimal,
  formatTime,
  formatTimestamp,
  hexToBytes,
  timestampForm,
} from './text.ts'

const RULE = 'Appendix D: JSON single-value serialization'
const NON_FINITE: ReadonlyMap<JsonValue, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/**
 * The value as JSON. Struct members that are undefined are left out; NaN and the infinities, for which JSON has no
 * number, become the strings that Iceberg Java prints.
 */
export function encodeValueJson(type: Type, value: Value): JsonValue {
  if (value === null) return null
  switch (type.kind) {
    case 'struct':
      return encodeStruct(type, value as StructValue)
    case 'list':
      return (value as readonly Value[]).map((element) => encodeValueJson(type.element, element))
    case 'map': {
      const { entries } = value as MapValue
      return {
        keys: entries.map(([key]) => encodeValueJson(type.key, key)),
        values: entries.map(([, mapped]) => encodeValueJson(type.value, mapped)),
      }
    }
    case 'variant':
      throw unsupported('a value of type variant has no JSON form; its default must be null')
    default:
      return encodeLiteral(type, value as Literal)
  }
}

/**
 * The value in its internal form; `INVALID_DATA` where the JSON does not fit the type. Struct members that the JSON
 * leaves out stay out, so that the member's own default can take their place; ids of unknown members are ignored.
 */
export function decodeValueJson(type: Type, json: JsonValue): Value {
  if (json === null) return null
  if (isPrimitive(type)) return decodeLiteral(type, json)
  switch (type.kind) {
    case 'struct':
      return decodeStruct(type, json)
    case 'list':
      if (!isArray(json)) throw unfit(type, 'an array', json)
      return json.map((element) => decodeValueJson(type.element, element))
    case 'map':
      return decodeMap(type, json)
    case 'variant':
      throw unfit(type, 'null', json)
  }
}

function encodeLiteral(type: PrimitiveType, value: Literal): JsonValue {
  switch (type.kind) {
    case 'float':
    case 'double':
      return Number.isFinite(value) ? jsonDouble(value as number) : String(value)
    case 'date':
      return formatDate(value as number)
    case 'time':
      return formatTime(value as bigint)
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return formatTimestamp(value as bigint, timestampForm(type)!)
    case 'decimal':
      return formatDecimal(value as bigint, type.scale)
    case 'fixed':
    case 'binary':
      return bytesToHex(value as Uint8Array)
    case 'boolean':
    case 'int':
    case 'long':
    case 'string':
    case 'uuid':
      return value as JsonValue
    case 'geometry':
    case 'geography':
    case 'unknown':
      throw unsupported(
        `a value of type ${typeToString(type)} has no JSON form here; its default must be null`,
      )
  }
}

function encodeStruct(type: StructType, value: StructValue): JsonObject {
  const json: Record<string, JsonValue> = Object.create(null)
  for (const field of type.fields) {
    const member = value[field.name]
    if (member !== undefined) json[field.id] = encodeValueJson(field.type, member)
  }
  return json
}

function decodeLiteral(type: PrimitiveType, json: JsonValue): Literal {
  switch (type.kind) {
    case 'boolean':
      return fitting(type, 'true or false', json, typeof json === 'boolean')
    case 'int':
    case 'long':
      return fitting(type, 'an integer', json, typeof json === 'number' || typeof json === 'bigint')
    case 'float':
    case 'double':
      if (NON_FINITE.has(json)) return NON_FINITE.get(json)!
      // A double may be written as an integer of any length; it reads as the nearest one.
      return fitting(
        type,
        'a number',
        typeof json === 'bigint' ? Number(json) : json,
        typeof json !== 'string',
      )
    case 'timestamptz':
    case 'timestamptz_ns':
      return fitting(type, 'text that ends in +00:00', json, isText(json) && /([Zz]|[+-]00:00)$/.test(json))
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamp_ns':
    case 'decimal':
    case 'string':
    case 'uuid':
      return fitting(type, 'text', json, isText(json))
    case 'fixed':
    case 'binary':
      if (!isText(json)) throw unfit(type, 'text of hex digits', json)
      return fitting(
        type,
        'hex digits',
        decoding(type, () => hexToBytes(json)),
        true,
      )
    case 'geometry':
    case 'geography':
    case 'unknown':
      throw unfit(type, 'null', json)
  }
}

function decodeStruct(type: StructType, json: JsonValue): StructValue {
  if (!isObject(json)) throw unfit(type, 'an object by field id', json)
  const value: Record<string, Value> = Object.create(null)
  for (const field of type.fields) {
    const member = json[field.id]
    if (member !== undefined) value[field.name] = decodeValueJson(field.type, member)
  }
  return value
}

function decodeMap(type: MapType, json: JsonValue): MapValue {
  const { keys, values } = isObject(json) ? json : {}
  if (!isArray(keys) || !isArray(values) || keys.length !== values.length) {
    throw unfit(type, 'an object with keys and values of one length', json)
  }
  return {
    entries: keys.map((key, i) => [decodeValueJson(type.key, key), decodeValueJson(type.value, values[i]!)]),
  }
}

/** The literal, once `json` is known to be of the JSON kind that the type is stored as. */
function fitting(
  type: PrimitiveType,
  expected: string,
  json: JsonValue | Uint8Array,
  fits: boolean,
): Literal {
  if (!fits) throw unfit(type, expected, json)
  return decoding(type, () => toLiteral(type, json))
}

function decoding<T>(type: Type, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!isMoraineError(error, 'INVALID_ARGUMENT')) throw error
    throw invalidData(`a ${typeToString(type)} value: ${messageOf(error)}`, { rule: RULE }, error)
  }
}

function unfit(type: Type, expected: string, json: unknown) {
  const message = `a ${typeToString(type)} value: expected ${expected}, found ${describeValue(json)}`
  return invalidData(message, { rule: RULE })
}

function isText(json: JsonValue): json is string {
  return typeof json === 'string'
}

function isArray(json: JsonValue | undefined): json is readonly JsonValue[] {
  return Array.isArray(json)
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !isArray(json)
}
