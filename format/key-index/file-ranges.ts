import type { IndexedFile } from './run-file.ts'

/** Which runs speak of which rows. Two changes at a time may have indexed one file: one of them is believed. */
export interface FileRanges {
  /** Whether all rows of the data file are spoken of. */
  covers(path: string, sizeInBytes: number, recordCount: number): boolean
  /** Of the rows that a run has of a file in its list, those for which it speaks; undefined for none. */
  rangeOf(run: number, file: number): RowRange | undefined
}

/** Positions from `from` up to `to`. */
export interface RowRange {
  readonly from: number
  readonly to: number
}

/** `runs` are the lists of files of each run. */
export function fileRanges(runs: readonly (readonly IndexedFile[])[]): FileRanges {
  const byFile = new Map<
    string,
    { readonly file: IndexedFile; readonly run: number; readonly number: number }[]
  >()
  runs.forEach((files, run) => {
    files.forEach((file, number) => {
      const key = keyOf(file.path, file.sizeInBytes, file.recordCount)
      const parts = byFile.get(key)
      if (parts === undefined) byFile.set(key, [{ file, run, number }])
      else parts.push({ file, run, number })
    })
  })
  const ends = new Map<string, number>()
  const ranges = runs.map((files) => new Array<RowRange | undefined>(files.length))
  for (const [key, parts] of byFile) {
    // Up to here rows are spoken for, and without a gap.
    let end = 0
    let whole = 0
    parts.sort((a, b) => a.file.first - b.file.first)
    for (const { file, run, number } of parts) {
      const from = Math.max(file.first, end)
      const to = file.first + file.rows
      if (to <= from) continue
      ranges[run]![number] = { from, to }
      if (from <= whole) whole = to
      end = to
    }
    ends.set(key, whole)
  }
  return {
    covers: (path, sizeInBytes, recordCount) =>
      ends.get(keyOf(path, sizeInBytes, recordCount)) === recordCount,
    rangeOf: (run, file) => ranges[run]![file],
  }
}

function keyOf(path: string, sizeInBytes: number, recordCount: number): string {
  return `${sizeInBytes} ${recordCount} ${path}`
}
