/** Tables that Moraine evolves, read by every engine after every step, and evolved by Spark in turns with us. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bucket,
  connect,
  day,
  desc,
  hour,
  type Lake,
  type Table,
  type TableEvolution,
  t,
  truncate,
} from '../../index.ts'
import { canonicalRow, difference, linesOf, nullsAsEmpty, sameRows } from './canonical.ts'
import { everyShape } from './every-shape.ts'
import { type Engine, enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, printMatrix, refused } from './matrix.ts'
import type { PlainRow } from './samples.ts'
import { range } from './subjects.ts'

const engines: readonly Engine[] = ['spark', 'pyiceberg', 'duckdb']
let folder: string
let warehouse: string
let lake: Lake
let judges: readonly Judge[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-evolved-'))
  warehouse = join(folder, 'lake')
  lake = await connect(warehouse, { durability: 'os' })
  judges = await Promise.all(engines.map((engine) => startJudge(engine, folder)))
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await Promise.all(judges.map((judge) => judge.close()))
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('a table that Moraine evolves', () => {
  test.each([1, 2, 3])('reads the same everywhere after every step, format v%i', async (version) => {
    const story = await begin(`evolved_v${version}`, version)
    await story.append(0, base)
    await story.evolve(
      (update) =>
        update
          .addColumn('extra', t.string().doc('added'))
          .addColumn('c.b.y', t.timestamptz())
          .addColumn('l.v', t.double())
          .addColumn('m.colour', t.string())
          .addColumn('tags', t.list(t.int())),
      ({ c, l, m, ...row }) => ({
        ...row,
        c: mapped(c, ({ b, ...rest }) => ({ ...rest, b: mapped(b, (inner) => ({ ...inner, y: null })) })),
        l: (l as PlainRow[] | null)?.map((item) => ({ ...item, v: null })) ?? null,
        m:
          m === null ? null : withValues(m as Map<string, PlainRow>, (value) => ({ ...value, colour: null })),
        extra: null,
        tags: null,
      }),
    )
    await story.append(10, wide)
    await story.evolve(
      (update) =>
        update
          .renameColumn('n', 'count')
          .widenColumn('count', t.long())
          .widenColumn('f', t.double())
          .widenColumn('d', t.decimal(20, 2))
          .widenColumn('m.value.w', t.double())
          .renameColumn('c.a', 'first')
          .makeColumnOptional('must'),
      ({ n, c, ...row }) => ({
        ...row,
        count: n === null ? null : BigInt(n as number),
        c: mapped(c, ({ a, ...rest }) => ({ ...rest, first: a })),
      }),
    )
    await story.append(20, wider)
    await story.evolve(
      (update) =>
        update
          .addPartitionField(truncate('extra', 2))
          .removePartitionField(day('at'))
          .replaceSortOrder([desc('count')]),
      (row) => row,
    )
    await story.append(30, wider)
    await story.evolve(
      (update) =>
        update
          .moveColumn('extra', 'first')
          .moveColumn('c', { before: 'id' })
          .moveColumn('l.element.v', 'first')
          .dropColumn('f')
          .addPartitionField(hour('at'))
          .renamePartitionField('id_bucket', 'shard'),
      ({ f: _, ...row }) => row,
    )
    await story.append(40, ({ f: _, ...row }) => row, wider)
    await story.evolve(
      (update) =>
        update
          .removePartitionField('extra_trunc_2')
          .addPartitionField(day('at', 'on'))
          .removePartitionField('at_hour')
          .setProperties({ 'write.metadata.metrics.default': 'counts' }),
      (row) => row,
    )
    await story.append(50, ({ f: _, ...row }) => row, wider)
    await story.evolve(
      (update) => update.dropColumn('extra').dropColumn('m.value.w').addColumn('f', t.string()),
      ({ extra: _, m, ...row }) => ({
        ...row,
        m: m === null ? null : withValues(m as Map<string, PlainRow>, ({ colour }) => ({ colour })),
        f: null,
      }),
    )
    if (version === 3) return
    if (version === 1) story.refusals.duckdb = noSequenceNumbers
    await story.evolve(
      (update) => update.upgradeFormatVersion(version === 1 ? 2 : 3),
      (row) => row,
    )
    await story.append(60, ({ f: _, extra: __, m, ...row }) => ({ ...row, m: null, f: 'text' }), wider)
  })

  test('gives rows of older files the defaults and promoted types of format v3', async () => {
    const story = await begin('evolved_defaults', 3)
    await story.append(0, base)
    await story.evolve(
      (update) =>
        update
          .addColumn('state', t.string().default('new').required())
          .addColumn('rank', t.int().default(-3))
          .addColumn('price', t.decimal(6, 2).default('1.50'))
          .addColumn('since', t.date().default('2026-11-25'))
          .addColumn('c.flag', t.boolean().default(true)),
      ({ c, ...row }) => ({
        ...row,
        state: 'new',
        rank: -3,
        price: '1.50',
        since: '2026-11-25',
        c: mapped(c, (inner) => ({ ...inner, flag: true })),
      }),
    )
    const full: Shape = (row) => ({
      ...base(row),
      c: null,
      state: 'old',
      rank: null,
      price: null,
      since: '2026-01-01',
    })
    await story.append(10, full)
    await story.evolve(
      (update) =>
        update
          .widenColumn('rank', t.long())
          .widenColumn('price', t.decimal(9, 2))
          .setColumnDefault('rank', 4n)
          .setColumnDefault('state', 'newer')
          .renameColumn('state', 'status'),
      ({ rank, state, ...row }) => ({
        ...row,
        rank: rank === null ? null : BigInt(rank as number),
        status: state,
      }),
    )
  })

  test('promotes a date to a timestamp in format v3', async () => {
    const story = await begin('evolved_date', 3)
    await story.evolve(
      (update) => update.addColumn('on', t.date()).addPartitionField(day('on', 'on_day')),
      (row) => row,
    )
    await story.append(0, (row) => ({ ...row, on: '2026-11-25' }), base)
    // Iceberg Java 1.12 and PyIceberg 0.12 know no such promotion.
    story.refusals.spark = /Integer cannot be cast to class java.lang.Long/
    story.refusals.pyiceberg = /has no attribute 'tz'/
    await story.evolve(
      (update) => update.widenColumn('on', t.timestamp()),
      (row) => ({ ...row, on: BigInt(Date.UTC(2026, 10, 25)) * 1000n }),
    )
    await story.append(10, (row) => ({ ...row, on: 1_800_000_000_000_000n }), base)
  })

  test('lets unknown become a type in format v3', async () => {
    const story = await begin('evolved_unknown', 3)
    // DuckDB 1.5.5 reads every schema that the table ever had, and refuses this one.
    story.refusals.duckdb = /Unrecognized primitive type: unknown/
    await story.evolve(
      (update) => update.addColumn('u', t.unknown()),
      (row) => row,
    )
    await story.append(0, (row) => ({ ...row, u: null }), base)
    await story.evolve(
      (update) => update.widenColumn('u', t.struct({ x: t.int() })),
      (row) => row,
    )
    await story.append(10, (row) => ({ ...row, u: { x: 1 } }), base)
  })
})

describe.skipIf(!enginesInstalled)('a table that Spark and Moraine evolve in turns', () => {
  test.each([1, 2, 3])('is read alike after every turn, format v%i', async (version) => {
    const name = `evolving_v${version}`
    const spark = judges.find(({ engine }) => engine === 'spark')!
    const story = await begin(name, version)
    const theirs = async (sql: string, reshape: Shape) => {
      await spark.sql(warehouse, sql.replace('TABLE', `lake.db.${name}`))
      await story.refresh(reshape)
    }
    await story.append(0, base)
    await story.evolve(
      (update) => update.addColumn('ours', t.int()).renameColumn('n', 'count'),
      ({ n, ...row }) => ({ ...row, count: n, ours: null }),
    )
    await theirs('alter table TABLE add column theirs string', (row) => ({ ...row, theirs: null }))
    await theirs('alter table TABLE rename column ours to shared', ({ ours, ...row }) => ({
      ...row,
      shared: ours,
    }))
    const turn: Shape = (row) => {
      const { n, ...made } = base(row)
      return { ...made, count: n, shared: 7, theirs: 'x' }
    }
    await story.append(10, turn)
    await story.evolve(
      (update) => update.widenColumn('shared', t.long()).moveColumn('theirs', { before: 'id' }),
      ({ shared, ...row }) => ({ ...row, shared: shared === null ? null : BigInt(shared as number) }),
    )
    await theirs('alter table TABLE drop partition field days(at)', (row) => row)
    await story.evolve(
      (update) => update.addPartitionField(truncate('theirs', 1)).addPartitionField(day('at')),
      (row) => row,
    )
    const later: Shape = (row) => ({ ...turn(row), shared: 2n ** 40n })
    await story.append(20, later)
    await theirs('alter table TABLE add partition field bucket(3, shared)', (row) => row)
    await theirs('alter table TABLE write ordered by theirs', (row) => row)
    await story.evolve(
      (update) => update.removePartitionField(bucket('shared', 3)).replaceSortOrder(['id']),
      (row) => row,
    )
    await story.append(30, later)
    await story.evolve(
      (update) => update.dropColumn('shared').removePartitionField('theirs_trunc_1'),
      ({ shared: _, ...row }) => row,
    )
    await theirs('alter table TABLE drop column theirs', ({ theirs: _, ...row }) => row)
    if (version === 1) story.refusals.duckdb = noSequenceNumbers
    await theirs(
      `alter table TABLE set tblproperties ('team' = 'spark', 'format-version' = '3')`,
      (row) => row,
    )
    await story.append(40, ({ shared: _, theirs: __, ...row }) => row, later)
    const table = await story.refresh((row) => row)
    expect(table.metadata.formatVersion).toBe(3)
    expect(table.properties['team']).toBe('spark')
  })
})

/** DuckDB 1.5.5 asks for sequence numbers also in what format version 1 has left of an upgraded table. */
const noSequenceNumbers = /sequence_number' is (only allowed to be )?NULL/

