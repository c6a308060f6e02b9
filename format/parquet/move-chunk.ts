import type { ColumnChunk } from './footer.ts'

/** The chunk when its bytes stand `by` bytes further on. Indexes stay behind: they are not part of a chunk. */
export function moveChunk(column: ColumnChunk, by: number): ColumnChunk {
  const {
    offsetIndexOffset: _1,
    offsetIndexLength: _2,
    columnIndexOffset: _3,
    columnIndexLength: _4,
    bloomFilterOffset: _5,
    bloomFilterLength: _6,
    dictionaryPageOffset,
    ...rest
  } = column
  return {
    ...rest,
    dataPageOffset: column.dataPageOffset + BigInt(by),
    ...(dictionaryPageOffset === undefined
      ? {}
      : { dictionaryPageOffset: dictionaryPageOffset + BigInt(by) }),
  }
}
