/** What a user declared, as data of the format. */
import { invalidArgument, isMoraineError } from '../format/errors.ts'
import type { Schema } from '../format/schema.ts'
import type { SortField } from '../format/sort-order.ts'
import { parseTransform } from '../format/transforms/parse.ts'
import type { Transform } from '../format/transforms/transform.ts'
import { describeValue } from '../format/values/mismatch.ts'
import type { Columns, PartitionTerm, SortTerm, TableSchema } from './declare.ts'

/** From `schema({…})`, or a schema as data. */
export function schemaOf(declared: TableSchema<Columns> | Schema, usedIn: string): Schema {
  if (typeof declared === 'object' && declared !== null) {
    const schema = 'columns' in declared ? declared.schema : declared
    if (Array.isArray(schema?.fields)) return schema
  }
  throw invalidArgument(`${usedIn}: expected \`schema\` to be schema({ … }) or an Iceberg schema as data`)
}

/** Throws INVALID_ARGUMENT for what is no array: a text alone would be taken letter by letter. */
export function arrayOf<T>(given: readonly T[], usedIn: string): readonly T[] {
  if (Array.isArray(given)) return given
  throw invalidArgument(`${usedIn}: expected an array, found ${describeValue(given)}`)
}

/** Throws INVALID_ARGUMENT for what is no text. */
export function textOf(given: string, usedIn: string): string {
  if (typeof given === 'string') return given
  throw invalidArgument(`${usedIn}: expected a text, found ${describeValue(given)}`)
}

/** A bare name partitions by the value itself. */
export function partitionTermOf(given: string | PartitionTerm, usedIn: string): PartitionTerm {
  if (typeof given === 'string') return { column: given, transform: 'identity' }
  if (typeof given?.column === 'string' && typeof given.transform === 'string') return given
  throw invalidArgument(
    `${usedIn}: expected the name of a column, or a term such as day('placed_at'), found ${describeValue(given)}`,
  )
}

/** What is a rule of the format in a file is a mistake of the caller here. */
export function transformOf(text: string, usedIn: string): Transform {
  let transform: Transform
  try {
    transform = parseTransform(text)
  } catch (error) {
    throw isMoraineError(error, 'INVALID_DATA') ? invalidArgument(`${usedIn}: ${error.message}`) : error
  }
  if (transform.kind !== 'unknown') return transform
  throw invalidArgument(
    `${usedIn}: no transform '${text}'; there are: identity, year, month, day, hour, void, bucket[N], truncate[W]`,
  )
}

/** A sort term with everything said that it left out, and its column by name. */
export function sortTermOf(
  given: string | SortTerm,
  usedIn: string,
): Omit<SortField, 'sourceIds'> & { readonly column: string } {
  const term: SortTerm = typeof given === 'string' ? { column: given } : given
  if (typeof term?.column !== 'string') {
    throw invalidArgument(
      `${usedIn}: expected the name of a column, or a term such as desc('placed_at'), found ${describeValue(given)}`,
    )
  }
  const direction = term.direction ?? 'asc'
  return {
    column: term.column,
    transform: transformOf(term.transform ?? 'identity', usedIn),
    direction,
    nullOrder: term.nullOrder ?? (direction === 'asc' ? 'nulls-first' : 'nulls-last'),
  }
}
