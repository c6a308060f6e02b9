/**
 * A row as one line of JSON, without loss. `docs/ndjson.md` is the contract; `decodeRowJson` takes back what
 * `encodeRowJson` gives.
 */
import { invalidArgument } from './errors.ts'
import { type JsonObject, type JsonValue, stringifyJson } from './lossless-json.ts'
import type { NestedField, Type } from './types.ts'
import { toLiteral } from './values/literal-input.ts'
import { bytesToHex, formatTime, formatTimestamp, hexToBytes } from './values/text.ts'

/**
 * The line, without its newline, of a row as scans yield it (long as bigint, map as Map, timestamps as bigint or
 * Date, …). `fields` are those of the scan. Throws INVALID_ARGUMENT for a row that lacks one of them.
 */
export function encodeRowJson(
  row: Readonly<Record<string, unknown>>,
  fields: readonly NestedField[],
): string {
  return encodeStruct(row, fields)
}

function encodeStruct(row: Readonly<Record<string, unknown>>, fields: readonly NestedField[]): string {
  const members = fields.map(({ name, type }) => {
    const value = row[name]
    if (value === undefined) {
      throw invalidArgument(`the row has no '${name}'; pass the fields of the scan that it came from`, {
        field: name,
      })
    }
    return `${stringifyJson(name)}:${encode(type, value)}`
  })
  return `{${members.join(',')}}`
}

function encode(type: Type, value: unknown): string {
  if (value === null) return 'null'
  switch (type.kind) {
    case 'struct':
      return encodeStruct(value as Readonly<Record<string, unknown>>, type.fields)
    case 'list':
      return `[${(value as readonly unknown[]).map((item) => encode(type.element, item)).join(',')}]`
    case 'map': {
      const pairs = [...(value as ReadonlyMap<unknown, unknown>)]
      return `[${pairs.map(([k, v]) => `[${encode(type.key, k)},${encode(type.value, v)}]`).join(',')}]`
    }
    case 'float':
    case 'double':
      return encodeDouble(value as number)
    case 'time':
      return quoted(formatTime(value as bigint))
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns': {
      const zone = type.kind.startsWith('timestamptz')
      const instant = typeof value === 'bigint' ? value : (toLiteral(type, value) as bigint)
      return quoted(formatTimestamp(instant, { zone, unit: type.kind.endsWith('_ns') ? 'ns' : 'us' }))
    }
    case 'fixed':
    case 'binary':
    case 'geometry':
    case 'geography':
      return quoted(bytesToHex(value as Uint8Array))
    default:
      return stringifyJson(value as JsonValue)
  }
}

function encodeDouble(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '"-0.0"' : String(value)
  return quoted(String(value))
}

function quoted(text: string): string {
  return `"${text}"`
}

/**
 * A row as `append` takes it, from parsed JSON: hex becomes bytes, `"NaN"` and its like numbers; all else is left
 * for the writer to check against the column. Keys that are no column stay, so that the writer names them.
 */
export function decodeRowJson(json: JsonValue, fields: readonly NestedField[]): Record<string, unknown> {
  if (!isObject(json)) throw invalidArgument(`expected a JSON object for a row, found ${describe(json)}`)
  return decodeStruct(json, fields)
}

function decodeStruct(json: JsonObject, fields: readonly NestedField[]): Record<string, unknown> {
  const row: Record<string, unknown> = Object.assign(Object.create(null), json)
  for (const field of fields) {
    const value = json[field.name]
    if (value !== undefined) row[field.name] = decode(field.type, value)
  }
  return row
}

function decode(type: Type, json: JsonValue): unknown {
  if (json === null) return null
  switch (type.kind) {
    case 'struct':
      return isObject(json) ? decodeStruct(json, type.fields) : json
    case 'list':
      return Array.isArray(json) ? json.map((item) => decode(type.element, item)) : json
    case 'map':
      return decodeMap(type.key, type.value, json)
    case 'float':
    case 'double':
      return decodeDouble(json)
    case 'fixed':
    case 'binary':
    case 'geometry':
    case 'geography':
      return typeof json === 'string' ? hexToBytes(json) : json
    case 'decimal':
      // A whole number is its own digits; as a bigint the writer would take it for unscaled units.
      return typeof json === 'bigint' || Number.isSafeInteger(json) ? String(json) : json
    default:
      return json
  }
}

/** Digits of a whole number beyond 2^53 are parsed as a bigint; here they are a double's. */
function decodeDouble(json: JsonValue): unknown {
  if (typeof json === 'bigint') return Number.isFinite(Number(json)) ? Number(json) : json
  return typeof json === 'string' && /^(NaN|-?Infinity|-0\.0)$/.test(json) ? Number(json) : json
}

/** An array of pairs, or an object where keys are strings. */
function decodeMap(keyType: Type, valueType: Type, json: JsonValue): unknown {
  if (Array.isArray(json)) {
    return json.map((pair) =>
      Array.isArray(pair) && pair.length === 2
        ? [decode(keyType, pair[0]), decode(valueType, pair[1])]
        : pair,
    )
  }
  if (!isObject(json)) return json
  return Object.entries(json).map(([key, value]) => [key, decode(valueType, value)])
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function describe(json: JsonValue): string {
  return Array.isArray(json) ? 'an array' : json === null ? 'null' : `a ${typeof json}`
}
