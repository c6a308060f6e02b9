/** Rows of Avro data files, value by value, in their internal form (spec: "Appendix A: Avro"). */
import { invalidData } from '../errors.ts'
import { isPrimitive, type NestedField, type PrimitiveType, type Type, type Value } from '../types.ts'
import type { AvroInput } from './avro-input.ts'
import type { AvroRecord, AvroType } from './avro-type.ts'
import { type AvroReader, mismatch } from './codec.ts'
import { literalCodec } from './literal-codec.ts'
import { skipperOf } from './skip.ts'

export interface ValueReaderOptions {
  /** A field's id, by its names from the root; `own` is what the file says. */
  readonly fieldId: (path: readonly string[], own: number | undefined) => number | undefined
  /** The value of a field that the file lacks; `name` is its full name. Throws where there can be none. */
  readonly missing: (field: NestedField, name: string) => Value
}

/** Reads a record into `values`, one for each of the fields; a field that stands among them twice is read twice. */
export type RecordReader = (input: AvroInput, values: Value[]) => void

/**
 * Prepares reading records of a writer's schema as `fields`, which are matched by id at every depth; what no field
 * asks for is stepped over. Errors: `INVALID_DATA` for a schema that cannot hold a field, then for broken bytes.
 */
export function recordReader(
  fields: readonly NestedField[],
  writer: AvroType,
  options: ValueReaderOptions,
): RecordReader {
  if (writer.kind !== 'record') throw mismatch(writer, 'record', 'the file')
  return fieldsReader(fields, writer, { path: [], name: '' }, options)
}

interface Place {
  /** Names in the file. */
  readonly path: readonly string[]
  /** Full name in the table. */
  readonly name: string
}

function below({ path, name }: Place, part: string, own = part): Place {
  return { path: [...path, part], name: name === '' ? own : `${name}.${own}` }
}

function fieldsReader(
  fields: readonly NestedField[],
  record: AvroRecord,
  place: Place,
  options: ValueReaderOptions,
): RecordReader {
  const written = new Set<number>()
  const steps = record.fields.map((stored): RecordReader => {
    const id = options.fieldId([...place.path, stored.name], stored.id)
    const wanted = [...fields.entries()].filter(
      ([, { id: own, type }]) => own === id && type.kind !== 'unknown',
    )
    if (wanted.length === 0) return skipperOf(stored.type)
    const readers = wanted.map(([index, field]) => {
      written.add(index)
      return {
        index,
        read: valueReader(field.type, stored.type, below(place, stored.name, field.name), options),
      }
    })
    return (input, values) => {
      const start = input.position
      for (const { index, read } of readers) {
        input.position = start
        values[index] = read(input)
      }
    }
  })
  const constants = [...fields.entries()]
    .filter(([index]) => !written.has(index))
    .map(([index, field]) => ({ index, value: options.missing(field, below(place, field.name).name) }))
  return (input, values) => {
    for (const step of steps) step(input, values)
    for (const { index, value } of constants) values[index] = value
  }
}

function valueReader(
  type: Type,
  writer: AvroType,
  place: Place,
  options: ValueReaderOptions,
): AvroReader<Value> {
  if (writer.kind === 'null') return () => null
  if (writer.kind !== 'union') return presentReader(type, writer, place, options)
  const { branch, type: branchType } = optionalBranch(writer, place.name)
  const read = presentReader(type, branchType, place, options)
  const branches = writer.branches.length
  return (input) => {
    const found = input.readInt()
    if (found === branch) return read(input)
    if (found >= 0 && found < branches) return null
    throw invalidData(`${place.name}: expected a union branch below ${branches}, found ${found}`)
  }
}

/** The branch of a union of null and one type that is not null. */
function optionalBranch(
  { branches }: Extract<AvroType, { kind: 'union' }>,
  where: string,
): { readonly branch: number; readonly type: AvroType } {
  const branch = branches.findIndex(({ kind }) => kind !== 'null')
  if (
    branch >= 0 &&
    branches.length <= 2 &&
    branches.every(({ kind }, i) => i === branch || kind === 'null')
  ) {
    return { branch, type: branches[branch]! }
  }
  throw invalidData(`${where}: expected a union of null and one type`, { rule: 'Appendix A: Avro' })
}

function presentReader(
  type: Type,
  writer: AvroType,
  place: Place,
  options: ValueReaderOptions,
): AvroReader<Value> {
  if (isPrimitive(type)) return primitiveReader(type, writer, place.name)
  switch (type.kind) {
    case 'struct': {
      if (writer.kind !== 'record') break
      const { fields } = type
      const read = fieldsReader(fields, writer, place, options)
      return (input) => {
        const values: Value[] = new Array(fields.length).fill(null)
        read(input, values)
        const struct: Record<string, Value> = Object.create(null)
        for (let k = 0; k < fields.length; k++) struct[fields[k]!.name] = values[k]!
        return struct
      }
    }
    case 'list': {
      if (writer.kind !== 'array') break
      const read = valueReader(type.element, writer.items, below(place, 'element'), options)
      return (input) => {
        const items: Value[] = []
        for (let count = input.readCount(); count > 0; count = input.readCount()) {
          for (let i = 0; i < count; i++) items.push(read(input))
        }
        return items
      }
    }
    case 'map': {
      const parts = mapParts(writer)
      if (parts === undefined) break
      const readKey = valueReader(type.key, parts.key, below(place, 'key'), options)
      const readValue = valueReader(type.value, parts.value, below(place, 'value'), options)
      return (input) => {
        const entries: [Value, Value][] = []
        for (let count = input.readCount(); count > 0; count = input.readCount()) {
          for (let i = 0; i < count; i++) entries.push([readKey(input), readValue(input)])
        }
        return { entries }
      }
    }
  }
  throw mismatch(writer, type.kind, place.name)
}

/** A map with string keys, or an array of records of a key and a value. */
function mapParts(writer: AvroType): { readonly key: AvroType; readonly value: AvroType } | undefined {
  if (writer.kind === 'map') return { key: { kind: 'string' }, value: writer.values }
  if (writer.kind !== 'array' || writer.items.kind !== 'record') return undefined
  const [key, value, ...others] = writer.items.fields
  if (key === undefined || value === undefined || others.length > 0) return undefined
  return { key: key.type, value: value.type }
}

function primitiveReader(type: PrimitiveType, writer: AvroType, where: string): AvroReader<Value> {
  const read = literalCodec(type).reader(writer, where)
  const perMillisecond = unitsPerMillisecond(type, writer)
  return perMillisecond === 1n ? read : (input) => (read(input) as bigint) * perMillisecond
}

/** Iceberg writes micro- and nanoseconds; others may have written milliseconds. */
function unitsPerMillisecond(type: PrimitiveType, writer: AvroType): bigint {
  const logical = writer.kind === 'long' || writer.kind === 'int' ? writer.logical?.name : undefined
  if (logical === undefined || !logical.endsWith('-millis')) return 1n
  switch (type.kind) {
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return 1000n
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return 1_000_000n
    default:
      return 1n
  }
}
