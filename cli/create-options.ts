/** The options with which `create` and `append --create` make a table. */
import { readFile } from 'node:fs/promises'
import {
  bucket,
  type CreateTableOptions,
  identity,
  invalidArgument,
  type PartitionTerm,
  parseJson,
  readParquet,
  type Schema,
  schemaFromJson,
  type TableSchema,
  truncate,
} from '../index.ts'
import { inferSchema, SAMPLE_ROWS } from './infer-schema.ts'
import type { FileInput } from './input.ts'
import { type OptionSpec, textOption, type VerbOptions } from './verb.ts'

export const createOptions: readonly OptionSpec[] = [
  {
    flags: '--partition-by <terms>',
    description: 'comma-separated: day(placed_at), bucket(16, order_id), truncate(4, zip), status',
  },
  { flags: '--sort-by <columns>', description: 'comma-separated columns, each with asc (default) or desc' },
  { flags: '--identifier <columns>', description: 'comma-separated columns that identify a row' },
  {
    flags: '--property <NAME=VALUE>',
    description: 'a table property, such as format-version=3',
    repeatable: true,
  },
]

/** For options that take a table's columns from its first input. */
export const inferenceHelp = `NDJSON and CSV get their types from the first ${SAMPLE_ROWS.toLocaleString('en')} rows, and \`create --schema\` gives them exactly`

/** The options of `Lake.createTable` for a schema, from what was typed. */
export function createTableOptions<S extends TableSchema | Schema>(
  schema: S,
  options: VerbOptions,
): CreateTableOptions<S> {
  return {
    schema,
    partitionBy: termsOf(textOption(options, 'partitionBy')).map(partitionTerm),
    sortBy: termsOf(textOption(options, 'sortBy')).map(sortTerm),
    identifierFields: termsOf(textOption(options, 'identifier')),
    properties: propertiesOf(options['property']),
  }
}

/** The schema of an input: a Parquet file's own, else what its first rows hold. */
export async function schemaOfInput(input: FileInput): Promise<TableSchema | Schema> {
  return input.format === 'parquet' ? (await readParquet(input.source)).schema : inferSchema(input)
}

/** An Iceberg schema as JSON (spec: Appendix C) out of a file. */
export async function schemaOfFile(path: string): Promise<Schema> {
  return schemaFromJson(parseJson(await readFile(path)))
}

/** Splits at commas that stand outside of parentheses. */
function termsOf(text: string | undefined): string[] {
  if (text === undefined) return []
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
}

function partitionTerm(text: string): PartitionTerm {
  const call = /^(\w+)\s*\(\s*(?:(\d+)\s*,\s*)?([^,()]+?)\s*\)$/.exec(text)
  if (call === null) {
    if (/[(),]/.test(text))
      throw invalidArgument(`--partition-by: expected a column or transform(column), found '${text}'`)
    return identity(text)
  }
  const [, transform, number, column] = call
  if (number === undefined) return { column: column!, transform: transform! }
  if (transform === 'bucket') return bucket(column!, Number(number))
  if (transform === 'truncate') return truncate(column!, Number(number))
  throw invalidArgument(`--partition-by: '${transform}' takes no number, found '${text}'`)
}

function sortTerm(text: string) {
  const [, column, direction] = /^(.*?)(?:\s+(asc|desc))?$/i.exec(text)!
  return {
    column: column!,
    direction: direction?.toLowerCase() === 'desc' ? ('desc' as const) : ('asc' as const),
  }
}

function propertiesOf(given: VerbOptions[string]): Record<string, string> {
  const properties: Record<string, string> = Object.create(null)
  for (const entry of Array.isArray(given) ? given : []) {
    const at = entry.indexOf('=')
    if (at <= 0) throw invalidArgument(`--property: expected NAME=VALUE, found '${entry}'`)
    properties[entry.slice(0, at)] = entry.slice(at + 1)
  }
  return properties
}
