import { brotliCompressSync, gzipSync } from 'node:zlib'
import type {
  ColumnChunk,
  CompressionCodec,
  RowGroup,
  SchemaElement,
} from '../../../format/parquet/footer.ts'
import { encodeFooter, footerLength, PARQUET_MAGIC } from '../../../format/parquet/footer-codec.ts'
import { fileMetaData } from '../../../format/parquet/footer-thrift.ts'
import { type PageHeader, pageHeader } from '../../../format/parquet/page-header.ts'
import { readThrift, writeThrift } from '../../../format/parquet/thrift.ts'
import { codec, optional, parquetFile, readRows } from '../../readers/support.ts'
import { type Bomb, broken, tooMuch, zeros } from './bomb.ts'
import { gzipZeros, snappyZeros, zstdZeros } from './packed-zeros.ts'

const HUGE = 2 ** 31 - 1
const ROOT: SchemaElement = { name: 'root', numChildren: 1 }

interface Chunk {
  readonly type?: 'INT64' | 'BYTE_ARRAY'
  readonly compression?: CompressionCodec
  readonly numValues?: number
  readonly pages: readonly { readonly header: Partial<PageHeader>; readonly bytes: Uint8Array }[]
}

/** Decodes one required column of 8 rows whose pages are as a bomb says. */
function decode({ type = 'INT64', compression = 'UNCOMPRESSED', numValues = 8, pages }: Chunk): unknown {
  const bytes = Buffer.concat(
    pages.flatMap(({ header, bytes: page }) => {
      const whole = { type: 0, uncompressedPageSize: page.length, compressedPageSize: page.length, ...header }
      return [writeThrift(pageHeader, whole as PageHeader), page]
    }),
  )
  const column: ColumnChunk = {
    type,
    encodings: [0],
    pathInSchema: ['a'],
    codec: compression,
    numValues: BigInt(numValues),
    totalUncompressedSize: BigInt(bytes.length),
    totalCompressedSize: BigInt(bytes.length),
    dataPageOffset: 4n,
  }
  const schema: SchemaElement[] = [ROOT, { name: 'a', type, repetition: 'REQUIRED' }]
  const chunks = [{ column, bytes: new Uint8Array(bytes) }]
  return [...codec.decodeRowGroup({ schema, numRows: 8, chunks })]
}

/** The header of a page of values without levels. */
function plain(numValues = 8, encoding = 0): Partial<PageHeader> {
  const levels = { numNulls: 0, definitionLevelsByteLength: 0, repetitionLevelsByteLength: 0 }
  return { type: 3, dataPageHeaderV2: { numValues, numRows: numValues, encoding, ...levels } }
}
const longs = new Uint8Array(64)

/** A page that says it has 64 bytes and unpacks to 300 MiB. */
const packed = (compression: CompressionCodec, bytes: Uint8Array) => () =>
  decode({ compression, pages: [{ header: { ...plain(), uncompressedPageSize: 64 }, bytes }] })

/** One whose header tells the truth, beyond the limit. */
const honest = (compression: CompressionCodec, bytes: Uint8Array) => () =>
  decode({ compression, pages: [{ header: { ...plain(), uncompressedPageSize: HUGE }, bytes }] })

const field = optional(1, 'a', { kind: 'long' })
const good = parquetFile([field], [[{ a: 1n }]])

/** The good file with another length of its footer. */
function withFooterLength(length: number): Uint8Array {
  const bytes = good.slice()
  new DataView(bytes.buffer).setUint32(bytes.length - 8, length, true)
  return bytes
}

/** A file that is nothing but a footer. */
function footer(schema: readonly SchemaElement[], rowGroups: readonly RowGroup[] = [], numRows = 1n) {
  const made = { version: 1, schema, numRows, rowGroups, keyValueMetadata: new Map() }
  return new Uint8Array(Buffer.concat([PARQUET_MAGIC, encodeFooter(made)]))
}

const read = (bytes: Uint8Array, rows = 1) => readRows(bytes, rows, [field])
const LEAF: SchemaElement = { name: 'a', type: 'INT64', repetition: 'OPTIONAL' }

function nested(depth: number): SchemaElement[] {
  const groups = Array.from({ length: depth }, (): SchemaElement => ({ ...ROOT, repetition: 'OPTIONAL' }))
  return [ROOT, ...groups, LEAF]
}

