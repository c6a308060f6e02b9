/**
 * Tables that Iceberg Java, Spark and PyIceberg wrote, with the rows of every snapshot. They are read right, or
 * refused by name; never read wrong.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bind } from '../../format/expressions/bind.ts'
import { rowEvaluator } from '../../format/expressions/evaluate.ts'
import { isNested, isPrimitive } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import {
  and,
  type Expression,
  eq,
  fieldsById,
  findFieldById,
  gt,
  gtEq,
  isIn,
  isMoraineError,
  isNull,
  type Literal,
  lt,
  ltEq,
  not,
  notEq,
  notIn,
  notNull,
  openTable,
  or,
  type PrimitiveType,
  type ScanOptions,
  type Table,
} from '../../index.ts'
import { canonicalRow, difference, linesOf, sameRows, sortedLines } from './canonical.ts'
import { type PlainRow, seededRandom } from './samples.ts'
import { range } from './subjects.ts'

const golden = process.env['MORAINE_GOLDEN'] ?? resolve(import.meta.dirname, '../../../shared/golden')

interface GoldenTable {
  readonly name: string
  readonly metadataFile: string
  readonly originalPrefix: string
  readonly answer: string
  readonly snapshotsAnswer: string
  readonly lineageAnswer?: string
}
interface SnapshotAnswer {
  readonly snapshotId: string
  readonly rows: number
  readonly sha256: string
}

/** Tables that this version refuses, and the words of the refusal. */
const refusals: Readonly<Record<string, RegExp>> = {
  orc_data: /orc/i,
}

const here = existsSync(join(golden, 'index.json'))
const tables = here
  ? (JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).tables as GoldenTable[])
  : []
const report: string[] = []

describe.skipIf(!here)('golden tables', () => {
  for (const entry of tables) {
    test(`${entry.name} reads right at every snapshot, or is refused by name`, async () => {
      const table = await open(entry)
      const counts = { right: 0, refused: 0 }
      for (const answer of snapshotAnswers(entry)) {
        const lines = await linesOrRefused(
          table,
          { snapshotId: BigInt(answer.snapshotId) },
          refusals[entry.name],
        )
        if (lines === undefined) counts.refused++
        else {
          expect(lines.length, `rows of snapshot ${answer.snapshotId}`).toBe(answer.rows)
          expect(digest(lines), `digest of snapshot ${answer.snapshotId}`).toBe(answer.sha256)
          counts.right++
        }
      }
      report.push(`${entry.name}: ${counts.right} right, ${counts.refused} refused`)
    })
  }

  for (const entry of tables) {
    test(`${entry.name} reads by branch, time, lineage, columns and predicates`, async (context) => {
      const table = await open(entry)
      checkTimeTravel(table)
      const rows = await allRows(table, refusals[entry.name])
      if (rows === undefined) return context.skip('is refused')
      await checkBranches(entry, table)
      await checkLineage(entry, table)
      // Every scan of a table of many files opens them all again.
      const runs = (await fileCount(table)) > 50 ? 2 : 12
      await checkProjections(table, rows, runs)
      await checkFilters(table, rows, runs)
    })
  }

  test('the report', () => {
    console.log(report.join('\n'))
    expect(report.length).toBeGreaterThan(tables.length)
  })
})

function open(entry: GoldenTable): Promise<Table> {
  return openTable(join(golden, entry.metadataFile), {
    remap: { [entry.originalPrefix]: join(golden, 'tables') },
  })
}

/** The rows of the current snapshot; undefined when it is refused. */
async function allRows(table: Table, refusal: RegExp | undefined): Promise<PlainRow[] | undefined> {
  try {
    const rows: PlainRow[] = []
    for await (const row of table.scan().rows({ variants: 'exact' })) rows.push(row)
    return rows
  } catch (error) {
    if (isMoraineError(error, 'UNSUPPORTED') && refusal?.test(error.message)) return undefined
    throw error
  }
}

function checkTimeTravel(table: Table): void {
  const log = table.metadata.snapshotLog
  for (const [i, entry] of log.entries()) {
    if (log[i + 1]?.timestampMs === entry.timestampMs) continue
    if (!table.snapshots.some((snapshot) => snapshot.snapshotId === entry.snapshotId)) continue
    for (const timestamp of [entry.timestampMs, new Date(entry.timestampMs)]) {
      expect(table.scan({ at: { timestamp } }).snapshot?.snapshotId).toBe(entry.snapshotId)
    }
  }
  const before = (log[0]?.timestampMs ?? 1) - 1
  expect(() => table.scan({ at: { timestamp: before } })).toThrow(/no snapshot was current/)
}

async function checkBranches(entry: GoldenTable, table: Table): Promise<void> {
  for (const ref of table.refs.keys()) {
    const answer = join(golden, dirname(entry.answer), `branch_${ref}.jsonl`)
    if (!existsSync(answer)) continue
    const lines = await linesOf(table.scan({ at: { ref } }))
    expect(difference(lines, linesIn(answer)), `branch ${ref}`).toEqual(sameRows)
    report.push(`${entry.name}, branch ${ref}: right`)
  }
}

