/** Values of Kafka Connect's JSON converter, by what their schema says they mean. */
import { Buffer } from 'node:buffer'
import { invalidData, unsupported } from '../../format/errors.ts'
import type { JsonObject, JsonValue } from '../../format/lossless-json.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { formatDate, formatDecimal, formatTimestamp } from '../../format/values/text.ts'
import { readTwosComplement } from '../../format/values/twos-complement.ts'
import { isUnavailable } from './unavailable.ts'

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
  readonly keys?: ConnectSchema
  readonly values?: ConnectSchema
}

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
      if (!isObject(value)) throw unlike('a decimal with its scale', value)
      return decimal(value['value'], Number(value['scale']))
    },
  ],
])

/** The columns of a row. Throws UNSUPPORTED for a value that the source left out. */
export function connectRow(
  schema: ConnectSchema | undefined,
  row: JsonObject,
): Readonly<Record<string, unknown>> {
  const fields = schema === undefined ? new Map() : fieldsOf(schema)
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (isUnavailable(value)) throw leftOut(name)
      return [name, connectValue(fields.get(name), value)]
    }),
  )
}

/** The fields of a struct by name. */
export function fieldsOf({ fields = [] }: ConnectSchema): ReadonlyMap<string, ConnectSchema> {
  const isField = (field: unknown) =>
    isObject(field as JsonValue) && typeof (field as ConnectSchema).field === 'string'
  if (!Array.isArray(fields) || !fields.every(isField)) throw unlike('a schema with fields', fields)
  return new Map(fields.map((field) => [field.field as string, field]))
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
      return bytesOf(value)
    case 'struct':
      if (!isObject(value)) throw unlike('an object', value)
      return connectRow(schema, value)
    case 'array':
      if (!Array.isArray(value)) throw unlike('an array', value)
      return value.map((each) => connectValue(schema.items, each))
    case 'map':
      return entriesOf(value).map(([key, each]) => [
        connectValue(schema.keys, key),
        connectValue(schema.values, each),
      ])
    default:
      return value
  }
}

/** Maps with other keys than text are arrays of pairs. */
function entriesOf(value: JsonValue): readonly (readonly [JsonValue, JsonValue])[] {
  if (isObject(value)) return Object.entries(value)
  const isPair = (each: JsonValue) => Array.isArray(each) && each.length === 2
  if (!Array.isArray(value) || !value.every(isPair)) throw unlike('a map', value)
  return value as unknown as readonly (readonly [JsonValue, JsonValue])[]
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

function bytesOf(value: JsonValue | undefined): Uint8Array {
  if (typeof value !== 'string' || !BASE64.test(value)) throw unlike('bytes in base64', value)
  return Uint8Array.from(Buffer.from(value, 'base64'))
}

function unlike(expected: string, found: unknown): Error {
  return invalidData(`a change event: expected ${expected}, found ${describeValue(found)}`)
}

function integer(value: JsonValue): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return BigInt(value)
  throw unlike('an integer', value)
}

function microsOf(nanos: bigint): bigint {
  if (nanos % 1000n === 0n) return nanos / 1000n
  throw unsupported(`a time of ${nanos} ns: Iceberg's times are in microseconds`)
}

/** No column holds more. */
const MAX_DECIMAL_BYTES = 64
const MAX_SCALE = 100

function decimal(base64: JsonValue | undefined, scale: number): string {
  const bytes = bytesOf(base64)
  const isDecimal = bytes.length > 0 && bytes.length <= MAX_DECIMAL_BYTES
  if (!isDecimal || !Number.isInteger(scale) || Math.abs(scale) > MAX_SCALE) {
    throw invalidData(`a change event: expected a decimal, found ${bytes.length} bytes and scale ${scale}`)
  }
  const unscaled = readTwosComplement(bytes)
  return scale < 0 ? String(unscaled * 10n ** BigInt(-scale)) : formatDecimal(unscaled, scale)
}
