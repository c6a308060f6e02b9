import type { PositionSet } from '../format/puffin/position-set.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { chunkBytes, fetchBloomFilters, fetchPageIndexes } from './fetch-indexes.ts'
import type { RowSelection } from './fetch-rows.ts'
import type { FilePlan } from './file-plan.ts'
import type { ParquetSource } from './parquet-source.ts'
import { NO_INDEXES, type RowGroupIndexes } from './row-group-filter.ts'
import { allRows, countRows, intersectRanges, NO_ROWS, type RowRanges } from './row-ranges.ts'

/** Rows of a row group that may match, and what is needed to narrow them further. */
export interface GroupSelection extends RowSelection {
  /** Position in the file of the row group's first row. */
  readonly position: bigint
  /** Encoded bytes of the wanted leaves of these rows, about. */
  readonly bytes: number
  readonly indexes: RowGroupIndexes
}

/**
 * The row groups of a file that may hold matching rows, by the statistics in its footer, and the rows of each, by its
 * page indexes where it has them. Those of which every row is deleted by position are left out.
 */
export async function selectRows(
  store: ObjectStore,
  source: ParquetSource,
  plan: FilePlan,
  signal: AbortSignal | undefined,
): Promise<readonly GroupSelection[]> {
  const { rowGroups } = source.footer
  const { rowGroupFilter, leaves, fileLeaves, deletes, only } = plan
  const positions = firstPositions(rowGroups)
  const rowsOf = (index: number, indexes: RowGroupIndexes): RowRanges => {
    const group = rowGroups[index]!
    const matching = rowGroupFilter?.rowsOf(group, indexes) ?? allRows(Number(group.numRows))
    if (only === undefined) return matching
    const hasPages = [...leaves].every((leaf) => indexes.offsetIndexes.has(leaf))
    const asked = rangesOf(only, Number(positions[index]!), Number(group.numRows), hasPages)
    return intersectRanges(matching, asked)
  }
  const mayMatch = rowGroups.map((group, index) => {
    const start = Number(positions[index]!)
    if (deletes?.positions?.hasAllBetween(start, start + Number(group.numRows))) return NO_ROWS
    return rowsOf(index, NO_INDEXES)
  })
  const candidates = [...rowGroups.keys()].filter((index) => mayMatch[index]!.length > 0)
  const indexes =
    rowGroupFilter === undefined && only === undefined
      ? []
      : await fetchPageIndexes(
          store,
          source,
          {
            rowGroups: candidates.map((index) => rowGroups[index]!),
            filterLeaves: rowGroupFilter?.leaves ?? new Set(),
            leaves,
            offsetsAlone: only !== undefined,
          },
          signal,
        )
  return candidates.flatMap((index, i): GroupSelection[] => {
    const group = rowGroups[index]!
    const found = indexes[i] ?? NO_INDEXES
    const rows = found === NO_INDEXES ? mayMatch[index]! : rowsOf(index, found)
    if (rows.length === 0) return []
    const bytes = Math.ceil((chunkBytes(group, leaves) * countRows(rows)) / Number(group.numRows))
    const { offsetIndexes } = found
    return [
      { index, rows, leaves, fileLeaves, offsetIndexes, indexes: found, position: positions[index]!, bytes },
    ]
  })
}

/** Rows between two that are asked for, which are read with them rather than apart: those of a page, about. */
const ROWS_BETWEEN = 20_000

/** Ranges that have all the positions of a row group, few enough to be worth reading apart. */
function rangesOf(only: PositionSet, first: number, numRows: number, hasPages: boolean): RowRanges {
  const ranges: { start: number; end: number }[] = []
  for (const [from, to] of only.runsBetween(first, first + numRows)) {
    const last = ranges.at(-1)
    if (last !== undefined && from - first - last.end < ROWS_BETWEEN) last.end = to - first
    else ranges.push({ start: from - first, end: to - first })
  }
  if (ranges.length === 0) return NO_ROWS
  const isMost = 2 * countRows(ranges) > numRows
  return hasPages && !isMost ? ranges : allRows(numRows)
}

/** The selection's rows without those that the row group's bloom filters rule out, where looking is worth it. */
export async function narrowByBloomFilters(
  store: ObjectStore,
  source: ParquetSource,
  { rowGroupFilter }: FilePlan,
  { index, rows, bytes, indexes }: GroupSelection,
  signal: AbortSignal | undefined,
): Promise<RowRanges> {
  if (rowGroupFilter === undefined || rowGroupFilter.bloomLeaves.size === 0) return rows
  const group = source.footer.rowGroups[index]!
  const { bloomLeaves } = rowGroupFilter
  const bloomFilters = await fetchBloomFilters(
    store,
    source,
    group,
    bloomLeaves,
    Math.floor(bytes / 2),
    signal,
  )
  if (bloomFilters.size === 0) return rows
  return intersectRanges(rows, rowGroupFilter.rowsOf(group, { ...indexes, bloomFilters }))
}

function firstPositions(rowGroups: readonly { readonly numRows: bigint }[]): readonly bigint[] {
  let position = 0n
  return rowGroups.map(({ numRows }) => {
    const first = position
    position += numRows
    return first
  })
}
