import { invalidData } from '../errors.ts'
import type { AvroInput } from './avro-input.ts'
import type { AvroOutput } from './avro-output.ts'
import type { AvroField, AvroType } from './avro-type.ts'
import { skipperOf } from './skip.ts'

/** Avro schema JSON. A named type may stand in it several times; `renderSchema` keeps the names apart. */
export type AvroSchema = string | readonly AvroSchema[] | AvroSchemaNode
interface AvroSchemaNode {
  readonly [key: string]: AvroSchemaMember
}
type AvroSchemaMember = AvroSchema | number | boolean | null

/**
 * How one kind of value stands in Avro: the schema that we write, a writer, and a reader that is made once for the
 * schema another writer used. `reader` throws `INVALID_DATA` when that schema cannot hold the value; `where` names
 * the place in messages.
 */
export interface AvroCodec<V> {
  readonly schema: AvroSchema
  readonly write: (output: AvroOutput, value: V) => void
  readonly reader: (writer: AvroType, where: string) => AvroReader<V>
}
export type AvroReader<V> = (input: AvroInput) => V

export const booleanCodec: AvroCodec<boolean> = {
  schema: 'boolean',
  write: (output, value) => output.writeBoolean(value),
  reader: (writer, where) => expectKind(writer, ['boolean'], where, (input) => input.readBoolean()),
}

/** int and long share their encoding, and some writers use the one for the other. */
export const intCodec: AvroCodec<number> = {
  schema: 'int',
  write: (output, value) => output.writeInt(value),
  reader: (writer, where) => expectKind(writer, ['int', 'long'], where, (input) => input.readInt()),
}

export const longCodec: AvroCodec<bigint> = {
  schema: 'long',
  write: (output, value) => output.writeLong(value),
  reader: (writer, where) => expectKind(writer, ['int', 'long'], where, (input) => input.readLong()),
}

export const stringCodec: AvroCodec<string> = {
  schema: 'string',
  write: (output, value) => output.writeString(value),
  reader: (writer, where) => expectKind(writer, ['string'], where, (input) => input.readString()),
}

export const bytesCodec: AvroCodec<Uint8Array> = {
  schema: 'bytes',
  write: (output, value) => output.writeBytes(value),
  reader: (writer, where) => expectKind(writer, ['bytes'], where, (input) => input.readBytes()),
}

/** One of a few names, stored as its number. */
export function enumCodec<V extends string>(names: readonly V[]): AvroCodec<V> {
  return convertingCodec(
    intCodec,
    (name) => names.indexOf(name),
    (index, where) => {
      const name = names[index]
      if (name === undefined) throw invalidData(`${where}: expected 0 to ${names.length - 1}, found ${index}`)
      return name
    },
  )
}

/** A codec whose values have another form in memory than on disk. */
export function convertingCodec<Stored, V>(
  codec: AvroCodec<Stored>,
  store: (value: V) => Stored,
  load: (stored: Stored, where: string) => V,
): AvroCodec<V> {
  return {
    schema: codec.schema,
    write: (output, value) => codec.write(output, store(value)),
    reader: (writer, where) => {
      const read = codec.reader(writer, where)
      return (input) => load(read(input), where)
    },
  }
}

export function listCodec<V>(elementId: number, element: AvroCodec<V>): AvroCodec<readonly V[]> {
  return {
    schema: { type: 'array', items: element.schema, 'element-id': elementId },
    write: (output, values) => {
      output.writeInt(values.length)
      for (const value of values) element.write(output, value)
      if (values.length > 0) output.writeInt(0)
    },
    reader: (writer, where) => {
      if (writer.kind !== 'array') throw mismatch(writer, 'array', where)
      const read = requiredReader(element, writer.items, `${where}.element`)
      return (input) => {
        const values: V[] = []
        for (let count = input.readCount(); count > 0; count = input.readCount()) {
          for (let i = 0; i < count; i++) values.push(read(input))
        }
        return values
      }
    },
  }
}

/**
 * A map with int keys, stored as an array of key-value records (spec: Appendix A, "Maps with non-string keys").
 * With `keep`, only its keys are read, the others are stepped over.
 */
