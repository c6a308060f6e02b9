import { beforeAll, describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import type { FileFooter, LogicalType } from '../../../format/parquet/footer.ts'
import { decodeFooter, encodeFooter, footerLength } from '../../../format/parquet/footer-codec.ts'
import { toParquetSchema } from '../../../format/parquet/parquet-schema.ts'
import { loadWasmCodec } from '../../../format/parquet/wasm-codec.ts'
import { fileOf, finishOptions, footerOf } from './sample-file.ts'
import { sampleFields, sampleRows } from './sample-schema.ts'

let file: Uint8Array
beforeAll(async () => {
  const codec = await loadWasmCodec()
  file = fileOf(codec, sampleFields, [sampleRows(0, 50), sampleRows(50, 50)])
})

describe('a Parquet footer', () => {
  test('comes back as it was written', () => {
    const footer = footerOf(file)
    expect(footer.numRows).toBe(100n)
    expect(footer.schema).toEqual(toParquetSchema({ fields: sampleFields }))
    expect(footer.keyValueMetadata).toEqual(finishOptions.keyValueMetadata)
    expect(footer.createdBy).toBe(finishOptions.createdBy)
    const bytes = encodeFooter(footer)
    expect(decodeFooter(bytes.subarray(0, -8), file.length)).toEqual(footer)
    expect(footerLength(bytes)).toBe(bytes.length - 8)
  })

  test.each<LogicalType>([
    { kind: 'UUID' },
    { kind: 'FLOAT16' },
    { kind: 'INTEGER', bitWidth: 16, isSigned: false },
    { kind: 'TIMESTAMP', isAdjustedToUtc: true, unit: 'MILLIS' },
    { kind: 'VARIANT', specificationVersion: 1 },
    { kind: 'GEOMETRY', crs: 'EPSG:4326' },
    { kind: 'GEOGRAPHY', algorithm: 2 },
    { kind: 'OTHER', fieldId: 40 },
  ])('keeps the annotation %j', (logicalType) => {
    const footer: FileFooter = {
      version: 2,
      schema: [
        { name: 'r', numChildren: 1 },
        { name: 'a', type: 'BYTE_ARRAY', repetition: 'OPTIONAL', logicalType },
      ],
      numRows: 0n,
      rowGroups: [],
      keyValueMetadata: new Map(),
    }
    expect(decodeFooter(encodeFooter(footer).subarray(0, -8), 1000)).toEqual(footer)
  })

  test('that claims chunks or rows that are not there is refused', () => {
    const footer = footerOf(file)
    const [group] = footer.rowGroups
    const refused = (changed: Partial<FileFooter>, message: RegExp) => {
      const bytes = encodeFooter({ ...footer, ...changed }).subarray(0, -8)
      expect(() => decodeFooter(bytes, file.length)).toThrow(message)
    }
    const withColumn = (changes: object) => ({
      rowGroups: [
        { ...group!, columns: [{ ...group!.columns[0]!, ...changes }, ...group!.columns.slice(1)] },
      ],
      numRows: 50n,
    })
    refused({ numRows: 99n }, /hold 100 rows, the footer says 99/)
    refused({ rowGroups: [{ ...group!, columns: [] }], numRows: 50n }, /has 0 columns/)
    refused(withColumn({ totalCompressedSize: 2n ** 40n }), /data ends at/)
    refused(withColumn({ dataPageOffset: 2n ** 62n, dictionaryPageOffset: undefined }), /data ends at/)
    refused(withColumn({ totalCompressedSize: -1n }), /data ends at/)
    refused(withColumn({ filePath: 'other.parquet' }), /lies in another file/)
    refused(withColumn({ encrypted: true }), /is encrypted/)
  })

  test('that leaves the number of rows open has those of its row groups', () => {
    const bytes = encodeFooter({ ...footerOf(file), numRows: 0n }).subarray(0, -8)
    expect(decodeFooter(bytes, file.length).numRows).toBe(100n)
  })

  test('with damage anywhere is INVALID_DATA, UNSUPPORTED or another footer, never a crash', () => {
    const bytes = encodeFooter(footerOf(file)).subarray(0, -8)
    for (let at = 0; at < bytes.length; at += 13) {
      const damaged = bytes.slice()
      damaged[at]! ^= 1 << (at % 8)
      for (const candidate of [damaged, bytes.subarray(0, at)]) {
        try {
          decodeFooter(candidate, file.length)
        } catch (error) {
          expect(isMoraineError(error, 'INVALID_DATA') || isMoraineError(error, 'UNSUPPORTED')).toBe(true)
        }
      }
    }
  })

  test('is found from the file’s end, and what is no Parquet file is refused', () => {
    const tail = (length: number, magic: string) => {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setUint32(0, length, true)
      bytes.set(new TextEncoder().encode(magic), 4)
      return bytes
    }
    expect(footerLength(tail(100, 'PAR1'), 112)).toBe(100)
    expect(() => footerLength(tail(101, 'PAR1'), 112)).toThrow(/claims 101 bytes of a file of 112/)
    expect(() => footerLength(tail(0, 'PAR1'))).toThrow(/claims 0 bytes/)
    expect(() => footerLength(tail(10, 'PARE'))).toThrow(/encrypted/)
    expect(() => footerLength(tail(10, 'ORC '))).toThrow(/expected a Parquet file/)
    expect(() => footerLength(new Uint8Array(7))).toThrow(/7 bytes/)
  })
})