type Shape = (row: PlainRow) => PlainRow

/** A table, the rows that it must hold, and steps that change both and then ask every engine. */
async function begin(name: string, version: number) {
  let table = (await lake.createTable(['db', name], everyShape(version))) as unknown as Table
  let rows: PlainRow[] = []
  const refusals: Partial<Record<Engine, RegExp>> = {}
  return {
    refusals,
    async append(first: number, ...shapes: readonly Shape[]) {
      const made = range(8).map((i) =>
        shapes.reduceRight<PlainRow>((row, shape) => shape(row), { i: first + i }),
      )
      table = await table.append(made)
      rows = [...rows, ...made]
      await compare(table, rows, refusals)
    },
    async evolve(change: (update: TableEvolution<Table>) => TableEvolution<Table>, reshape: Shape) {
      table = await change(table.update()).commit()
      rows = rows.map(reshape)
      await compare(table, rows, refusals)
    },
    /** After another engine has changed the table. */
    async refresh(reshape: Shape) {
      table = await table.refresh()
      rows = rows.map(reshape)
      await compare(table, rows, refusals)
      return table
    },
  }
}

const base: Shape = ({ i }) => {
  const n = i as number
  return {
    id: BigInt(n),
    must: `m${n}`,
    n: n % 4 === 3 ? null : n,
    f: n / 2,
    d: `${n}.25`,
    at: n % 5 === 4 ? null : BigInt(n - 3) * 40_000_000_000n,
    c: n % 3 === 2 ? null : { a: n, b: n % 3 === 1 ? null : { x: `x${n}` } },
    l: n % 3 === 1 ? null : [{ k: 'k' }],
    m: n % 4 === 1 ? null : new Map([['key', { w: n / 4 }]]),
  }
}

