/** Runs of rows of a row group: in order, apart from each other, none of them empty. */
export type RowRanges = readonly RowRange[]

export interface RowRange {
  /** Inclusive, counted from the row group's first row. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

export const NO_ROWS: RowRanges = []

export function allRows(count: number): RowRanges {
  return count === 0 ? NO_ROWS : [{ start: 0, end: count }]
}

export function intersectRanges(a: RowRanges, b: RowRanges): RowRanges {
  const common: RowRange[] = []
  for (let i = 0, k = 0; i < a.length && k < b.length; ) {
    const start = Math.max(a[i]!.start, b[k]!.start)
    const end = Math.min(a[i]!.end, b[k]!.end)
    if (start < end) common.push({ start, end })
    if (a[i]!.end < b[k]!.end) i++
    else k++
  }
  return common
}

export function uniteRanges(a: RowRanges, b: RowRanges): RowRanges {
  return joinRanges([...a, ...b].sort((x, y) => x.start - y.start))
}

/** Ranges in order of their starts, those joined that touch or overlap. */
export function joinRanges(ranges: Iterable<RowRange>): RowRanges {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of ranges) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

export function countRows(ranges: RowRanges): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0)
}