export function intMapCodec<V>(
  keyId: number,
  valueId: number,
  value: AvroCodec<V>,
  keep?: ReadonlySet<number>,
): AvroCodec<ReadonlyMap<number, V>> {
  return {
    schema: {
      type: 'array',
      items: {
        type: 'record',
        name: `k${keyId}_v${valueId}`,
        fields: [
          { name: 'key', type: 'int', 'field-id': keyId },
          { name: 'value', type: value.schema, 'field-id': valueId },
        ],
      },
      logicalType: 'map',
    },
    write: (output, map) => {
      output.writeInt(map.size)
      for (const [key, item] of map) {
        output.writeInt(key)
        value.write(output, item)
      }
      if (map.size > 0) output.writeInt(0)
    },
    reader: (writer, where) => {
      const [keyField, valueField] = keyValueFields(writer, keyId, valueId, where)
      const readKey = intCodec.reader(keyField.type, `${where}.key`)
      const readValue = requiredReader(value, valueField.type, `${where}.value`)
      const skipValue = keep === undefined ? undefined : skipperOf(valueField.type)
      return (input) => {
        const map = new Map<number, V>()
        for (let count = input.readCount(); count > 0; count = input.readCount()) {
          for (let i = 0; i < count; i++) {
            const key = readKey(input)
            if (skipValue !== undefined && !keep!.has(key)) skipValue(input)
            else map.set(key, readValue(input))
          }
        }
        return map
      }
    },
  }
}

function keyValueFields(
  writer: AvroType,
  keyId: number,
  valueId: number,
  where: string,
): readonly [AvroField, AvroField] {
  const items = writer.kind === 'array' ? writer.items : writer
  const [key, value] = items.kind === 'record' ? items.fields : []
  if (writer.kind === 'array' && key?.id === keyId && value?.id === valueId) return [key, value]
  throw invalidData(`${where}: expected an array of records with fields ${keyId} and ${valueId}`, {
    rule: 'Appendix A: Avro, maps with non-string keys',
  })
}

/** Reads a value that may be null, whichever way the writer stored that; null becomes undefined. */
export function optionalReader<V>(
  codec: AvroCodec<V>,
  writer: AvroType,
  where: string,
): AvroReader<V | undefined> {
  if (writer.kind === 'null') return () => undefined
  if (writer.kind !== 'union') return codec.reader(writer, where)
  const nullBranch = writer.branches.findIndex((branch) => branch.kind === 'null')
  const valueBranch = 1 - nullBranch
  if (writer.branches.length !== 2 || nullBranch < 0 || writer.branches[valueBranch]!.kind === 'null') {
    throw invalidData(`${where}: expected a union of null and one type`, { rule: 'Appendix A: Avro' })
  }
  const read = codec.reader(writer.branches[valueBranch]!, where)
  return (input) => {
    const branch = input.readInt()
    if (branch === valueBranch) return read(input)
    if (branch === nullBranch) return undefined
    throw invalidData(`${where}: expected union branch 0 or 1, found ${branch}`)
  }
}

/** Reads a value that must be there, even if the writer's schema allows null. */
export function requiredReader<V>(codec: AvroCodec<V>, writer: AvroType, where: string): AvroReader<V> {
  if (writer.kind !== 'union' && writer.kind !== 'null') return codec.reader(writer, where)
  const read = optionalReader(codec, writer, where)
  return (input) => {
    const value = read(input)
    if (value === undefined) throw invalidData(`${where}: expected a value, found null`)
    return value
  }
}

/** A reader for a writer type of one of these kinds. Errors: `INVALID_DATA` for any other. */
export function expectKind<V>(
  writer: AvroType,
  kinds: readonly AvroType['kind'][],
  where: string,
  read: AvroReader<V>,
): AvroReader<V> {
  if (kinds.includes(writer.kind)) return read
  throw mismatch(writer, kinds.join(' or '), where)
}

export function mismatch(writer: AvroType, expected: string, where: string) {
  return invalidData(`${where}: expected Avro ${expected}, found ${writer.kind}`, {
    rule: 'Appendix A: Avro',
  })
}

/**
 * The schema as JSON text. A type whose name is taken gets a number behind it, where Avro would refer to the first
 * one: PyIceberg does not resolve such references, and no reader of Iceberg files goes by the name.
 */
export function renderSchema(schema: AvroSchema): string {
  const names = new Map<string, number>()
  const render = (member: AvroSchemaMember): AvroSchemaMember => {
    if (isList(member)) return member.map(render) as AvroSchema[]
    if (member === null || typeof member !== 'object') return member
    const { name, ...rest } = member
    if (typeof name !== 'string') return renderMembers(member)
    if (member['type'] !== 'record' && member['type'] !== 'fixed') return { name, ...renderMembers(rest) }
    const taken = names.get(name) ?? 0
    names.set(name, taken + 1)
    return { name: taken === 0 ? name : `${name}_${taken}`, ...renderMembers(rest) }
  }
  const renderMembers = (node: AvroSchemaNode) =>
    Object.fromEntries(Object.entries(node).map(([key, value]) => [key, render(value)]))
  return JSON.stringify(render(schema))
}

function isList(member: AvroSchemaMember): member is readonly AvroSchema[] {
  return Array.isArray(member)
}
