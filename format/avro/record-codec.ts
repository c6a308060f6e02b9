import { invalidArgument, invalidData } from '../errors.ts'
import type { AvroInput } from './avro-input.ts'
import { avroName } from './avro-name.ts'
import type { AvroOutput } from './avro-output.ts'
import type { AvroType } from './avro-type.ts'
import { type AvroCodec, type AvroSchema, mismatch, optionalReader, requiredReader } from './codec.ts'
import { skipperOf } from './skip.ts'

/** One field of a record `T`: where it stands in memory and in Avro. Fields are matched by id, never by name. */
export interface AvroColumn<T> {
  readonly id: number
  readonly name: string
  readonly required: boolean
  /** Without the null of an optional column. */
  readonly schema: AvroSchema
  readonly isNull: (record: T) => boolean
  readonly write: (output: AvroOutput, record: T) => void
  /** Absent for a column that is only written. */
  readonly reader?: (writer: AvroType, required: boolean, where: string) => FieldReader<T>
}

type FieldReader<T> = (input: AvroInput, record: Mutable<T>) => void
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Makes optional columns of `T`: `columnsOf<T>()(key, id, name, codec)`. A null leaves the key as it was. */
export function columnsOf<T>() {
  return <K extends keyof T>(
    key: K,
    id: number,
    name: string,
    codec: AvroCodec<Exclude<T[K], undefined>>,
  ): AvroColumn<T> => ({
    id,
    name,
    required: false,
    schema: codec.schema,
    isNull: (record) => record[key] === undefined,
    write: (output, record) => codec.write(output, record[key] as Exclude<T[K], undefined>),
    reader: (writer, required, where) => {
      const read = required ? requiredReader(codec, writer, where) : optionalReader(codec, writer, where)
      return (input, record) => {
        const value = read(input)
        if (value !== undefined) record[key] = value
      }
    },
  })
}

/** A column that old readers ask for and nobody uses: written with one value, never read. */
export function constantColumn<T, V>(id: number, name: string, codec: AvroCodec<V>, value: V): AvroColumn<T> {
  return {
    id,
    name,
    required: true,
    schema: codec.schema,
    isNull: () => false,
    write: (output) => codec.write(output, value),
  }
}

export function required<T>(column: AvroColumn<T>): AvroColumn<T> {
  return { ...column, required: true }
}

/**
 * A record of the given columns. Reading starts from what `fresh` returns and steps over fields that no column asks
 * for. Errors of the reader: `INVALID_DATA` names a required column that the writer's schema lacks.
 */
export function recordCodec<T>(
  name: string,
  columns: readonly AvroColumn<T>[],
  fresh: () => Mutable<T>,
): AvroCodec<T> {
  return {
    schema: { type: 'record', name, fields: fieldSchemas(columns) },
    write: (output, record) => {
      for (const column of columns) writeColumn(column, output, record)
    },
    reader: (writer, where) => {
      const steps = readSteps(columns, writer, where)
      return (input) => {
        const record = fresh()
        for (const step of steps) step(input, record)
        return record
      }
    },
  }
}

/** Names that come out equal are told apart by the field's id: Avro allows each only once. */
function fieldSchemas<T>(columns: readonly AvroColumn<T>[]): AvroSchema[] {
  const taken = new Set<string>()
  return columns.map((column) => {
    let name = avroName(column.name)
    while (taken.has(name)) name = `${name}_${column.id}`
    taken.add(name)
    return fieldSchema(column, name)
  })
}

/** As Iceberg Java writes it, with the name in full beside a name that Avro does not allow. */
function fieldSchema<T>(column: AvroColumn<T>, name: string): AvroSchema {
  const field = {
    name,
    ...(name === column.name ? {} : { 'iceberg-field-name': column.name }),
    'field-id': column.id,
  }
  if (column.required) return { ...field, type: column.schema }
  return { ...field, type: column.schema === 'null' ? 'null' : ['null', column.schema], default: null }
}

function writeColumn<T>(column: AvroColumn<T>, output: AvroOutput, record: T): void {
  const missing = column.isNull(record)
  if (column.required) {
    if (missing)
      throw invalidArgument(`expected a value for '${column.name}', found none`, { field: column.name })
  } else if (column.schema !== 'null') {
    output.writeInt(missing ? 0 : 1)
  }
  if (!missing) column.write(output, record)
}

/** One step per field of the writer's record, in its order. */
function readSteps<T>(
  columns: readonly AvroColumn<T>[],
  writer: AvroType,
  where: string,
): readonly FieldReader<T>[] {
  if (writer.kind !== 'record') throw mismatch(writer, 'record', where)
  const wanted = new Map(columns.filter((column) => column.reader !== undefined).map((c) => [c.id, c]))
  const steps = writer.fields.map((field): FieldReader<T> => {
    const column = field.id === undefined ? undefined : wanted.get(field.id)
    if (column?.reader === undefined) return skipperOf(field.type)
    wanted.delete(column.id)
    return column.reader(field.type, column.required, `${where}.${column.name}`)
  })
  for (const column of wanted.values()) {
    if (!column.required) continue
    throw invalidData(`${where}: expected column '${column.name}' (field id ${column.id}), found none`, {
      rule: 'Manifests and manifest lists: required fields',
    })
  }
  return steps
}
