/** Values of Kafka Connect's JSON converter, by what their schema says they mean. */
import { Buffer } from 'node:buffer'
import { invalidData, unsupported } from '../../format/errors.ts'
import type { JsonObject, JsonValue } from '../../format/lossless-json.ts'
import { formatDate, formatDecimal, formatTimestamp } from '../../format/values/text.ts'
import { readTwosComplement } from '../../format/values/twos-complement.ts'

/** What is used of a schema. */
export interface ConnectSchema {
  readonly type: string
  /** The name of the field, within a struct. */
  readonly field?: string
  /** What the value means, such as `io.debezium.time.Date`. */
  readonly name?: string
  readonly parameters?: { readonly scale?: string }
  readonly fields?: readonly ConnectSchema[]
  readonly items?: ConnectSchema
  readonly values?: ConnectSchema
}

/** What stands for a large value that an update left as it was, and the same as bytes. */
const UNAVAILABLE = '__debezium_unavailable_value'
const UNAVAILABLE_BYTES = Buffer.from(UNAVAILABLE).toString('base64')

const LOCAL_MICROS = { zone: false, unit: 'us' } as const
const LOCAL_NANOS = { zone: false, unit: 'ns' } as const

type Meaning = (value: JsonValue, schema: ConnectSchema) => unknown

const date: Meaning = (value) => formatDate(Number(integer(value)))
const fromMillis: Meaning = (value) => formatTimestamp(integer(value) * 1000n, LOCAL_MICROS)
const timeOfMillis: Meaning = (value) => integer(value) * 1000n

/** By name of a schema. */
const MEANINGS = new Map<string, Meaning>([
  ['io.debezium.time.Date', date],
  ['org.apache.kafka.connect.data.Date', date],
  ['io.debezium.time.Timestamp', fromMillis],
  ['org.apache.kafka.connect.data.Timestamp', fromMillis],
  ['io.debezium.time.MicroTimestamp', (value) => formatTimestamp(integer(value), LOCAL_MICROS)],
  ['io.debezium.time.NanoTimestamp', (value) => formatTimestamp(integer(value), LOCAL_NANOS)],
  ['io.debezium.time.Time', timeOfMillis],
  ['org.apache.kafka.connect.data.Time', timeOfMillis],
  ['io.debezium.time.MicroTime', integer],
  ['io.debezium.time.NanoTime', (value) => microsOf(integer(value))],
  [
    'org.apache.kafka.connect.data.Decimal',
    // The converter writes plain numbers too, where it was told to; with a fraction these may be rounded already.
    (value, { parameters }) =>
      typeof value === 'string' ? decimal(value, Number(parameters?.scale)) : String(integer(value)),
  ],
  [
    'io.debezium.data.VariableScaleDecimal',
    (value) => {
      const { scale, value: unscaled } = value as JsonObject
      return decimal(unscaled as string, Number(scale))
    },
  ],
])

/** The columns of a row. Throws UNSUPPORTED for a value that the source left out. */
export function connectRow(
  schema: ConnectSchema | undefined,
  row: JsonObject,
): Readonly<Record<string, unknown>> {
  const fields = new Map(schema?.fields?.map((field) => [field.field, field]))
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value === UNAVAILABLE || value === UNAVAILABLE_BYTES) throw leftOut(name)
      return [name, connectValue(fields.get(name), value)]
    }),
  )
}

function leftOut(column: string): Error {
  return unsupported(
    `column '${column}' is left out of a change event, because the update did not change it: ` +
      'let the source send whole rows (REPLICA IDENTITY FULL)',
    { column },
  )
}

function connectValue(schema: ConnectSchema | undefined, value: JsonValue): unknown {
  if (value === null || schema === undefined) return value
  const meaning = schema.name === undefined ? undefined : MEANINGS.get(schema.name)
  if (meaning !== undefined) return meaning(value, schema)
  switch (schema.type) {
    case 'bytes':
      return Uint8Array.from(Buffer.from(value as string, 'base64'))
    case 'struct':
      return connectRow(schema, value as JsonObject)
    case 'array':
      return (value as readonly JsonValue[]).map((each) => connectValue(schema.items, each))
    case 'map':
      return entriesOf(value).map(([key, each]) => [key, connectValue(schema.values, each)])
    default:
      return value
  }
}

/** Maps with other keys than text are arrays of pairs. */
function entriesOf(value: JsonValue): readonly (readonly [JsonValue, JsonValue])[] {
  return Array.isArray(value)
    ? (value as unknown as readonly (readonly [JsonValue, JsonValue])[])
    : Object.entries(value as JsonObject)
}

function integer(value: JsonValue): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return BigInt(value)
  throw invalidData(`a change event: expected an integer, found ${String(value)}`)
}

function microsOf(nanos: bigint): bigint {
  if (nanos % 1000n === 0n) return nanos / 1000n
  throw unsupported(`a time of ${nanos} ns: Iceberg's times are in microseconds`)
}

/** No column holds more. */
const MAX_DECIMAL_BYTES = 64
const MAX_SCALE = 100

function decimal(base64: string, scale: number): string {
  const bytes = Buffer.from(base64, 'base64')
  const isDecimal = bytes.length > 0 && bytes.length <= MAX_DECIMAL_BYTES
  if (!isDecimal || !Number.isInteger(scale) || Math.abs(scale) > MAX_SCALE) {
    throw invalidData(`a change event: expected a decimal, found ${bytes.length} bytes and scale ${scale}`)
  }
  const unscaled = readTwosComplement(bytes)
  return scale < 0 ? String(unscaled * 10n ** BigInt(-scale)) : formatDecimal(unscaled, scale)
}
