/** The options with which `create` and `append --create` make a table. */
import { readFile } from 'node:fs/promises'
import {
  bucket,
  type CreateTableOptions,
  fieldsById,
  identity,
  invalidArgument,
  type NestedField,
  type PartitionTerm,
  parseJson,
  type Schema,
  type SchemaField,
  schemaFromJson,
  truncate,
} from '../index.ts'
import { inferSchema, SAMPLE_ROWS } from './infer-schema.ts'
import { type FileInput, parquetSchema } from './input.ts'
import { type OptionSpec, textOption, type VerbOptions } from './verb.ts'

export const createOptions: readonly OptionSpec[] = [
  {
    flags: '--partition-by <terms>',
    description: 'comma-separated: day(placed_at), bucket(16, order_id), truncate(4, zip), status',
  },
  { flags: '--sort-by <columns>', description: 'comma-separated columns, each with asc (default) or desc' },
  {
    flags: '--identifier <columns>',
    description: 'comma-separated columns that identify a row; each is required',
  },
  {
    flags: '--property <NAME=VALUE>',
    description: 'a table property, such as format-version=3',
    repeatable: true,
  },
]

/** For options that take a table's columns from its first input. */
export const inferenceHelp = `NDJSON and CSV get their types from the first ${SAMPLE_ROWS.toLocaleString('en')} rows, and \`create --schema\` gives them exactly`

/** The options of `Lake.createTable` for a schema, from what was typed. */
export function createTableOptions(schema: Schema, options: VerbOptions): CreateTableOptions<Schema> {
  return {
    schema,
    partitionBy: termsOf(textOption(options, 'partitionBy')).map((term) => partitionTerm(term)),
    sortBy: termsOf(textOption(options, 'sortBy')).map((term) => sortTerm(schema.fields, term)),
    identifierFields: termsOf(textOption(options, 'identifier')),
    properties: propertiesOf(options['property']),
  }
}

/**
 * The schema of an input: a Parquet file's own, else what its first rows hold. The columns of `--identifier` are
 * required in it, as no input says so itself.
 */
export async function schemaOfInput(input: FileInput, options: VerbOptions): Promise<Schema> {
  const schema = input.format === 'parquet' ? await parquetSchema(input) : (await inferSchema(input)).schema
  const names = termsOf(textOption(options, 'identifier'))
  const ids = new Set(names.flatMap((name) => fieldNamed(schema.fields, name)?.idPath ?? []))
  return { ...schema, fields: withRequired(schema.fields, ids) }
}

/** Also the structs around an identifier must be required. */
function withRequired(fields: readonly NestedField[], ids: ReadonlySet<number>): readonly NestedField[] {
  return fields.map((field) => {
    if (!ids.has(field.id)) return field
    const { type } = field
    const inner = type.kind === 'struct' ? { ...type, fields: withRequired(type.fields, ids) } : type
    return { ...field, required: true, type: inner }
  })
}

/** An Iceberg schema as JSON (spec: Appendix C) out of a file. */
export async function schemaOfFile(path: string): Promise<Schema> {
  return schemaFromJson(parseJson(await readFile(path)))
}

/** Splits at commas that stand outside of parentheses. */
export function termsOf(text: string | undefined): string[] {
  if (text === undefined) return []
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
}

const transforms = 'identity, year, month, day, hour, void, bucket(count, column), truncate(width, column)'

/** `status`, `day(at)`, `bucket(16, id)`, or `bucket[16](id)` as `describe` prints it. */
export function partitionTerm(text: string, usedIn = '--partition-by'): PartitionTerm {
  const call = /^(\w+)\s*(?:\[\s*(\d+)\s*\])?\s*\(\s*(?:(\d+)\s*,\s*)?([^,()]+?)\s*\)$/.exec(text)
  if (call === null) {
    if (!/[(),]/.test(text)) return identity(text)
    throw invalidArgument(`${usedIn}: expected a column or transform(column), found '${text}'`)
  }
  const [, name, inBrackets, inParentheses, column] = call
  const number = inBrackets ?? inParentheses
  const transform = name!.toLowerCase()
  switch (transform) {
    case 'identity':
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
    case 'void':
      if (number === undefined) return { column: column!, transform }
      throw invalidArgument(`${usedIn}: '${transform}' takes no number, found '${text}'`)
    case 'bucket':
    case 'truncate':
      if (number !== undefined && (inBrackets === undefined || inParentheses === undefined)) {
        return transform === 'bucket' ? bucket(column!, Number(number)) : truncate(column!, Number(number))
      }
      throw invalidArgument(
        `${usedIn}: '${transform}' takes one number, as in ${transform}(8, ${column}), found '${text}'`,
      )
    default:
      throw invalidArgument(`${usedIn}: expected one of ${transforms}; found '${text}'`)
  }
}

/** A column's name may hold spaces, so that only the table tells it from a misspelt direction. */
export function sortTerm(fields: readonly NestedField[], text: string) {
  const [, column, direction] = /^(.*?)(?:\s+(asc|desc))?$/is.exec(text)!
  if (direction === undefined && /\s/.test(text) && fieldNamed(fields, text) === undefined) {
    throw invalidArgument(`--sort-by: expected a column, and asc or desc after it, found '${text}'`)
  }
  return {
    column: column!,
    direction: direction?.toLowerCase() === 'desc' ? ('desc' as const) : ('asc' as const),
  }
}

export function fieldNamed(fields: readonly NestedField[], name: string): SchemaField | undefined {
  return [...fieldsById({ fields }).values()].find(({ path }) => path.join('.') === name)
}

export function propertiesOf(given: VerbOptions[string], usedIn = '--property'): Record<string, string> {
  const properties: Record<string, string> = Object.create(null)
  for (const entry of Array.isArray(given) ? given : []) {
    const at = entry.indexOf('=')
    if (at <= 0) throw invalidArgument(`${usedIn}: expected NAME=VALUE, found '${entry}'`)
    properties[entry.slice(0, at)] = entry.slice(at + 1)
  }
  return properties
}
