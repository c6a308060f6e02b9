/** Random schemas, and lines of NDJSON in the very form that `docs/ndjson.md` lays down for them. */
import fc from 'fast-check'
import type { Schema, Type } from '../../index.ts'

export interface RandomTable {
  readonly schema: Schema
  readonly lines: readonly string[]
}

/** A type with the JSON texts of its values; never `null`. */
interface Kind<T extends Type = Type> {
  readonly type: T
  readonly text: fc.Arbitrary<string>
}

type StructType = Extract<Type, { kind: 'struct' }>

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const limit38 = 10n ** 38n - 1n
const hex = (bytes: Uint8Array) => `"${Buffer.from(bytes).toString('hex')}"`

const primitives: readonly Kind[] = [
  { type: { kind: 'boolean' }, text: fc.boolean().map(String) },
  { type: { kind: 'int' }, text: fc.integer().map(String) },
  { type: { kind: 'long' }, text: int64.map(String) },
  { type: { kind: 'float' }, text: fc.float().map(doubleText) },
  { type: { kind: 'double' }, text: fc.double().map(doubleText) },
  { type: { kind: 'decimal', precision: 9, scale: 2 }, text: decimalText(9, 2) },
  { type: { kind: 'decimal', precision: 18, scale: 0 }, text: decimalText(18, 0) },
  { type: { kind: 'decimal', precision: 38, scale: 38 }, text: decimalText(38, 38) },
  { type: { kind: 'date' }, text: instants().map((text) => `"${text.slice(0, 10)}"`) },
  { type: { kind: 'time' }, text: instants().map((text) => `"${text.slice(11)}"`) },
  { type: { kind: 'timestamp' }, text: instants().map((text) => `"${text}"`) },
  { type: { kind: 'timestamptz' }, text: instants().map((text) => `"${text}+00:00"`) },
  { type: { kind: 'timestamp_ns' }, text: nanoseconds().map((text) => `"${text}"`) },
  { type: { kind: 'timestamptz_ns' }, text: nanoseconds().map((text) => `"${text}+00:00"`) },
  { type: { kind: 'string' }, text: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  { type: { kind: 'uuid' }, text: fc.uuid().map((uuid) => `"${uuid}"`) },
  { type: { kind: 'fixed', length: 3 }, text: fc.uint8Array({ minLength: 3, maxLength: 3 }).map(hex) },
  { type: { kind: 'binary' }, text: fc.uint8Array({ maxLength: 20 }).map(hex) },
]

const oddNames = [
  '__proto__',
  'constructor',
  'toString',
  'with.dot',
  'a,b',
  '"',
  ' ',
  '0',
  'key_value',
  'element',
  '\u001b[31m',
  'Größe',
  '👍',
  'line\nbreak',
]
const name = fc.oneof(
  fc.constantFrom(...oddNames),
  fc.string({ minLength: 2, maxLength: 8, unit: 'grapheme' }).map((text) => text.replaceAll('.', '-')),
)

/** Tables with one to six columns, at most two levels deep below a column, and zero to eight lines. */
export const randomTable: fc.Arbitrary<RandomTable> = rowKind(2, 6).chain(({ type, text }) =>
  fc.array(text, { maxLength: 8 }).map((lines) => ({
    schema: { schemaId: 0, fields: type.fields, identifierFieldIds: [] },
    lines,
  })),
)

function anyKind(depth: number): fc.Arbitrary<Kind> {
  const primitive = fc.constantFrom(...primitives)
  if (depth === 0) return primitive
  return fc.oneof(
    { weight: 5, arbitrary: primitive },
    { weight: 1, arbitrary: rowKind(depth - 1, 3) },
    { weight: 1, arbitrary: fc.tuple(anyKind(depth - 1), fc.boolean()).map(listKind) },
    { weight: 1, arbitrary: fc.tuple(anyKind(0), anyKind(depth - 1), fc.boolean()).map(mapKind) },
  )
}

let lastId = 0

function rowKind(depth: number, maxFields: number): fc.Arbitrary<Kind<StructType>> {
  const member = fc.record({ name, kind: anyKind(depth), required: fc.boolean() })
  const members = fc.uniqueArray(member, { minLength: 1, maxLength: maxFields, selector: (m) => m.name })
  return members.map((given) => ({
    type: {
      kind: 'struct' as const,
      fields: given.map(({ name, kind, required }) => ({
        id: ++lastId,
        name,
        required,
        type: kind.type,
      })),
    },
    text: fc
      .tuple(...given.map(({ kind, required }) => (required ? kind.text : orNull(kind.text))))
      .map((texts) => `{${texts.map((text, i) => `${JSON.stringify(given[i]!.name)}:${text}`).join(',')}}`),
  }))
}

function listKind([element, elementRequired]: [Kind, boolean]): Kind {
  return {
    type: { kind: 'list', elementId: ++lastId, elementRequired, element: element.type },
    text: fc
      .array(elementRequired ? element.text : orNull(element.text), { maxLength: 4 })
      .map((texts) => `[${texts.join(',')}]`),
  }
}

function mapKind([key, value, valueRequired]: [Kind, Kind, boolean]): Kind {
  const pair = fc.tuple(key.text, valueRequired ? value.text : orNull(value.text))
  return {
    type: {
      kind: 'map',
      keyId: ++lastId,
      key: key.type,
      valueId: ++lastId,
      valueRequired,
      value: value.type,
    },
    text: fc
      .uniqueArray(pair, { maxLength: 4, selector: ([text]) => text })
      .map((pairs) => `[${pairs.map(([k, v]) => `[${k},${v}]`).join(',')}]`),
  }
}

function orNull(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: fc.constant('null') })
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return '"-0.0"'
  return Number.isFinite(value) ? String(value) : `"${value}"`
}

function decimalText(precision: number, scale: number): fc.Arbitrary<string> {
  const limit = precision === 38 ? limit38 : 10n ** BigInt(precision) - 1n
  return fc.bigInt({ min: -limit, max: limit }).map((unscaled) => {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
    const whole = digits.slice(0, digits.length - scale)
    return `"${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}"`
  })
}

/** `2026-11-21T22:31:08.123456`, years 0000 to 9999. */
function instants(): fc.Arbitrary<string> {
  const milliseconds = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  return fc
    .tuple(milliseconds, fc.integer({ min: 0, max: 999 }))
    .map(([date, micros]) => `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`)
}

/** Nanoseconds of 64 bits reach from 1677 to 2262. */
function nanoseconds(): fc.Arbitrary<string> {
  const milliseconds = fc.date({
    min: new Date('1678-01-01T00:00:00Z'),
    max: new Date('2261-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  return fc
    .tuple(milliseconds, fc.integer({ min: 0, max: 999_999 }))
    .map(([date, nanos]) => `${date.toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}`)
}
