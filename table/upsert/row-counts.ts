import type { FoundRows } from './finds.ts'
import type { KeyedRows } from './keyed-rows.ts'

/** What a change of rows did. The snapshot's summary tells it too. */
export interface RowCounts {
  /** Rows whose key was new. */
  readonly inserted: number
  /** Rows whose key was there. */
  readonly updated: number
  /** Rows that are gone, and that none took the place of. */
  readonly deleted: number
  /** Rows of the input that changed nothing: they were there as they are (`skipUnchanged`), or too late (`orderBy`). */
  readonly unchanged: number
}

const NONE: RowCounts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
const KINDS = Object.keys(NONE) as readonly (keyof RowCounts)[]

export function rowCounts(counts: Partial<RowCounts>): RowCounts {
  return { ...NONE, ...counts }
}

/** Of keyed rows that were looked for; those of `gone` are to be deleted. */
export function countChanges(
  rows: KeyedRows,
  gone: ReadonlySet<number>,
  { timesFound, unchanged }: Pick<FoundRows, 'timesFound' | 'unchanged'>,
): RowCounts {
  const counts = { inserted: 0, updated: 0, deleted: 0, unchanged: unchanged.size }
  for (const numbers of rows.numbers) {
    for (const number of numbers) {
      if (unchanged.has(number)) continue
      const times = timesFound[number]!
      if (gone.has(number)) counts.deleted += times
      else if (times > 0) counts.updated++
      else counts.inserted++
    }
  }
  return counts
}

export function countsToSummary(counts: RowCounts): Record<string, string> {
  return Object.fromEntries(KINDS.map((kind) => [keyOf(kind), String(counts[kind])]))
}

/** Zero for what a summary does not tell. */
export function countsFromSummary(summary: Readonly<Record<string, string>>): RowCounts {
  return rowCounts(Object.fromEntries(KINDS.map((kind) => [kind, Number(summary[keyOf(kind)] ?? 0)])))
}

function keyOf(kind: keyof RowCounts): string {
  return `moraine.rows-${kind}`
}
