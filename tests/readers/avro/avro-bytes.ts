/** Avro data files made for one test: of a table's rows, or put together by hand so that any part can be broken. */
import { deflateRawSync } from 'node:zlib'
import { AvroOutput } from '../../../format/avro/avro-output.ts'
import { type AvroSchema, renderSchema } from '../../../format/avro/codec.ts'
import { literalCodec } from '../../../format/avro/literal-codec.ts'
import type {
  Literal,
  MapValue,
  NestedField,
  PrimitiveType,
  StructValue,
  Type,
  Value,
} from '../../../format/types.ts'
import type { InputRow } from '../support.ts'

export interface Shape {
  /** Null stands last in unions. */
  readonly nullLast?: boolean
  /** Files of writers that know nothing of Iceberg. */
  readonly withoutIds?: boolean
  /** Maps of string keys are Avro maps, else arrays of pairs. */
  readonly avroMaps?: boolean
  readonly codec?: 'null' | 'deflate'
  readonly rowsPerBlock?: number
}

/** A file of these rows in internal form; what a row leaves out is null. */
export function avroFile(
  fields: readonly NestedField[],
  rows: readonly InputRow[],
  shape: Shape = {},
): Uint8Array {
  const { codec = 'deflate', rowsPerBlock = 1000 } = shape
  const blocks: Block[] = []
  for (let at = 0; at < rows.length; at += rowsPerBlock) {
    const output = new AvroOutput()
    const some = rows.slice(at, at + rowsPerBlock)
    for (const row of some)
      for (const field of fields) writeOptional(output, field, row[field.name] ?? null, shape)
    const bytes = new Uint8Array(output.view())
    blocks.push({ count: some.length, bytes: codec === 'null' ? bytes : deflateRawSync(bytes) })
  }
  return container(renderSchema(recordSchema('table', fields, shape)), blocks, codec)
}

export interface Block {
  readonly count: number
  /** As stored. */
  readonly bytes: Uint8Array
}

export const SYNC = new Uint8Array(16).fill(7)

export function container(schema: unknown, blocks: readonly Block[], codec = 'null'): Uint8Array {
  const output = new AvroOutput()
  output.writeFixed(Uint8Array.of(0x4f, 0x62, 0x6a, 1))
  output.writeInt(2)
  output.writeString('avro.schema')
  output.writeString(typeof schema === 'string' ? schema : JSON.stringify(schema))
  output.writeString('avro.codec')
  output.writeString(codec)
  output.writeInt(0)
  output.writeFixed(SYNC)
  for (const { count, bytes } of blocks) {
    output.writeInt(count)
    output.writeBytes(bytes)
    output.writeFixed(SYNC)
  }
  return new Uint8Array(output.view())
}

/** One block of records that `write` puts down. */
export function block(count: number, write: (output: AvroOutput) => void): Block {
  const output = new AvroOutput()
  write(output)
  return { count, bytes: new Uint8Array(output.view()) }
}

function recordSchema(name: string, fields: readonly NestedField[], shape: Shape): AvroSchema {
  return {
    type: 'record',
    name,
    fields: fields.map((field) => ({
      name: field.name,
      ...id('field-id', field.id, shape),
      type: unionOf(schemaOf(field.type, shape), field.required, shape),
    })),
  }
}

function id(key: string, value: number, { withoutIds }: Shape): Record<string, number> {
  return withoutIds ? {} : { [key]: value }
}

function unionOf(schema: AvroSchema, required: boolean, { nullLast }: Shape): AvroSchema {
  if (required || schema === 'null') return schema
  return nullLast ? [schema, 'null'] : ['null', schema]
}

function schemaOf(type: Type, shape: Shape): AvroSchema {
  switch (type.kind) {
    case 'struct':
      return recordSchema('r', type.fields, shape)
    case 'list':
      return {
        type: 'array',
        items: unionOf(schemaOf(type.element, shape), type.elementRequired, shape),
        ...id('element-id', type.elementId, shape),
      }
    case 'map': {
      const value = unionOf(schemaOf(type.value, shape), type.valueRequired, shape)
      if (isAvroMap(type, shape)) {
        return {
          type: 'map',
          values: value,
          ...id('key-id', type.keyId, shape),
          ...id('value-id', type.valueId, shape),
        }
      }
      const key = { name: 'key', ...id('field-id', type.keyId, shape), type: schemaOf(type.key, shape) }
      const fields = [key, { name: 'value', ...id('field-id', type.valueId, shape), type: value }]
      return { type: 'array', logicalType: 'map', items: { type: 'record', name: 'kv', fields } }
    }
    case 'variant':
      throw new Error('no variants here')
    default:
      return literalCodec(type).schema
  }
}

function isAvroMap(type: Extract<Type, { kind: 'map' }>, { avroMaps }: Shape): boolean {
  return avroMaps === true && type.key.kind === 'string'
}

function writeOptional(
  output: AvroOutput,
  { required, type }: { readonly required: boolean; readonly type: Type },
  value: Value,
  shape: Shape,
): void {
  if (type.kind === 'unknown') return
  if (!required) output.writeInt((value === null) === (shape.nullLast ?? false) ? 1 : 0)
  if (value !== null) writeValue(output, type, value, shape)
}

function writeValue(output: AvroOutput, type: Type, value: Value, shape: Shape): void {
  switch (type.kind) {
    case 'struct':
      for (const field of type.fields)
        writeOptional(output, field, (value as StructValue)[field.name] ?? null, shape)
      return
    case 'list': {
      const items = value as readonly Value[]
      const item = { required: type.elementRequired, type: type.element }
      writeItems(output, items, (element) => writeOptional(output, item, element, shape))
      return
    }
    case 'map': {
      const item = { required: type.valueRequired, type: type.value }
      writeItems(output, (value as MapValue).entries, ([key, mapped]) => {
        writeValue(output, type.key, key, shape)
        writeOptional(output, item, mapped, shape)
      })
      return
    }
    default:
      literalCodec(type as PrimitiveType).write(output, value as Literal)
  }
}

function writeItems<T>(output: AvroOutput, items: readonly T[], write: (item: T) => void): void {
  if (items.length > 0) output.writeInt(items.length)
  for (const item of items) write(item)
  output.writeInt(0)
}
