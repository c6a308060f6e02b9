/**
 * Some pages of a column chunk, made a chunk of its own that a decoder takes: pages that are left out before and after
 * them are stood in for by one that has their rows and nothing else, so that rows keep their numbers in every column,
 * wherever its pages begin and end. Nobody asks for the rows of a stand-in; a decoder steps over it by its header.
 */
import { invalidData } from '../errors.ts'
import type { ChunkBytes } from './codec.ts'
import type { ColumnChunk } from './footer.ts'
import { chunkRange } from './footer-codec.ts'
import type { FileNode } from './from-parquet-schema.ts'
import { pageHeader, valuesOfPage } from './page-header.ts'
import type { OffsetIndex } from './page-index.ts'
import { readThrift, writeThrift } from './thrift.ts'

/** `start` inclusive, `end` exclusive. */
interface Span {
  readonly start: number
  readonly end: number
}

/** The pages of a chunk that hold some rows, and the dictionary that they may need. */
export interface ChunkCut {
  readonly column: ColumnChunk
  /** Levels of its leaf. */
  readonly leaf: Pick<FileNode, 'maxDefinitionLevel' | 'maxRepetitionLevel'>
  /** Rows of the row group that the pages hold. */
  readonly rows: Span
  /** In the file. Empty when there is no dictionary. */
  readonly dictionary: Span
  readonly pages: Span
}

/** Which bytes of a chunk hold `rows`, none empty: by its offset index, or all of them. */
export function cutOf(
  column: ColumnChunk,
  leaf: ChunkCut['leaf'],
  index: OffsetIndex | undefined,
  rows: Span,
  numRows: number,
): ChunkCut {
  const { start, end } = chunkRange(column)
  if (index === undefined) {
    const firstPage = Number(column.dataPageOffset)
    return {
      column,
      leaf,
      rows: { start: 0, end: numRows },
      dictionary: { start, end: firstPage },
      pages: { start: firstPage, end },
    }
  }
  const { pageLocations } = index
  const rowOf = (page: number) => Number(pageLocations[page]?.firstRowIndex ?? numRows)
  const offsetOf = (page: number) => (page < pageLocations.length ? Number(pageLocations[page]!.offset) : end)
  let first = 0
  while (rowOf(first + 1) <= rows.start) first++
  let last = first + 1
  while (rowOf(last) < rows.end) last++
  return {
    column,
    leaf,
    rows: { start: rowOf(first), end: rowOf(last) },
    dictionary: { start, end: offsetOf(0) },
    pages: { start: offsetOf(first), end: offsetOf(last) },
  }
}

/**
 * The chunk that has the cut's pages, and stand-ins for the rest of the rows of `extent`. Throws INVALID_DATA when
 * the pages do not hold as many values as the index says that they have rows.
 */
export function cutChunk(cut: ChunkCut, dictionary: Uint8Array, pages: Uint8Array, extent: Span): ChunkBytes {
  const { column, leaf, rows } = cut
  const before = standIn(leaf, rows.start - extent.start)
  const after = standIn(leaf, extent.end - rows.end)
  const held = valuesHeld(cut, pages)
  const bytes = joined([dictionary, before, pages, after])
  const { dictionaryPageOffset: _, ...bare } = column
  return {
    column: {
      ...bare,
      numValues: held + BigInt(extent.end - extent.start - (rows.end - rows.start)),
      totalCompressedSize: BigInt(bytes.length),
      totalUncompressedSize: BigInt(bytes.length),
      dataPageOffset: FILE_HEAD + BigInt(dictionary.length),
      ...(dictionary.length === 0 ? {} : { dictionaryPageOffset: FILE_HEAD }),
    },
    bytes,
  }
}

/** Offsets below it count as none. */
const FILE_HEAD = 4n

function valuesHeld({ column, leaf, rows }: ChunkCut, pages: Uint8Array): bigint {
  let values = 0
  for (let at = 0; at < pages.length; ) {
    const { value: page, end } = readThrift(pageHeader, pages, at)
    if (page.compressedPageSize < 0) throw disagrees(column, `a page of ${page.compressedPageSize} bytes`)
    values += valuesOfPage(page)
    at = end + page.compressedPageSize
  }
  const count = rows.end - rows.start
  if (leaf.maxRepetitionLevel === 0 ? values !== count : values < count) {
    throw disagrees(column, `pages of ${values} values for ${count} rows`)
  }
  return BigInt(values)
}

function disagrees(column: ColumnChunk, what: string): Error {
  return invalidData(`column '${column.pathInSchema.join('.')}' has ${what}, by its offset index`, {
    rule: 'Parquet: Page Index',
  })
}

const DATA_PAGE_V2 = 3
const PLAIN = 0

/** A page of that many rows, each of one slot that is null at the root; of a required column, it has no values. */
function standIn({ maxDefinitionLevel, maxRepetitionLevel }: ChunkCut['leaf'], rows: number): Uint8Array {
  if (rows === 0) return new Uint8Array(0)
  const repetition = maxRepetitionLevel === 0 ? [] : zeroLevels(rows)
  const definition = maxDefinitionLevel === 0 ? [] : zeroLevels(rows)
  const size = repetition.length + definition.length
  const header = writeThrift(pageHeader, {
    type: DATA_PAGE_V2,
    uncompressedPageSize: size,
    compressedPageSize: size,
    dataPageHeaderV2: {
      numValues: rows,
      numNulls: maxDefinitionLevel === 0 ? 0 : rows,
      numRows: rows,
      encoding: PLAIN,
      definitionLevelsByteLength: definition.length,
      repetitionLevelsByteLength: repetition.length,
      isCompressed: false,
    },
  })
  return Uint8Array.from([...header, ...repetition, ...definition])
}

/** One run of zeros in the RLE/bit-packed hybrid encoding: twice the count as a varint, then the value. */
function zeroLevels(count: number): readonly number[] {
  const bytes: number[] = []
  let rest = count * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest, 0]
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
