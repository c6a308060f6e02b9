import { describe, expect, it } from 'vitest'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import {
  type AnyColumn,
  bucket,
  connect,
  day,
  type Expression,
  eq,
  identity,
  isNull,
  MemoryStore,
  month,
  type PartitionTerm,
  schema,
  type Table,
  type TableEvolution,
  t,
  truncate,
} from '../../index.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 3)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const ROUNDS = 6
const ROWS = 3

type Kind = 'int' | 'long' | 'string' | 'double' | 'decimal' | 'wideDecimal' | 'date' | 'timestamp'

/** A column of the model: what it is called changes, what its values are does not. */
interface Column {
  readonly key: number
  name: string
  kind: Kind
  /** What rows without a value read as, in the form of `kind`. */
  missing: unknown
}

/** Values by column key, in the form of the column's kind now. */
type Row = Map<number, unknown>

describe('rows of a table that evolves at random between appends', () => {
  it('read as a model says, whole and filtered', async () => {
    const total = { evolved: 0, refused: 0, rows: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        await simulate(seed, total)
      } catch (error) {
        throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
      }
    }
    if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
    // The runs must have had something to get wrong.
    expect(total.evolved).toBeGreaterThan(SEEDS * 4)
  }, 3_600_000)
})

async function simulate(
  seed: number,
  total: { evolved: number; refused: number; rows: number },
): Promise<void> {
  const environment = testEnvironment(seed)
  const below = (n: number) => Math.floor(environment.random() * n)
  const version = (seed % 3) + 1
  const lake = await connect('memory://lake/wh', { store: new MemoryStore(), environment })
  const columns: Column[] = kinds
    .slice(0, 4)
    .map((kind, key) => ({ key, name: `c${key}`, kind, missing: null }))
  let table = (await lake.createTable('a.b', {
    schema: schema(Object.fromEntries(columns.map(({ name, kind }) => [name, types[kind]()]))),
    partitionBy: [bucket('c0', 2)],
    properties: { 'format-version': `${version}` },
  })) as unknown as Table
  let nextKey = columns.length
  const rows: Row[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ROWS; i++) {
      rows.push(
        new Map(columns.map(({ key, kind }) => [key, below(5) === 0 ? null : valueFor(kind, below(6))])),
      )
    }
    table = await table.append(rows.slice(-ROWS).map((row) => written(row, columns)))
    for (let i = 0; i < 2; i++) {
      const change = changeOf(below(9), {
        columns,
        rows,
        below,
        v3: table.metadata.formatVersion === 3,
        key: nextKey,
      })
      try {
        table = await change.make(table.update()).commit()
        change.follow()
        nextKey++
        total.evolved++
      } catch (error) {
        if (!isMoraineError(error, 'INVALID_ARGUMENT')) throw error
        total.refused++
      }
    }
    await compare(table, columns, rows, below)
  }
  total.rows += rows.length
}

interface World {
  readonly columns: Column[]
  readonly rows: readonly Row[]
  readonly below: (n: number) => number
  readonly v3: boolean
  readonly key: number
}

interface Change {
  make(update: TableEvolution<Table>): TableEvolution<Table>
  /** What it does to the model. */
  follow(): void
}

const nothing = () => undefined

function changeOf(dice: number, { columns, rows, below, v3, key }: World): Change {
  const at = below(columns.length)
  const column = columns[at]!
  const name = `c${below(12)}`
  switch (dice) {
    case 0:
    case 1: {
      const kind = kinds[below(kinds.length)]!
      const missing = v3 && below(2) === 0 ? valueFor(kind, below(6)) : null
      const type = types[kind]()
      return {
        make: (update) => update.addColumn(name, missing === null ? type : type.default(missing as never)),
        follow: () => void columns.push({ key, name, kind, missing }),
      }
    }
    case 2:
      return { make: (update) => update.dropColumn(column.name), follow: () => void columns.splice(at, 1) }
    case 3:
      return {
        make: (update) => update.renameColumn(column.name, name),
        follow: () => {
          column.name = name
        },
      }
    case 4: {
      const wider = promotions[column.kind]
      return {
        make: (update) => update.widenColumn(column.name, types[wider ?? 'int']()),
        follow: () => {
          if (wider === undefined) return
          for (const row of rows)
            if (row.has(column.key)) row.set(column.key, promoted(column.kind, row.get(column.key)))
          column.missing = promoted(column.kind, column.missing)
          column.kind = wider
        },
      }
    }
    case 5:
      return { make: (update) => update.moveColumn(column.name, 'first'), follow: nothing }
    case 6:
    case 7: {
      const term = terms[below(terms.length)]!(column.name)
      return { make: (update) => update.addPartitionField(term), follow: nothing }
    }
    default:
      return {
        make: (update) => update.removePartitionField(terms[below(terms.length)]!(column.name)),
        follow: nothing,
      }
  }
}

