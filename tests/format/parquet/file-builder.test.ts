import { expect, it } from 'vitest'
import type { EncodedRowGroup } from '../../../format/parquet/codec.ts'
import { addRowGroup, startParquetFile } from '../../../format/parquet/file-builder.ts'
import type { ChunkStatistics } from '../../../format/parquet/footer.ts'
import { stringType, uuidType } from '../../../format/types.ts'
import { bytesToHex, uuidToBytes } from '../../../format/values/text.ts'

const draft = startParquetFile({
  fields: [
    { id: 1, name: 'u', required: false, type: uuidType },
    { id: 2, name: 's', required: false, type: stringType },
  ],
})

it.each([
  [
    'on one side of the sign',
    '00000000-0000-0000-0000-000000000000',
    '7fffffff-ffff-ffff-ffff-ffffffffffff',
    true,
  ],
  ['beyond the sign', '80000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', true],
  ['on both sides', '7fffffff-ffff-ffff-ffff-ffffffffffff', '80000000-0000-0000-0000-000000000000', false],
])('keeps the bounds of uuids %s only where signed and unsigned order agree', (_, min, max, kept) => {
  const statistics = { nullCount: 1n, min: uuidToBytes(min), max: uuidToBytes(max), isMinExact: true }
  const [uuids, strings] = addRowGroup(draft, rowGroup(statistics)).rowGroups[0]!.columns
  expect(uuids!.statistics).toEqual(kept ? statistics : { nullCount: 1n })
  expect(bytesToHex(strings!.statistics!.max!)).toBe(bytesToHex(uuidToBytes(max)))
})

function rowGroup(statistics: ChunkStatistics): EncodedRowGroup {
  const chunk = {
    encodings: [],
    codec: 'UNCOMPRESSED',
    numValues: 1n,
    totalUncompressedSize: 8n,
    totalCompressedSize: 8n,
    dataPageOffset: 4n,
    statistics,
  } as const
  return {
    bytes: new Uint8Array(16),
    numRows: 1,
    columns: [
      { ...chunk, type: 'FIXED_LEN_BYTE_ARRAY', pathInSchema: ['u'] },
      { ...chunk, type: 'BYTE_ARRAY', pathInSchema: ['s'] },
    ],
  }
}
