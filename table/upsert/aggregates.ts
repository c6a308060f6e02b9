/** Columns that gather what is upserted, by rules in the table's properties, which every writer obeys. */
import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { takeData } from '../../format/arrow/take.ts'
import { invalidArgument, messageOf, unsupported } from '../../format/errors.ts'
import { nearNames } from '../../format/near-names.ts'
import type { Schema } from '../../format/schema.ts'
import { isPrimitive, type Literal, type NestedField, typeToString } from '../../format/types.ts'
import { literalComparator } from '../../format/values/compare.ts'
import { Misfit } from '../../writers/columns/column-builder.ts'
import { rowColumn } from '../../writers/columns/row-columns.ts'
import { type KeyField, keyFields } from './key-fields.ts'

/**
 * Null adds nothing to any of them, and of nothing but nulls the aggregate is null. `count` counts values that are not
 * null. `last_non_null` goes by the order in which rows come.
 */
const FUNCTIONS = ['sum', 'min', 'max', 'count', 'last_non_null'] as const
export type AggregateFunction = (typeof FUNCTIONS)[number]

export interface Aggregate {
  readonly field: NestedField
  /** Where the column stands in the input. */
  readonly place: number
  readonly by: AggregateFunction
  /** How values are put together that were gathered before: counts are added up. Absent where it is the same way. */
  readonly counted?: Aggregate
}

const PROPERTY = /^fields\.(.+)\.aggregate-function$/
const propertyOf = (name: string) => `fields.${name}.aggregate-function`
const NUMBERS = ['int', 'long', 'float', 'double', 'decimal']

/** By the name of a column what the properties say of it. */
export function aggregateProperties(
  properties: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([property, value]) => {
      const name = PROPERTY.exec(property)?.[1]
      return name === undefined ? [] : [[name, value]]
    }),
  )
}

/** The names of a table's columns that are aggregated, with what does it. Throws INVALID_ARGUMENT where there is no such column. */
export function aggregateColumns(
  operation: string,
  schema: Schema,
  properties: Readonly<Record<string, string>>,
): ReadonlyMap<string, AggregateFunction> {
  const columns = new Map<string, AggregateFunction>()
  for (const [name, value] of Object.entries(aggregateProperties(properties))) {
    const property = propertyOf(name)
    const names = schema.fields.map((field) => field.name)
    if (!names.includes(name)) {
      const near = nearNames(name, names)
      const hint = near.length > 0 ? ` (did you mean ${near.map((one) => `'${one}'`).join(', ')}?)` : ''
      throw invalidArgument(
        `${operation}: the table's property '${property}' is for a column that there is not${hint}. Set it for the right one, or remove it`,
        { property },
      )
    }
    const by = FUNCTIONS.find((each) => each === value)
    if (by === undefined) {
      throw unsupported(
        `${operation}: the table's property '${property}' is '${value}', and only ${FUNCTIONS.join(', ')} are known`,
        { property },
      )
    }
    columns.set(name, by)
  }
  return columns
}

/** Those that the input has. Throws INVALID_ARGUMENT for a column of the key, UNSUPPORTED for a type that cannot be aggregated so. */
export function aggregatesOf(
  operation: string,
  { fields }: Schema,
  keys: readonly KeyField[],
  columns: ReadonlyMap<string, AggregateFunction>,
): readonly Aggregate[] {
  const keyRoots = new Set(keys.map(({ places }) => places[0]!))
  return fields.flatMap((field, place): Aggregate[] => {
    const by = columns.get(field.name)
    if (by === undefined) return []
    const { name: column, type } = field
    if (keyRoots.has(place)) {
      throw invalidArgument(
        `${operation}: column '${column}' is a key, and the table's property '${propertyOf(column)}' aggregates it. Remove one of the two`,
        { column },
      )
    }
    if (!canBe(by, field)) {
      throw unsupported(
        `${operation}: column '${column}' is ${typeToString(type)}, of which there is no ${by}. Change or remove the table's property '${propertyOf(column)}'`,
        { column },
      )
    }
    const sum: Aggregate = { field, place, by: 'sum' }
    return [by === 'count' ? { field, place, by, counted: sum } : { field, place, by }]
  })
}

/** Throws what an upsert would throw for a table of this schema with these properties. */
export function checkAggregates(
  operation: string,
  schema: Schema,
  properties: Readonly<Record<string, string>>,
): void {
  const keys = schema.identifierFieldIds.length === 0 ? [] : keyFields(operation, schema, undefined)
  aggregatesOf(operation, schema, keys, aggregateColumns(operation, schema, properties))
}

function canBe(by: AggregateFunction, { type }: NestedField): boolean {
  switch (by) {
    case 'sum':
      return NUMBERS.includes(type.kind)
    case 'count':
      return type.kind === 'int' || type.kind === 'long'
    case 'min':
    case 'max':
      return isPrimitive(type) && !['geometry', 'geography', 'unknown'].includes(type.kind)
    default:
      return true
  }
}

/** For each list of slots of a column, in their order, what they come to. Throws INVALID_ARGUMENT for a sum that does not fit. */
export function aggregated(
  { field, by }: Aggregate,
  column: Data,
  slots: readonly (readonly number[])[],
): Data {
  const isThere = (slot: number) =>
    column.nullCount === 0 || bitAt(column.nullBitmap as Uint8Array, column.offset + slot)
  const there = slots.map((each) => each.filter(isThere))
  // Of none but nulls any is as good.
  const picked = (best: (slots: readonly number[]) => number) =>
    takeData(
      column,
      Int32Array.from(there, (each, i) => (each.length > 0 ? best(each) : slots[i]![0]!)),
    )
  switch (by) {
    case 'last_non_null':
      return picked((each) => each.at(-1)!)
    case 'min':
    case 'max': {
      const { type } = field
      if (!isPrimitive(type)) break
      const [read, compare] = [literalReader(type, column), literalComparator(type)]
      const sign = by === 'min' ? 1 : -1
      return picked((each) =>
        each.reduce((best, slot) => (sign * compare(read(slot), read(best)) < 0 ? slot : best)),
      )
    }
    case 'count':
      return built(
        field,
        there.map((each) => (each.length === 0 ? null : each.length)),
      )
    case 'sum': {
      const { type } = field
      if (!isPrimitive(type)) break
      const read = literalReader(type, column)
      return built(
        field,
        there.map((each) => (each.length === 0 ? null : each.map(read).reduce(add))),
      )
    }
    default:
      by satisfies never
  }
  throw new Error('there is no such aggregate')
}

function add(a: Literal, b: Literal): Literal {
  return typeof a === 'bigint' ? a + (b as bigint) : (a as number) + (b as number)
}

function built(field: NestedField, values: readonly (Literal | null)[]): Data {
  const rows = rowColumn([{ ...field, required: false }])
  try {
    rows.append(
      values.map((value) => ({ [field.name]: value })),
      values.length,
    )
  } catch (error) {
    const cause = error instanceof Misfit ? error.cause : error
    throw invalidArgument(`column '${field.name}': what is added up does not fit: ${messageOf(cause)}`, {
      column: field.name,
    })
  }
  return rows.finish().children[0]!
}