const kinds: readonly Kind[] = [
  'int',
  'date',
  'string',
  'decimal',
  'double',
  'long',
  'timestamp',
  'wideDecimal',
]
const types: Readonly<Record<Kind, () => AnyColumn>> = {
  int: t.int,
  long: t.long,
  string: t.string,
  double: t.double,
  decimal: () => t.decimal(6, 2),
  wideDecimal: () => t.decimal(12, 2),
  date: t.date,
  timestamp: t.timestamp,
}
const promotions: Readonly<Partial<Record<Kind, Kind>>> = {
  int: 'long',
  decimal: 'wideDecimal',
  date: 'timestamp',
}
const terms: readonly ((column: string) => PartitionTerm)[] = [
  (column) => identity(column),
  (column) => bucket(column, 3),
  (column) => truncate(column, 2),
  (column) => day(column),
  (column) => month(column),
]

/** As reading yields it. */
function valueFor(kind: Kind, n: number): unknown {
  switch (kind) {
    case 'int':
    case 'double':
      return n - 2
    case 'long':
      return BigInt(n - 2)
    case 'string':
      return `text ${n}`
    case 'decimal':
    case 'wideDecimal':
      return `${n}.25`
    case 'date':
      return `2026-1${n % 2}-0${n + 1}`
    case 'timestamp':
      return BigInt(Date.UTC(2026, 9 + (n % 2), n + 1)) * 1000n
  }
}

function promoted(kind: Kind, value: unknown): unknown {
  if (value === null) return null
  if (kind === 'int') return BigInt(value as number)
  return kind === 'date' ? BigInt(Date.parse(`${value}T00:00:00Z`)) * 1000n : value
}

function written(row: Row, columns: readonly Column[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ key, name }) => [name, row.get(key)]))
}

function expected(row: Row, columns: readonly Column[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ key, name, missing }) => [name, row.has(key) ? row.get(key) : missing]),
  )
}

async function compare(
  table: Table,
  columns: readonly Column[],
  rows: readonly Row[],
  below: (n: number) => number,
): Promise<void> {
  if (columns.length === 0) return
  const model = rows.map((row) => expected(row, columns))
  expect(await linesOf(table, columns)).toEqual(lines(model, columns))
  const { name, kind } = columns[below(columns.length)]!
  const value = valueFor(kind, below(6))
  const literal = typeof value === 'string' || typeof value === 'bigint' ? value : Number(value)
  const matching = model.filter((row) => row[name] === value)
  expect(await linesOf(table, columns, eq(name, literal)), `${name} = ${value}`).toEqual(
    lines(matching, columns),
  )
  const nulls = model.filter((row) => row[name] === null)
  expect(await linesOf(table, columns, isNull(name)), `${name} is null`).toEqual(lines(nulls, columns))
}

async function linesOf(table: Table, columns: readonly Column[], where?: Expression): Promise<string[]> {
  const found: Record<string, unknown>[] = []
  for await (const row of table.scan(where === undefined ? {} : { where }).rows()) found.push(row)
  return lines(found, columns)
}

function lines(rows: readonly Record<string, unknown>[], columns: readonly Column[]): string[] {
  return rows.map((row) => columns.map(({ name }) => `${typeof row[name]} ${row[name]}`).join('; ')).sort()
}
