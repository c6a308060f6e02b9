/**
 * The footer of a Parquet file. Layout of the file's end:
 *
 * 1. FileMetaData, Thrift compact protocol
 * 2. its length, 4 bytes little-endian
 * 3. 'PAR1'
 */
import { invalidData, unsupported } from '../errors.ts'
import { chunkStart } from './chunk-range.ts'
import type { ColumnChunk, FileFooter } from './footer.ts'
import { fileMetaData } from './footer-thrift.ts'
import { readThrift, writeThrift } from './thrift.ts'
import { wholeChunks } from './whole-chunks.ts'

export { chunkRange } from './chunk-range.ts'

/** 'PAR1', at both ends of a file. */
export const PARQUET_MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31)
/** Bytes after the Thrift part. */
export const FOOTER_TAIL_LENGTH = 8

const RULE = 'Parquet: File Format'

/**
 * The length of the Thrift part, from a file's last bytes (8 at least). With the file's length it is checked to fit.
 * INVALID_DATA when this is no Parquet file, UNSUPPORTED when its footer is encrypted.
 */
export function footerLength(tail: Uint8Array, fileLength?: number): number {
  if (tail.length < FOOTER_TAIL_LENGTH) throw notParquet(`${tail.length} bytes`)
  const magic = String.fromCharCode(...tail.subarray(tail.length - 4))
  if (magic === 'PARE') throw unsupported('this Parquet file has an encrypted footer')
  if (magic !== 'PAR1') throw notParquet(`a file that ends in ${JSON.stringify(magic)}`)
  const length = new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(tail.length - 8, true)
  const most = fileLength === undefined ? Infinity : fileLength - FOOTER_TAIL_LENGTH - PARQUET_MAGIC.length
  if (length === 0 || length > most) {
    throw invalidData(`the Parquet footer claims ${length} bytes of a file of ${fileLength}`, { rule: RULE })
  }
  return length
}

/**
 * Decodes the Thrift part. Checks that row groups have one chunk per leaf of the schema, that every chunk lies in the
 * file before the footer, and that the row counts add up; a count of 0 is one that the writer left open. What old
 * writers are known to get wrong is put right. `fileLength` in bytes.
 */
export function decodeFooter(bytes: Uint8Array, fileLength: number): FileFooter {
  const { value: footer } = readThrift(fileMetaData, bytes)
  const leaves = footer.schema.reduce((count, element) => count + (element.type === undefined ? 0 : 1), 0)
  const dataEnd = BigInt(fileLength - bytes.length - FOOTER_TAIL_LENGTH)
  let rows = 0n
  for (const [i, group] of footer.rowGroups.entries()) {
    if (group.columns.length !== leaves) {
      throw invalidData(`row group ${i} has ${group.columns.length} columns, the schema has ${leaves}`, {
        rule: RULE,
      })
    }
    if (group.numRows < 0n) throw invalidData(`row group ${i} has ${group.numRows} rows`, { rule: RULE })
    for (const column of group.columns) checkChunk(column, i, dataEnd)
    rows += group.numRows
  }
  if (rows !== footer.numRows && footer.numRows !== 0n) {
    throw invalidData(`the row groups hold ${rows} rows, the footer says ${footer.numRows}`, { rule: RULE })
  }
  return wholeChunks({ ...footer, numRows: rows }, Number(dataEnd))
}

/** The Thrift part, its length and the magic: all that follows the last row group. */
export function encodeFooter(footer: FileFooter): Uint8Array {
  const thrift = writeThrift(fileMetaData, footer)
  const bytes = new Uint8Array(thrift.length + FOOTER_TAIL_LENGTH)
  bytes.set(thrift)
  new DataView(bytes.buffer).setUint32(thrift.length, thrift.length, true)
  bytes.set(PARQUET_MAGIC, thrift.length + 4)
  return bytes
}

function checkChunk(column: ColumnChunk, group: number, dataEnd: bigint): void {
  const name = column.pathInSchema.join('.')
  if (column.filePath !== undefined) {
    throw unsupported(`column '${name}' of row group ${group} lies in another file, '${column.filePath}'`)
  }
  if (column.encrypted) throw unsupported(`column '${name}' of row group ${group} is encrypted`)
  const start = chunkStart(column)
  const size = column.totalCompressedSize
  // A chunk without a value need not be anywhere: pyarrow leaves its offset 0.
  const least = column.numValues === 0n ? 0n : 4n
  if (start < least || size < 0n || start + size > dataEnd || column.numValues < 0n) {
    throw invalidData(
      `column '${name}' of row group ${group} claims ${column.numValues} values in bytes ${start} to ${start + size}; data ends at ${dataEnd}`,
      { rule: RULE },
    )
  }
}

function notParquet(found: string): Error {
  return invalidData(`expected a Parquet file, found ${found}`, { rule: RULE })
}
