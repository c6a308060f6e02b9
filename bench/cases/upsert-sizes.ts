import type { Round, Settings } from '../case.ts'
import { flatData, upsertData } from '../data/generate.ts'

/** `count` rows into a table of `rows`. */
export interface UpsertSize {
  readonly count: number
  readonly rows: number
}

/** The small change: what a stream makes of a second or so. */
const SMALL = 1000
const LARGE: UpsertSize = { count: 1_000_000, rows: 10_000_000 }

/** 100,000 and 1,000 rows into each table that has as many; and a million, where a table is large enough. */
export function upsertSizes(tables: readonly number[]): readonly UpsertSize[] {
  const sizes = [100_000, SMALL].flatMap((count) => tables.map((rows) => ({ count, rows })))
  const large = tables.some((rows) => rows >= LARGE.rows) ? [LARGE] : []
  return [...sizes.filter(({ count, rows }) => count <= rows), ...large]
}

/** What upserts of a size begin with, and are to take the same time over. */
export interface UpsertRound extends UpsertSize, Pick<Round, 'title'> {
  readonly steady?: string
  /** The rows of the table, and changes enough for all repetitions and `warmUps` before. */
  readonly file: string
  readonly changes: readonly string[]
  readonly warmUps: number
}

export async function upsertRound(
  { count, rows }: UpsertSize,
  { repetitions }: Settings,
  where: string,
): Promise<UpsertRound> {
  const file = await flatData(rows)
  const changes: string[] = []
  // A stream has been at it for long; its code, and that of a JVM, is compiled by then.
  const warmUps = count === SMALL ? 10 : 3
  for (let i = 0; i < repetitions + warmUps; i++) changes.push(await upsertData(rows, count, i))
  const title = `${count} rows into ${rows} × 12 columns, ${where}`
  const steady = count === SMALL ? { steady: `${count} rows, ${where}` } : {}
  return { count, rows, file, changes, warmUps, title, ...steady }
}
