/**
 * Reading typed fields out of parsed JSON. Every reader throws INVALID_DATA that names the object (`what`), the
 * field, what is expected and what was found. An optional field that is null reads as absent, as in Iceberg Java.
 */
import { invalidData, type MoraineError } from './errors.ts'
import { type JsonObject, type JsonValue, stringifyJson } from './lossless-json.ts'

const INT32_MAX = 2147483647
const INT64_MAX = 2n ** 63n - 1n

export function asJsonObject(json: JsonValue | undefined, what: string): JsonObject {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw wrong(what, 'an object', json)
  }
  return json as JsonObject
}

export function asJsonArray(json: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (!Array.isArray(json)) throw wrong(what, 'an array', json)
  return json
}

export function asString(json: JsonValue | undefined, what: string): string {
  if (typeof json !== 'string') throw wrong(what, 'a string', json)
  return json
}

export function asBoolean(json: JsonValue | undefined, what: string): boolean {
  if (typeof json !== 'boolean') throw wrong(what, 'true or false', json)
  return json
}

/** A 32-bit integer. */
export function asInt(json: JsonValue | undefined, what: string): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json > INT32_MAX || json < -INT32_MAX - 1) {
    throw wrong(what, 'a 32-bit integer', json)
  }
  return json
}

/** A 64-bit integer. */
export function asLong(json: JsonValue | undefined, what: string): bigint {
  const isInteger = typeof json === 'bigint' || (typeof json === 'number' && Number.isSafeInteger(json))
  const value = isInteger ? BigInt(json as number | bigint) : undefined
  if (value === undefined || value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw wrong(what, 'a 64-bit integer', json)
  }
  return value
}

/** Milliseconds since the epoch. */
export function asTimestampMs(json: JsonValue | undefined, what: string): number {
  if (typeof json !== 'number' || !Number.isSafeInteger(json)) throw wrong(what, 'milliseconds', json)
  return json
}

/** The field read with one of the readers above; `what` gains the field's name. */
export function required<T>(
  object: JsonObject,
  key: string,
  read: (json: JsonValue | undefined, what: string) => T,
  what: string,
): T {
  return read(object[key], `${what}: '${key}'`)
}

/** As `required`, but a missing or null field is undefined. */
export function optional<T>(
  object: JsonObject,
  key: string,
  read: (json: JsonValue | undefined, what: string) => T,
  what: string,
): T | undefined {
  const json = object[key]
  return json === undefined || json === null ? undefined : read(json, `${what}: '${key}'`)
}

/** Reads every element of an array with `read`. */
export function listOf<T>(
  read: (json: JsonValue, what: string) => T,
): (json: JsonValue | undefined, what: string) => T[] {
  return (json, what) => asJsonArray(json, what).map((element, i) => read(element, `${what}[${i}]`))
}

/** An object of strings, as a null-prototype record. */
export function asStringMap(json: JsonValue | undefined, what: string): Record<string, string> {
  const map: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(asJsonObject(json, what))) {
    map[key] = asString(value, `${what}: '${key}'`)
  }
  return map
}

/** A null-prototype JSON object of the given fields, without those that are undefined. */
export function jsonObject(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const object: Record<string, JsonValue> = Object.create(null)
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) object[key] = value
  }
  return object
}

/** The fields whose names are not in `known`, or undefined when there are none. */
export function unknownFields(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  const entries = Object.entries(object).filter(([key]) => !known.has(key))
  if (entries.length === 0) return undefined
  const unknown: Record<string, JsonValue> = Object.create(null)
  for (const [key, value] of entries) unknown[key] = value
  return unknown
}

function wrong(what: string, expected: string, found: JsonValue | undefined): MoraineError {
  const text = found === undefined ? 'nothing' : abbreviate(found)
  return invalidData(`${what} must be ${expected}, found ${text}`, { rule: 'Appendix C: JSON serialization' })
}

function abbreviate(json: JsonValue): string {
  const kind = Array.isArray(json)
    ? 'an array'
    : typeof json === 'object' && json !== null
      ? 'an object'
      : undefined
  const text = kind ?? stringifyJson(json)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
