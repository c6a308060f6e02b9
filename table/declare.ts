/** Declaring a table in TypeScript: the row types are inferred from the schema. */
import { type ErrorContext, invalidArgument } from '../format/errors.ts'
import { assignFreshIds, findFieldByName, type Schema } from '../format/schema.ts'
import { typeProblem } from '../format/type-problem.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  longType,
  type NestedField,
  stringType,
  structType,
  type Type,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
} from '../format/types.ts'
import { toLiteral } from '../format/values/literal-input.ts'
import { describeValue } from '../format/values/mismatch.ts'

declare const readType: unique symbol
declare const writeType: unique symbol

/** A column's type and requiredness. `R` is what reading yields, `W` what writing takes. */
export interface Column<R, W, Optional extends boolean> {
  readonly type: Type
  readonly optional: Optional
  readonly comment?: string
  readonly defaultValue?: unknown
  readonly [readType]?: R
  readonly [writeType]?: (value: W) => void
  /** Refuses null. */
  required(): Column<R, W, false>
  /** A comment kept in the table's schema. */
  doc(text: string): Column<R, W, Optional>
  /** Format v3: what a row that leaves the column out gets, and what older rows read as. Primitive columns only. */
  default(value: W): Column<R, W, Optional>
}

/** A column of any type. */
export type AnyColumn = Column<unknown, never, boolean>
export type Columns = Readonly<Record<string, AnyColumn>>

export type ReadOf<C> = C extends Column<infer R, never, infer O> ? (O extends true ? R | null : R) : never
export type WriteOf<C> = C extends {
  readonly [writeType]?: (value: infer W) => void
  readonly optional: infer O
}
  ? O extends true
    ? W | null
    : W
  : never
export type OptionalKeys<C extends Columns> = {
  [K in keyof C]: C[K]['optional'] extends true ? K : never
}[keyof C]
/** A struct of these columns as reading yields it. */
export type ReadStruct<C extends Columns> = { -readonly [K in keyof C]: ReadOf<C[K]> }
/** A struct of these columns as writing takes it; optional columns may be left out. */
export type WriteStruct<C extends Columns> = {
  readonly [K in Exclude<keyof C, OptionalKeys<C>>]: WriteOf<C[K]>
} & { readonly [K in OptionalKeys<C>]?: WriteOf<C[K]> | undefined }

/** What `schema()` returns: the declared columns, with provisional field ids that creation replaces. */
export interface TableSchema<C extends Columns = Columns> {
  readonly columns: C
  readonly schema: Schema
}

/** The type of a row as reading yields it. */
export type Row<S> = S extends TableSchema<infer C> ? ReadStruct<C> : never
/** The type of a row as writing takes it. */
export type RowInput<S> = S extends TableSchema<infer C> ? WriteStruct<C> : never

/** Declares the columns of a table, in order. Columns are optional unless `.required()`. */
export function schema<const C extends Columns>(columns: C): TableSchema<C> {
  let id = 0
  const fields = assignFreshIds(fieldsOf(columns), () => ++id)
  return { columns, schema: { schemaId: 0, fields, identifierFieldIds: [] } }
}

/** A point in time as writing takes it: µs or ns since the epoch, a Date, or ISO text. */
export type Instant = bigint | Date | string

/** The column types of Iceberg. */
export const t = {
  boolean: () => column<boolean, boolean>(booleanType),
  int: () => column<number, number | bigint>(intType),
  long: () => column<bigint, bigint | number>(longType),
  float: () => column<number, number>(floatType),
  double: () => column<number, number>(doubleType),
  /** Reads as an exact string with `scale` digits; writes take a string, or a bigint of unscaled units. */
  decimal: (precision: number, scale: number) =>
    column<string, string | bigint>(checkedType(decimalType(precision, scale))),
  /** Reads as 'YYYY-MM-DD'. */
  date: () => column<string, string | Date>(dateType),
  /** Microseconds since midnight. */
  time: () => column<bigint, bigint | string>(timeType),
  /** Microseconds since 1970-01-01T00:00:00, without zone. */
  timestamp: () => column<bigint, Instant>(timestampType),
  /** Microseconds since 1970-01-01T00:00:00Z. */
  timestamptz: () => column<bigint, Instant>(timestamptzType),
  /** Format v3. Nanoseconds. */
  timestampNs: () => column<bigint, Instant>(timestampNsType),
  /** Format v3. Nanoseconds. */
  timestamptzNs: () => column<bigint, Instant>(timestamptzNsType),
  string: () => column<string, string>(stringType),
  uuid: () => column<string, string | Uint8Array>(uuidType),
  /** Exactly `length` bytes. */
  fixed: (length: number) => column<Uint8Array, Uint8Array>(checkedType(fixedType(length))),
  binary: () => column<Uint8Array, Uint8Array>(binaryType),
  /** Format v3. A column that holds nothing but null. */
  unknown: () => column<null, null>(unknownType),
  struct: <const C extends Columns>(columns: C) =>
    column<ReadStruct<C>, WriteStruct<C>>(structType(fieldsOf(columns))),
  list: <R, W, O extends boolean>(element: Column<R, W, O>) =>
    column<(O extends true ? R | null : R)[], Iterable<O extends true ? W | null : W>>({
      kind: 'list',
      elementId: 0,
      elementRequired: !checkedColumn('t.list: expected the element', element).optional,
      element: element.type,
    }),
  map: <KR, KW, VR, VW, O extends boolean>(key: Column<KR, KW, boolean>, value: Column<VR, VW, O>) =>
    column<Map<KR, O extends true ? VR | null : VR>, MapInput<KW, O extends true ? VW | null : VW>>({
      kind: 'map',
      keyId: 0,
      key: checkedColumn('t.map: expected the key', key).type,
      valueId: 0,
      valueRequired: !checkedColumn('t.map: expected the value', value).optional,
      value: value.type,
    }),
}

