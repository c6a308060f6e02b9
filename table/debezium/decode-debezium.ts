/** Debezium's change events, as Kafka Connect's JSON converter writes them, become rows for an upsert with `op`. */
import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument, invalidData, unsupported } from '../../format/errors.ts'
import { type JsonObject, type JsonValue, parseJson } from '../../format/lossless-json.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { type ConnectSchema, connectRow, fieldsOf } from './connect-values.ts'

export interface DebeziumOptions {
  /** Columns to add, each with the value that the envelope has at a path, such as `{ lsn: 'source.lsn' }`. */
  readonly add?: Readonly<Record<string, string>>
}

/** A row of the table that a change is of, and in `__op` what became of it: `c`, `r`, `u` or `d`. */
// biome-ignore lint/suspicious/noExplicitAny: its columns are what the source says, and go wherever a row of the table goes
export type DebeziumRow = Readonly<Record<string, any>> & { readonly __op: string }

/**
 * The row of a change event: `after` of inserts, snapshots and updates, `before` of deletes. None for what changes no row:
 * a tombstone, which is null, and messages of the source's own (`m`). With `op: '__op'` an upsert takes it as it is.
 *
 * A message is JSON, as text, bytes or parsed, with its schema or without. By the schema, days, points in time, times,
 * decimals and bytes become what the columns of a table take; without one they stay numbers and text. An update of the key
 * is two events of Debezium's, so that no event needs to be split.
 *
 * Throws INVALID_DATA for what is no such event, and UNSUPPORTED for a truncation, and for a value that the source left out
 * because it did not change (`__debezium_unavailable_value`): the row would lose it.
 */
export function decodeDebezium(
  message: string | Uint8Array | object | null,
  options: DebeziumOptions = {},
): readonly DebeziumRow[] {
  checkOptions('decodeDebezium', options, ['add'])
  const { add = {} } = options
  if (!isObject(add) || Object.values(add).some((path) => typeof path !== 'string')) {
    throw invalidArgument("decodeDebezium: expected 'add' as { column: 'path.in.the.envelope' }")
  }
  const parsed = typeof message === 'string' || message instanceof Uint8Array ? parseJson(message) : message
  if (parsed === null) return []
  const { schema, envelope } = unwrapped(parsed as JsonObject)
  if (envelope === null) return []
  const { op } = envelope
  if (op === 'm') return []
  if (op === 't') {
    throw unsupported('the source table was truncated, which no row says: see that `truncate()` is meant')
  }
  const image = op === 'd' ? 'before' : 'after'
  if (op !== 'c' && op !== 'r' && op !== 'u' && op !== 'd') {
    throw invalidData(`a change event: expected op to be c, r, u, d, m or t, found ${describeValue(op)}`)
  }
  const row = envelope[image]
  if (!isObject(row)) {
    const hint = op === 'd' ? '; the source must have a REPLICA IDENTITY, or log whole rows' : ''
    throw invalidData(
      `a change event '${op}': expected a row as '${image}', found ${describeValue(row)}${hint}`,
    )
  }
  const both = Object.keys(add).find((column) => Object.hasOwn(row, column))
  if (both !== undefined) {
    throw invalidArgument(
      `decodeDebezium: the row has a column '${both}' of its own; add the other by another name`,
    )
  }
  const added = Object.entries(add).map(([column, path]) => [column, valueAt(envelope, path)])
  const columns = connectRow(schema?.get(image), row)
  return [Object.fromEntries([...Object.entries(columns), ...added, ['__op', op]]) as DebeziumRow]
}

interface Unwrapped {
  /** Of the envelope, by field. */
  readonly schema: ReadonlyMap<string, ConnectSchema> | undefined
  readonly envelope: JsonObject | null
}

/** With `schemas.enable` the envelope is the payload of a message. */
function unwrapped(message: JsonObject): Unwrapped {
  if (!isObject(message))
    throw invalidData(`a change event: expected an object, found ${describeValue(message)}`)
  if (!('payload' in message)) return { schema: undefined, envelope: message }
  const { schema, payload } = message
  if (payload !== null && !isObject(payload)) {
    throw invalidData(`a change event: expected an object as payload, found ${describeValue(payload)}`)
  }
  if (schema !== undefined && schema !== null && !isObject(schema)) {
    throw invalidData(`a change event: expected an object as schema, found ${describeValue(schema)}`)
  }
  return {
    schema: schema ? fieldsOf(schema as unknown as ConnectSchema) : undefined,
    envelope: payload as JsonObject | null,
  }
}

function valueAt(envelope: JsonObject, path: string): JsonValue {
  let value: JsonValue | undefined = envelope
  for (const name of path.split('.')) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  if (value !== undefined) return value
  throw invalidData(`a change event: expected a value at '${path}', found none`)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
