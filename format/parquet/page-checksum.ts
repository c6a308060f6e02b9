/**
 * Adds to every page of a column chunk the checksum that the encoder left out.
 *
 * A page header as encoders write it: fields 1 to 3 (type and sizes, all i32), then the header of its kind, field 5, 7
 * or 8. The checksum is field 4, an i32: it goes in between, and the next field's header byte, which holds the distance
 * from the last id, counts one less.
 */
import { crc32 } from 'node:zlib'
import type { ColumnChunk } from './footer.ts'
import { pageHeader } from './page-header.ts'
import { i32, readThrift, writeThrift } from './thrift.ts'

export interface CheckedChunk {
  /** As given, with the sizes and the data page offset that the checksums make. */
  readonly column: ColumnChunk
  /** The chunk's bytes, piece by piece. */
  readonly parts: readonly Uint8Array[]
}

const CHECKSUM_FIELD = 0x15
const ONE_ID = 0x10

/** `column`'s offsets count from the start of `bytes`. Pages that have a checksum keep it. */
export function withChecksums(column: ColumnChunk, bytes: Uint8Array): CheckedChunk {
  const parts: Uint8Array[] = []
  let added = 0
  let dataPageOffset = column.dataPageOffset
  for (let at = 0; at < bytes.length; ) {
    if (BigInt(at) === column.dataPageOffset) dataPageOffset = BigInt(at + added)
    const { value: page, end } = readThrift(pageHeader, bytes, at)
    const header = bytes.subarray(at, end)
    const body = bytes.subarray(end, end + page.compressedPageSize)
    const checked = page.crc === undefined ? checkedHeader(header, body) : header
    parts.push(checked, body)
    added += checked.length - header.length
    at = end + page.compressedPageSize
  }
  return {
    parts,
    column: {
      ...column,
      dataPageOffset,
      totalCompressedSize: column.totalCompressedSize + BigInt(added),
      totalUncompressedSize: column.totalUncompressedSize + BigInt(added),
    },
  }
}

function checkedHeader(header: Uint8Array, body: Uint8Array): Uint8Array {
  const checksum = writeThrift(i32, crc32(body) | 0)
  let split = 0
  for (let field = 0; field < 3; field++) split = readThrift(i32, header, split + 1).end
  const checked = new Uint8Array(header.length + 1 + checksum.length)
  checked.set(header.subarray(0, split))
  checked[split] = CHECKSUM_FIELD
  checked.set(checksum, split + 1)
  checked.set(header.subarray(split), split + 1 + checksum.length)
  checked[split + 1 + checksum.length]! -= ONE_ID
  return checked
}