async function checkLineage(entry: GoldenTable, table: Table): Promise<void> {
  if (entry.lineageAnswer === undefined) return
  const columns = table.schema.fields.map((field) => [field.name])
  const scan = table.scan({ select: [...columns, '_row_id', '_last_updated_sequence_number'] })
  expect(difference(await linesOf(scan), linesIn(join(golden, entry.lineageAnswer)))).toEqual(sameRows)
  report.push(`${entry.name}, row lineage: right`)
}

/** Each leaf column alone, then random sets of leaf columns: what comes out is what those columns hold in whole rows. */
async function checkProjections(table: Table, rows: readonly PlainRow[], runs: number): Promise<void> {
  const leaves = [...fieldsById(table.schema).values()].filter(({ field }) => !isNested(field.type))
  const random = seededRandom(leaves.length)
  const alone = leaves.map((leaf) => [leaf.path]).slice(0, runs * 2)
  const together = range(runs).map(() => leaves.filter(() => random(3) === 0).map((leaf) => leaf.path))
  for (const select of [...alone, ...together.filter((paths) => paths.length > 0)]) {
    const scan = table.scan({ select })
    const expected = rows.map((row) => canonicalRow(row, scan.fields))
    expect(difference(await linesOf(scan), expected), `select ${JSON.stringify(select)}`).toEqual(sameRows)
  }
}

/** Pruning by partitions and metrics of real files loses no row, and lets none pass. */
async function checkFilters(table: Table, rows: readonly PlainRow[], runs: number): Promise<void> {
  const predicates = predicatesOver(table, rows)
  if (predicates === undefined) return
  const fields = table.schema.fields
  await fc.assert(
    fc.asyncProperty(predicates, async (where) => {
      const matches = rowEvaluator(bind(where, table.schema))
      const kept = rows.filter((row) => matches((id) => literalAt(table, row, id)))
      const expected = kept.map((row) => canonicalRow(row, fields))
      expect(difference(await linesOf(table.scan({ where })), expected)).toEqual(sameRows)
    }),
    { seed: 7, numRuns: runs * 2 },
  )
}

function predicatesOver(table: Table, rows: readonly PlainRow[]): fc.Arbitrary<Expression> | undefined {
  const columns = [...fieldsById(table.schema).values()].filter(
    ({ field, repeated }) => !repeated && isPrimitive(field.type) && field.type.kind !== 'unknown',
  )
  if (columns.length === 0) return undefined
  const leaf = fc.constantFrom(...columns).chain((column): fc.Arbitrary<Expression> => {
    const found = rows.map((row) => literalAt(table, row, column.field.id)).filter((value) => value !== null)
    const unary = fc.constantFrom(isNull(column.path), notNull(column.path))
    const values = found.filter((value) => !Number.isNaN(value))
    if (values.length === 0) return unary
    const value = fc.constantFrom(...values)
    const comparison = fc
      .tuple(fc.constantFrom(eq, notEq, lt, ltEq, gt, gtEq), value)
      .map(([make, literal]) => make(column.path, literal))
    const set = fc
      .tuple(fc.constantFrom(isIn, notIn), fc.array(value, { minLength: 1, maxLength: 4 }))
      .map(([make, literals]) => make(column.path, literals))
    return fc.oneof(
      { weight: 1, arbitrary: unary },
      { weight: 4, arbitrary: comparison },
      { weight: 2, arbitrary: set },
    )
  })
  return fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      leaf,
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => and(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => or(a, b)),
      tie('tree').map(not),
    ),
  })).tree
}

function literalAt(table: Table, row: PlainRow, fieldId: number): Literal | null {
  const { field, path } = findFieldById(table.schema, fieldId)!
  let value: unknown = row
  for (const name of path) value = value === null ? null : (value as PlainRow)[name]
  return value === null ? null : toLiteral(field.type as PrimitiveType, value)
}

async function fileCount(table: Table): Promise<number> {
  let count = 0
  for await (const _ of table.inspect.files()) count++
  return count
}

function linesIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return text === '' ? [] : text.trimEnd().split('\n')
}

function snapshotAnswers(entry: GoldenTable): SnapshotAnswer[] {
  const text = readFileSync(join(golden, entry.snapshotsAnswer), 'utf8')
  return JSON.parse(text).snapshots as SnapshotAnswer[]
}

async function linesOrRefused(
  table: Table,
  at: ScanOptions['at'],
  refusal: RegExp | undefined,
): Promise<string[] | undefined> {
  try {
    return sortedLines(await linesOf(table.scan({ at })))
  } catch (error) {
    if (isMoraineError(error, 'UNSUPPORTED') && refusal?.test(error.message)) return undefined
    throw error
  }
}

function digest(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex')
}
