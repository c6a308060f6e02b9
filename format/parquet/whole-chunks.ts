import { chunkRange } from './chunk-range.ts'
import type { ColumnChunk, FileFooter } from './footer.ts'

/** Bytes that the header of a dictionary page takes at most; it is some 15. */
const MOST_HEADER_BYTES = 100

/**
 * The footer with chunks that reach to the end of their last page. parquet-mr before 1.2.9 did not count the header of
 * the dictionary page in a chunk's size (IMPALA-694); a chunk of its files ends where the next one begins, or the
 * data. `dataEnd` is an offset in the file, as those of the chunks are.
 */
export function wholeChunks(footer: FileFooter, dataEnd: number): FileFooter {
  if (!leavesOutDictionaryHeader(footer.createdBy)) return footer
  const missing = bytesBehind(
    footer.rowGroups.flatMap(({ columns }) => columns),
    dataEnd,
  )
  const rowGroups = footer.rowGroups.map((group) => ({
    ...group,
    columns: group.columns.map((column) => {
      const bytes = missing.get(column)!
      if (bytes < 0 || bytes > MOST_HEADER_BYTES) return column
      return { ...column, totalCompressedSize: column.totalCompressedSize + BigInt(bytes) }
    }),
  }))
  return { ...footer, rowGroups }
}

/** parquet-mr in a version before 1.2.9, or before it wrote down which. */
function leavesOutDictionaryHeader(createdBy = ''): boolean {
  const found = /^parquet-mr(?: version (\d+)\.(\d+)\.(\d+)|$)/.exec(createdBy)
  if (found === null) return false
  const [major = 0, minor = 0, patch = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return major < 1 || (major === 1 && (minor < 2 || (minor === 2 && patch < 9)))
}

/** How many bytes lie between each chunk and the next one in the file. */
function bytesBehind(columns: readonly ColumnChunk[], dataEnd: number): ReadonlyMap<ColumnChunk, number> {
  const inOrder = columns
    .map((column) => ({ column, ...chunkRange(column) }))
    .sort((a, b) => a.start - b.start)
  return new Map(
    inOrder.map(({ column, end }, i) => [column, (inOrder[i + 1]?.start ?? dataEnd) - end] as const),
  )
}