/** A map as writing takes it. */
export type MapInput<K, V> =
  | ReadonlyMap<K, V>
  | Iterable<readonly [K, V]>
  | (K extends string ? Readonly<Record<string, V>> : never)

function column<R, W>(type: Type): Column<R, W, true> {
  return makeColumn<R, W, true>({ type, optional: true })
}

function makeColumn<R, W, O extends boolean>(
  facts: Pick<Column<R, W, O>, 'type' | 'optional' | 'comment' | 'defaultValue'>,
): Column<R, W, O> {
  return {
    ...facts,
    required: () => makeColumn<R, W, false>({ ...facts, optional: false }),
    doc: (text) => makeColumn<R, W, O>({ ...facts, comment: text }),
    default: (value) => makeColumn<R, W, O>({ ...facts, defaultValue: value }),
  }
}

/** Throws INVALID_ARGUMENT for parameters that no type has. */
function checkedType(type: Type): Type {
  const problem = typeProblem(type)
  if (problem === undefined) return type
  throw invalidArgument(problem, { rule: 'Primitive Types' })
}

function fieldsOf(columns: Columns): NestedField[] {
  if (typeof columns !== 'object' || columns === null) {
    throw invalidArgument(
      `schema: expected columns by name, as in { id: t.long() }, found ${describeValue(columns)}`,
    )
  }
  return Object.entries(columns).map(([name, column]) => checkedField(name, column))
}

/** A column as a field with provisional ids. Throws INVALID_ARGUMENT for what is no column. */
export function checkedField(name: string, column: AnyColumn): NestedField {
  return {
    id: 0,
    name,
    required: !checkedColumn(`schema: expected column '${name}'`, column, { column: name }).optional,
    type: column.type,
    ...(column.comment === undefined ? {} : { doc: column.comment }),
    ...defaultsOf(name, column),
  }
}

function checkedColumn<C extends AnyColumn>(expected: string, column: C, context?: ErrorContext): C {
  if (typeof column === 'object' && column !== null && typeof column.required === 'function') return column
  throw invalidArgument(`${expected} to be a type such as t.long(), found ${describeValue(column)}`, context)
}

function defaultsOf(name: string, { type, defaultValue }: AnyColumn): Partial<NestedField> {
  if (defaultValue === undefined) return {}
  if (type.kind === 'struct' || type.kind === 'list' || type.kind === 'map' || type.kind === 'variant') {
    throw invalidArgument(`column '${name}': only primitive columns take a default here`, { column: name })
  }
  const value = toLiteral(type, defaultValue)
  return { initialDefault: value, writeDefault: value }
}

/** How a partition value is made from a column. `name` defaults to Iceberg Java's (`placed_at_day`). */
export interface PartitionTerm {
  readonly column: string
  /** The transform's text as the spec writes it, such as `bucket[16]`. */
  readonly transform: string
  readonly name?: string
}

export const identity = (column: string, name?: string) => term(column, 'identity', name)
export const year = (column: string, name?: string) => term(column, 'year', name)
export const month = (column: string, name?: string) => term(column, 'month', name)
export const day = (column: string, name?: string) => term(column, 'day', name)
export const hour = (column: string, name?: string) => term(column, 'hour', name)
export const bucket = (column: string, numBuckets: number, name?: string) =>
  term(column, `bucket[${numBuckets}]`, name)
export const truncate = (column: string, width: number, name?: string) =>
  term(column, `truncate[${width}]`, name)

function term(column: string, transform: string, name: string | undefined): PartitionTerm {
  return { column, transform, ...(name === undefined ? {} : { name }) }
}

export interface SortTerm {
  readonly column: string
  readonly transform?: string
  /** Default: 'asc'. */
  readonly direction?: 'asc' | 'desc'
  /** Default: first when ascending, last when descending, as Iceberg Java has it. */
  readonly nullOrder?: 'nulls-first' | 'nulls-last'
}

export const asc = (column: string, nullOrder?: SortTerm['nullOrder']): SortTerm => ({
  column,
  direction: 'asc',
  nullOrder,
})
export const desc = (column: string, nullOrder?: SortTerm['nullOrder']): SortTerm => ({
  column,
  direction: 'desc',
  nullOrder,
})

/** The field that `name` means, or INVALID_ARGUMENT that names it and says where it was used. */
export function requireField(schema: Schema, name: string, usedIn: string): NestedField {
  const found = findFieldByName(schema, name)
  if (found === undefined) {
    throw invalidArgument(
      `${usedIn}: no column '${name}'; there are: ${schema.fields.map((f) => f.name).join(', ')}`,
      {
        column: name,
      },
    )
  }
  return found.field
}