const wide: Shape = (row) => {
  const made = base(row)
  return {
    ...made,
    c: { a: 1, b: { x: null, y: 5n } },
    l: [{ k: null, v: 0.1 }],
    m: new Map([['key', { w: 0.5, colour: 'red' }]]),
    extra: Number(row['i']) % 3 === 0 ? null : `extra ${row['i']}`,
    tags: [Number(row['i']), null],
  }
}

const wider: Shape = (row) => {
  const { n, c: _, ...made } = wide(row)
  return {
    ...made,
    must: n === null ? null : 'must',
    count: n === null ? null : 2n ** 40n,
    f: 0.1,
    d: '123456789012345678.25',
    c: { first: 2, b: { x: 'x', y: null } },
    m: new Map([['key', { w: 0.1, colour: null }]]),
  }
}

function mapped(value: unknown, change: Shape): PlainRow | null {
  return value === null ? null : change(value as PlainRow)
}

function withValues(map: Map<string, PlainRow>, change: Shape): Map<string, PlainRow> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}

/** What Moraine and every engine read now is `rows`. */
async function compare(
  { identifier }: Table,
  rows: readonly PlainRow[],
  refusals: Partial<Record<Engine, RegExp>> = {},
): Promise<void> {
  const table = await lake.loadTable([...identifier.namespace, identifier.name])
  const { name } = table.identifier
  const expected = rows.map((row) => canonicalRow(row, table.schema.fields))
  expect(difference(await linesOf(table.scan()), expected), 'Moraine').toEqual(sameRows)
  agreed(name, 'moraine', expected.length)
  await Promise.all(judges.map((judge) => ask(judge, table, expected, refusals[judge.engine])))
}

async function ask(judge: Judge, table: Table, expected: readonly string[], refusal: RegExp | undefined) {
  const { engine } = judge
  const { name } = table.identifier
  for (const plain of engine === 'spark' ? [false, true] : [false]) {
    const verdict = await judge.read({ ...placeOf(table), ...(plain ? { plain } : {}) })
    if (refusal !== undefined) {
      expect('error' in verdict ? verdict.error : 'reads it', engine).toMatch(refusal)
      refused(name, engine, 'error' in verdict ? verdict.error : '')
      continue
    }
    if ('error' in verdict) throw new Error(`${engine}: ${verdict.error}`)
    const normal = (line: string) => (engine === 'pyiceberg' ? nullsAsEmpty(line, table.schema.fields) : line)
    expect(difference(verdict.lines.map(normal), expected.map(normal)), engine).toEqual(sameRows)
    agreed(name, engine, expected.length)
  }
}