export const parquetBombs: readonly Bomb[] = [
  broken('a footer with a list of 2^31', () =>
    readThrift(fileMetaData, Uint8Array.of(0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7)),
  ),
  broken('a footer with text of 2^31 bytes', () =>
    readThrift(fileMetaData, Uint8Array.of(0x15, 2, 0x19, 0x1c, 0x48, 0xff, 0xff, 0xff, 0xff, 7)),
  ),
  broken('a footer nested 10,000 deep', () => readThrift(fileMetaData, new Uint8Array(10_000).fill(0x1c))),
  broken('a footer of 2^31 bytes', () => footerLength(withFooterLength(HUGE).subarray(-8), good.length)),
  broken('a file whose footer has 2^32 bytes', () => read(withFooterLength(2 ** 32 - 1))),
  broken('a group of 2^31 columns', () => read(footer([{ name: 'root', numChildren: HUGE }]))),
  tooMuch('a schema nested 1,000 deep', () => read(footer(nested(1000), [], 0n), 0)),
  broken('a row group of 2^60 rows', () =>
    read(footer([ROOT, LEAF], [{ columns: [], numRows: 2n ** 60n, totalByteSize: 0n }], 2n ** 60n)),
  ),
  broken('a gzip page of 300 MiB in 64 bytes', packed('GZIP', gzipSync(zeros(300)))),
  broken('a gzip page of 2 GiB in 64 bytes', packed('GZIP', gzipZeros(2048))),
  broken('a brotli page of 300 MiB in 64 bytes', packed('BROTLI', brotliCompressSync(zeros(300)))),
  broken('a zstd page of 300 MiB in 64 bytes', packed('ZSTD', zstdZeros(300))),
  broken('a snappy page of 300 MiB in 64 bytes', packed('SNAPPY', snappyZeros(300))),
  tooMuch('a gzip page of 2 GiB', honest('GZIP', gzipSync(zeros(1)))),
  tooMuch('a zstd page of 2 GiB', honest('ZSTD', zstdZeros(1))),
  tooMuch('a page that has 2^31 values in 64 bytes', () =>
    decode({ numValues: HUGE, pages: [{ header: plain(HUGE), bytes: longs }] }),
  ),
  broken('a page of −1 bytes', () =>
    decode({ pages: [{ header: { ...plain(), uncompressedPageSize: -1 }, bytes: longs }] }),
  ),
  broken('a page of 2^31 bytes where 64 are', () =>
    decode({ pages: [{ header: { ...plain(), compressedPageSize: HUGE }, bytes: longs }] }),
  ),
  broken('a dictionary of 2^31 values', () =>
    decode({
      pages: [
        { header: { type: 2, dictionaryPageHeader: { numValues: HUGE, encoding: 0 } }, bytes: longs },
        { header: plain(8, 8), bytes: Uint8Array.of(1, 16, 0) },
      ],
    }),
  ),
  broken('levels of 2^31 bytes', () =>
    decode({
      pages: [
        {
          header: {
            type: 3,
            dataPageHeaderV2: {
              numValues: 8,
              numNulls: 0,
              numRows: 8,
              encoding: 0,
              definitionLevelsByteLength: HUGE,
              repetitionLevelsByteLength: HUGE,
            },
          },
          bytes: longs,
        },
      ],
    }),
  ),
  broken('deltas of a block of 2^31 values', () =>
    decode({
      pages: [
        { header: plain(8, 5), bytes: Uint8Array.of(255, 255, 255, 255, 7, 4, 255, 255, 255, 255, 7, 0) },
      ],
    }),
  ),
  broken('texts of 2^31 bytes by their deltas', () =>
    decode({
      type: 'BYTE_ARRAY',
      pages: [
        { header: plain(8, 6), bytes: Uint8Array.of(128, 1, 4, 8, 254, 255, 255, 255, 15, 0, 0, 0, 0, 0) },
      ],
    }),
  ),
  broken('a prefix of 2^31 bytes', () =>
    decode({
      type: 'BYTE_ARRAY',
      pages: [
        { header: plain(8, 7), bytes: Uint8Array.of(128, 1, 4, 8, 254, 255, 255, 255, 15, 0, 0, 0, 0, 0) },
      ],
    }),
  ),
  broken('indexes of 255 bits', () =>
    decode({
      pages: [
        { header: { type: 2, dictionaryPageHeader: { numValues: 8, encoding: 0 } }, bytes: longs },
        { header: plain(8, 8), bytes: Uint8Array.of(255, 255, 255, 255, 255, 15) },
      ],
    }),
  ),
]
