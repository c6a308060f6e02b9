import type { ColumnChunk } from './footer.ts'

/** Where a chunk's pages lie in the file, dictionary page first. `decodeFooter` has checked that they lie there. */
export function chunkRange(column: ColumnChunk): { readonly start: number; readonly end: number } {
  const start = chunkStart(column)
  return { start: Number(start), end: Number(start + column.totalCompressedSize) }
}

/** Some writers set the dictionary's offset to 0 or past the data when there is none (PARQUET-816). */
export function chunkStart({ dataPageOffset, dictionaryPageOffset }: ColumnChunk): bigint {
  const hasDictionary =
    dictionaryPageOffset !== undefined && dictionaryPageOffset > 0n && dictionaryPageOffset < dataPageOffset
  return hasDictionary ? dictionaryPageOffset : dataPageOffset
}
