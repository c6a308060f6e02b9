/** Rules that a schema must keep when it is written: on creating a table and on evolving one. */
import { invalidArgument, isMoraineError, messageOf } from './errors.ts'
import { fieldsById, type Schema, type SchemaField } from './schema.ts'
import type { FormatVersion } from './table-metadata.ts'
import { typeProblem } from './type-problem.ts'
import {
  childFields,
  isNested,
  isPrimitive,
  type NestedField,
  type Type,
  typeToString,
  type Value,
} from './types.ts'
import { decodeValueJson, encodeValueJson } from './values/single-value-json.ts'

/**
 * Throws INVALID_ARGUMENT, naming field and rule, unless a table of this format version may have the schema: ids
 * and full names unique and not reserved, types (with their parameters) and defaults known to the version, defaults that
 * fit their types, and identifier fields that can identify a row.
 */
export function validateSchema(schema: Schema, formatVersion: FormatVersion): void {
  requireTypes(schema.fields)
  const fields = uniqueFields(schema)
  validateFullNames(fields.values())
  for (const entry of fields.values()) {
    validateType(entry, formatVersion)
    validateDefaults(entry, formatVersion)
  }
  validateIdentifierFields(schema)
}

/** Identifier fields are required primitives, not floating point, under required structs only. */
export function validateIdentifierFields(schema: Schema): void {
  const fields = uniqueFields(schema)
  for (const id of schema.identifierFieldIds) {
    const entry = fields.get(id)
    const problem = entry === undefined ? 'does not exist' : identifierProblem(entry)
    if (problem === undefined) continue
    const name = entry === undefined ? `with id ${id}` : `'${entry.path.join('.')}'`
    throw invalidArgument(`identifier field ${name} ${problem}`, { rule: 'Identifier Field IDs' })
  }
}

/** The format version that introduced a type. */
export function minFormatVersionOf(type: Type): FormatVersion {
  switch (type.kind) {
    case 'timestamp_ns':
    case 'timestamptz_ns':
    case 'unknown':
    case 'variant':
    case 'geometry':
    case 'geography':
      return 3
    default:
      return 1
  }
}

/**
 * Throws INVALID_ARGUMENT for a type that is none at any depth of the fields, as JavaScript or the parameters of a call
 * may give it: nothing else is fit to look at one.
 */
export function requireTypes(fields: readonly NestedField[], parent = ''): void {
  for (const { name, type } of fields) {
    const path = `${parent}${name}`
    const problem = typeProblem(type)
    if (problem !== undefined)
      throw invalidArgument(`field '${path}': ${problem}`, { rule: 'Primitive Types' })
    if (isNested(type)) requireTypes(childFields(type), `${path}.`)
  }
}

function uniqueFields(schema: Schema): ReadonlyMap<number, SchemaField> {
  try {
    return fieldsById(schema)
  } catch (error) {
    if (!isMoraineError(error)) throw error
    throw invalidArgument(error.message, error.context)
  }
}

/** Iceberg Java and PyIceberg load no table in which two fields have one dotted name, as `a.b` beside `a` with a `b`. */
function validateFullNames(entries: Iterable<SchemaField>): void {
  const names = new Set<string>()
  for (const { path } of entries) {
    const name = path.join('.')
    if (names.has(name)) {
      throw invalidArgument(`two fields have the full name '${name}'`, { rule: 'Schemas: names are unique' })
    }
    names.add(name)
  }
}

function validateType({ field, path }: SchemaField, formatVersion: FormatVersion): void {
  const { type } = field
  const min = minFormatVersionOf(type)
  if (formatVersion < min) {
    throw invalidArgument(
      `field '${path.join('.')}': type ${typeToString(type)} needs format version ${min}, the table has ${formatVersion}`,
      { rule: `Version ${min}: Extended Types and Capabilities` },
    )
  }
  if (type.kind === 'unknown' && field.required) {
    throw invalidArgument(`field '${path.join('.')}' of type unknown must be optional`, {
      rule: 'Primitive Types',
    })
  }
}

function validateDefaults({ field, path }: SchemaField, formatVersion: FormatVersion): void {
  for (const key of ['initialDefault', 'writeDefault'] as const) {
    const value = field[key]
    if (value === undefined || value === null) continue
    const name = `the ${key === 'initialDefault' ? 'initial' : 'write'} default of field '${path.join('.')}'`
    if (formatVersion < 3) {
      throw invalidArgument(`${name} needs format version 3, the table has ${formatVersion}`, {
        rule: 'Default values',
      })
    }
    const problem = defaultProblem(field, value)
    if (problem !== undefined) throw invalidArgument(`${name} ${problem}`, { rule: 'Default values' })
  }
}

function defaultProblem({ type }: NestedField, value: NonNullable<Value>): string | undefined {
  switch (type.kind) {
    case 'unknown':
    case 'variant':
    case 'geometry':
    case 'geography':
      return 'must be null'
    case 'struct':
      // Defaults of members stand with the members: only the empty struct may be a default.
      return Object.keys(value).length > 0 ? 'must be null or an empty struct' : undefined
    default:
      return unfitProblem(type, value)
  }
}

/** A value is typed as a union of all forms: reading it back from JSON is what tells whether it has the right one. */
function unfitProblem(type: Type, value: Value): string | undefined {
  try {
    decodeValueJson(type, encodeValueJson(type, value))
    return undefined
  } catch (error) {
    return `does not fit its type ${typeToString(type)}: ${messageOf(error)}`
  }
}

function identifierProblem({ field, nullable, repeated }: SchemaField): string | undefined {
  if (!isPrimitive(field.type)) return `must be primitive, found ${typeToString(field.type)}`
  if (field.type.kind === 'float' || field.type.kind === 'double') return 'must not be floating point'
  if (repeated) return 'must not lie in a list or map'
  if (!field.required) return 'must be required'
  return nullable ? 'must not lie in an optional struct' : undefined
}
