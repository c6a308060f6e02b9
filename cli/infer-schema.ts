/** A schema for input that has none: what the first rows hold. Every column is optional. */
import {
  type Column,
  type Columns,
  type JsonValue,
  MoraineError,
  schema,
  type TableSchema,
  t,
} from '../index.ts'
import { csvRecords, type Input, jsonLines } from './input.ts'
import { formatNamePath } from './name-path.ts'

/** Rows that are looked at. A later row that does not fit is refused by `append`, which then commits nothing. */
export const SAMPLE_ROWS = 1000

/** What is known of a column: nothing yet, a type, or the parts of a nested one. */
type Shape =
  | {
      readonly kind:
        | 'nothing'
        | 'boolean'
        | 'long'
        | 'double'
        | 'date'
        | 'timestamp'
        | 'timestamptz'
        | 'string'
    }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Shape> }
  | { readonly kind: 'list'; readonly element: Shape }
  | Mixed

/** Values of kinds that no type but text holds together, in the order in which they came. */
interface Mixed {
  readonly kind: 'mixed'
  readonly kinds: readonly [string, string]
}

const nothing: Shape = { kind: 'nothing' }

export async function inferSchema(input: Input): Promise<TableSchema> {
  let row: Shape = { kind: 'struct', fields: new Map() }
  let count = 0
  for await (const shape of rowShapes(input)) {
    row = join(row, shape)
    count++
    if (input.format === 'ndjson') requireUnmixed(input, count, row)
    if (count === SAMPLE_ROWS) break
  }
  if (row.kind !== 'struct' || row.fields.size === 0) {
    throw new MoraineError('INVALID_DATA', `${input.name}: no rows to tell the columns by`, {
      context: { file: input.name },
    })
  }
  return schema(columnsOf(row.fields))
}

/** A cell of CSV is text, so that a text column holds all; of JSON values it would refuse those that are none. */
function requireUnmixed({ name }: Input, record: number, row: Shape): void {
  const found = findMixed(row, [])
  if (found === undefined) return
  const column = formatNamePath(found.path)
  const [first, second] = found.kinds
  throw new MoraineError(
    'INVALID_DATA',
    `${name}, record ${record}, ${column}: expected ${first} as before, found ${second}; no column type holds both: create the table first, with --schema`,
    { context: { file: name, record, column } },
  )
}

function findMixed(
  shape: Shape,
  path: readonly string[],
): (Pick<Mixed, 'kinds'> & { readonly path: readonly string[] }) | undefined {
  switch (shape.kind) {
    case 'mixed':
      return { kinds: shape.kinds, path }
    case 'list':
      return findMixed(shape.element, [...path, 'element'])
    case 'struct':
      for (const [name, field] of shape.fields) {
        const found = findMixed(field, [...path, name])
        if (found !== undefined) return found
      }
      return undefined
    default:
      return undefined
  }
}

async function* rowShapes(input: Input): AsyncGenerator<Shape> {
  if (input.format === 'csv') {
    for await (const { cells } of csvRecords(input)) {
      yield { kind: 'struct', fields: new Map([...cells].map(([name, text]) => [name, textShape(text)])) }
    }
  } else {
    for await (const { json, line } of jsonLines(input)) {
      const shape = jsonShape(json)
      if (shape.kind === 'struct') yield shape
      else
        throw new MoraineError(
          'INVALID_DATA',
          `${input.name}, line ${line}: expected an object, found ${shape.kind}`,
        )
    }
  }
}

function textShape(text: string | null): Shape {
  if (text === null) return nothing
  if (text === 'true' || text === 'false') return { kind: 'boolean' }
  if (/^-?(0|[1-9]\d{0,17})$/.test(text)) return { kind: 'long' }
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && !/^-?0\d/.test(text)) return { kind: 'double' }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return { kind: 'date' }
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$/.test(text)) return { kind: 'timestamp' }
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) {
    return { kind: 'timestamptz' }
  }
  return { kind: 'string' }
}

function jsonShape(json: JsonValue): Shape {
  switch (typeof json) {
    case 'boolean':
      return { kind: 'boolean' }
    case 'bigint':
      return { kind: 'long' }
    case 'number':
      return { kind: Number.isSafeInteger(json) ? 'long' : 'double' }
    case 'string':
      return { kind: 'string' }
    default:
      if (json === null) return nothing
      if (Array.isArray(json)) return { kind: 'list', element: json.map(jsonShape).reduce(join, nothing) }
      return {
        kind: 'struct',
        fields: new Map(Object.entries(json).map(([name, value]) => [name, jsonShape(value)])),
      }
  }
}

/** The shape that holds what both hold. */
function join(a: Shape, b: Shape): Shape {
  if (a.kind === 'nothing') return b
  if (b.kind === 'nothing' || a.kind === 'mixed') return a
  if (b.kind === 'mixed') return b
  if (a.kind === 'struct' && b.kind === 'struct')
    return { kind: 'struct', fields: joinFields(a.fields, b.fields) }
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', element: join(a.element, b.element) }
  if (a.kind === b.kind) return a
  const kinds = new Set([a.kind, b.kind])
  return kinds.has('long') && kinds.has('double')
    ? { kind: 'double' }
    : { kind: 'mixed', kinds: [a.kind, b.kind] }
}

function joinFields(
  a: ReadonlyMap<string, Shape>,
  b: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, Shape> {
  const joined = new Map(a)
  for (const [name, shape] of b) joined.set(name, join(joined.get(name) ?? nothing, shape))
  return joined
}

type AnyColumn = Column<unknown, never, boolean>

function columnsOf(fields: ReadonlyMap<string, Shape>): Columns {
  const columns: Record<string, AnyColumn> = Object.create(null)
  for (const [name, shape] of fields) columns[name] = columnOf(shape)
  return columns
}

function columnOf(shape: Shape): AnyColumn {
  switch (shape.kind) {
    case 'struct':
      return t.struct(columnsOf(shape.fields)) as AnyColumn
    case 'list':
      return t.list(columnOf(shape.element) as Column<unknown, unknown, boolean>) as AnyColumn
    case 'nothing':
    case 'mixed':
      return t.string() as AnyColumn
    default:
      return t[shape.kind]() as AnyColumn
  }
}
