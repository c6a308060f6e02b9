import { beforeAll, describe, expect, test } from 'vitest'
import type { ParquetCodec } from '../../../format/parquet/codec.ts'
import type { ColumnChunk } from '../../../format/parquet/footer.ts'
import { chunkRange, encodeFooter } from '../../../format/parquet/footer-codec.ts'
import { pageHeader } from '../../../format/parquet/page-header.ts'
import { readThrift } from '../../../format/parquet/thrift.ts'
import { loadWasmCodec } from '../../../format/parquet/wasm-codec.ts'
import { longType, stringType } from '../../../format/types.ts'
import { optional } from '../../readers/support.ts'
import { fileOf, footerOf, rowsOf } from './sample-file.ts'

let codec: ParquetCodec
beforeAll(async () => {
  codec = await loadWasmCodec()
})

describe('a file whose chunks do not count the header of their dictionary page', () => {
  test.each(['parquet-mr', 'parquet-mr version 1.2.8', 'parquet-mr version 1.0.0-t10 (build 3f)'])(
    'is read whole when %s wrote it',
    (createdBy) => {
      const file = oldFile(createdBy)
      expect(footerOf(file).rowGroups).toEqual(footerOf(newFile()).rowGroups)
      expect(rowsOf(codec, file)).toEqual(rowsOf(codec, newFile()))
    },
  )

  test.each([
    'parquet-mr version 1.2.9',
    'parquet-mr version 1.10.0',
    'parquet-mr version 2.0.0',
    'parquet-mrs',
    'parquet-rs version 1.2.8',
  ])('is refused when %s wrote it, which counts them', (createdBy) => {
    expect(() => rowsOf(codec, oldFile(createdBy))).toThrow(/has a page of \d+ bytes at \d+, \d+ are left/)
  })

  test('keeps its size where more lies behind a chunk than a header', () => {
    const file = shortened(newFile(), 'parquet-mr', 101n)
    expect(footerOf(file).rowGroups[0]!.columns[1]!.totalCompressedSize).toBe(
      footerOf(newFile()).rowGroups[0]!.columns[1]!.totalCompressedSize - 101n,
    )
  })
})

function newFile(): Uint8Array {
  const fields = [optional(1, 'id', longType), optional(2, 'name', stringType)]
  const rows = (first: number) =>
    Array.from({ length: 100 }, (_, i) => ({ id: BigInt(first + i), name: `${'name '.repeat(30)}${i % 7}` }))
  return fileOf(codec, fields, [rows(0), rows(100)], { compression: 'UNCOMPRESSED' })
}

function oldFile(createdBy: string): Uint8Array {
  return shortened(newFile(), createdBy)
}

/** The file with chunks that claim less: `bytes`, or as many as the header of their dictionary page has. */
function shortened(file: Uint8Array, createdBy: string, bytes?: bigint): Uint8Array {
  const footer = footerOf(file)
  const claim = (column: ColumnChunk): ColumnChunk => {
    const start = Number(column.dictionaryPageOffset!)
    const header = BigInt(readThrift(pageHeader, file, start).end - start)
    return { ...column, totalCompressedSize: column.totalCompressedSize - (bytes ?? header) }
  }
  const rowGroups = footer.rowGroups.map((group) => ({ ...group, columns: group.columns.map(claim) }))
  const end = Math.max(...footer.rowGroups.flatMap(({ columns }) => columns.map((c) => chunkRange(c).end)))
  return Uint8Array.from(
    Buffer.concat([file.subarray(0, end), encodeFooter({ ...footer, createdBy, rowGroups })]),
  )
}
