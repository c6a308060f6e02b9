import type { RecordBatch } from 'apache-arrow'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import type { DecodeRequest, ParquetCodec } from '../../../format/parquet/codec.ts'
import type { CompressionCodec } from '../../../format/parquet/footer.ts'
import { fromParquetSchema, leafIndexes } from '../../../format/parquet/parquet-schema.ts'
import { loadWasmCodec } from '../../../format/parquet/wasm-codec.ts'
import { setReadLimits } from '../../../format/read-limits.ts'
import { intType, longType, stringType, structType } from '../../../format/types.ts'
import { batchOf, type Cell, cellsOf } from './sample-batch.ts'
import { chunksOf, encodeOptions, fileOf, footerOf, rowsOf } from './sample-file.ts'
import { listOf, optionalField, requiredField, sampleFields, sampleRows, storedRow } from './sample-schema.ts'

let codec: ParquetCodec
afterEach(() => setReadLimits({ pageBytes: undefined }))
beforeAll(async () => {
  codec = await loadWasmCodec()
})

type Fields = Parameters<typeof batchOf>[0]
type Row = Parameters<typeof batchOf>[1][number]

function decoded(request: DecodeRequest, by = codec): RecordBatch[] {
  return [...by.decodeRowGroup(request)]
}

describe('row groups', () => {
  test.each<CompressionCodec>(['ZSTD', 'SNAPPY', 'GZIP', 'UNCOMPRESSED', 'LZ4_RAW', 'BROTLI'])(
    'of every type and nesting come back from %s as they went in',
    (compression) => {
      const groups = [sampleRows(0, 300), sampleRows(300, 200), sampleRows(500, 1)]
      const file = fileOf(codec, sampleFields, groups, { compression })
      expect(footerOf(file).rowGroups[0]!.columns.every((column) => column.codec === compression)).toBe(true)
      expect(rowsOf(codec, file, { batchSize: 128 })).toEqual(groups.flat().map(storedRow))
    },
  )

  test('come back in batches of at most the size asked for', () => {
    const file = fileOf(
      codec,
      [requiredField(1, 'a', longType)],
      [sampleRows(0, 250).map(({ id }) => ({ a: id! }))],
    )
    const footer = footerOf(file)
    const [group] = footer.rowGroups
    const request = { schema: footer.schema, numRows: 250, chunks: chunksOf(file, group!), batchSize: 100 }
    expect(decoded(request).map((batch) => batch.numRows)).toEqual([100, 100, 50])
  })

  test('come back the same in slices of any size, across pages', async () => {
    const rows = sampleRows(0, 700)
    const file = fileOf(codec, sampleFields, [rows], { dataPageSize: 512, pageRowLimit: 50 })
    for (const sliceBytes of [2_000, 40_000]) {
      const slicing = await loadWasmCodec({ sliceBytes })
      expect(rowsOf(slicing, file, { batchSize: 64 })).toEqual(rows.map(storedRow))
    }
  })

  test('whose few bytes stand for long texts are decoded part by part, as they are pulled', async () => {
    const text = 'as long as it is rare '.repeat(50)
    const rows = Array.from({ length: 1000 }, () => ({ s: text }))
    const file = fileOf(codec, [requiredField(1, 's', stringType)], [rows])
    const [group] = footerOf(file).rowGroups
    const slicing = await loadWasmCodec({ sliceBytes: 100 * text.length })
    const request = { schema: footerOf(file).schema, numRows: 1000, chunks: chunksOf(file, group!) }
    const sizes = decoded(request, slicing).map((batch) => batch.numRows)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1000)
  })

  test('are decoded without the chunks of other leaves, at any depth', () => {
    const rows = sampleRows(0, 50)
    const file = fileOf(codec, sampleFields, [rows])
    const { fields } = fromParquetSchema(footerOf(file).schema)
    const named = (name: string) => fields.find((field) => field.name === name)!
    const struct = named('st').shape
    const z = struct.kind === 'struct' ? leafIndexes(struct.fields[1]!) : []
    const found = rowsOf(codec, file, { leaves: new Set([...leafIndexes(named('id')), ...z]) })
    expect(found).toEqual(
      rows.map((row) => ({
        id: row['id'],
        st: row['st'] === null ? null : { in: (row['st'] as { in: unknown }).in },
      })),
    )
  })

  test('a slice of a batch is encoded as the rows that it shows', () => {
    const rows = sampleRows(0, 100)
    const { dictionaryPageSize: _, ...rest } = encodeOptions
    const slice = batchOf(sampleFields, rows).slice(13, 77)
    const whole = codec.encodeRowGroup(batchOf(sampleFields, rows.slice(13, 77)), {
      ...rest,
      dictionaryPageSize: 2 ** 20,
    })
    const sliced = codec.encodeRowGroup(slice, { ...rest, dictionaryPageSize: 2 ** 20 })
    expect(sliced.numRows).toBe(64)
    expect(Buffer.from(sliced.bytes).equals(Buffer.from(whole.bytes))).toBe(true)
  })

  test('a column named in withoutDictionary has no dictionary page', () => {
    const fields = [requiredField(1, 'a', stringType), requiredField(2, 'b', stringType)]
    const rows = Array.from({ length: 100 }, (_, i) => ({ a: `v${i % 3}`, b: `v${i % 3}` }))
    const { columns } = codec.encodeRowGroup(batchOf(fields, rows), {
      ...encodeOptions,
      withoutDictionary: new Set(['a']),
    })
    expect(columns.map((column) => column.dictionaryPageOffset !== undefined)).toEqual([false, true])
  })

  test('a null in a required column is refused, at any depth', () => {
    const refused = (fields: Fields, row: Row, message: string) =>
      expect(() => codec.encodeRowGroup(batchOf(fields, [row]), encodeOptions)).toThrow(message)
    refused([requiredField(1, 'a', intType)], { a: null }, "'a' is required")
    const struct = structType([requiredField(2, 'a', intType)])
    refused([optionalField(1, 's', struct)], { s: { a: null } }, "'s.a' is required")
    refused([optionalField(1, 'l', listOf(2, intType, true))], { l: [1, null] }, "'l.element' is required")
    expect(rowsOf(codec, fileOf(codec, [optionalField(1, 's', struct)], [[{ s: null }]]))).toEqual([
      { s: null },
    ])
  })

  test('an empty batch is refused', () => {
    expect(() => codec.encodeRowGroup(batchOf([requiredField(1, 'a', intType)], []), encodeOptions)).toThrow(
      /a row at least/,
    )
  })
})

describe('hostile chunks', () => {
  const fields = sampleFields.filter((field) => field.id < 40)
  const request = (file: Uint8Array, damage: (bytes: Uint8Array[]) => void) => {
    const footer = footerOf(file)
    const group = footer.rowGroups[0]!
    const chunks = chunksOf(file, group).map(({ column, bytes }) => ({ column, bytes: bytes.slice() }))
    damage(chunks.map(({ bytes }) => bytes))
    return { schema: footer.schema, numRows: Number(group.numRows), chunks }
  }

  test('flipped bits are INVALID_DATA or other values, and the codec stays usable', () => {
    const file = fileOf(codec, fields, [sampleRows(0, 200)], { compression: 'UNCOMPRESSED' })
    let seed = 20_261_121
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    let refused = 0
    for (let i = 0; i < 150; i++) {
      const damaged = request(file, (chunks) => {
        const bytes = chunks[random(chunks.length)]!
        const at = random(2) === 0 ? random(Math.min(40, bytes.length)) : random(bytes.length)
        bytes[at]! ^= 1 << random(8)
      })
      try {
        decoded(damaged)
      } catch (error) {
        if (!isMoraineError(error, 'INVALID_DATA')) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(20)
    expect(decoded(request(file, () => {}))[0]!.numRows).toBe(200)
  })

  test('any flipped bit in a page that Moraine wrote is found', () => {
    const fields = [requiredField(1, 'a', longType), optionalField(2, 's', stringType)]
    const rows = Array.from({ length: 300 }, (_, i) => ({
      a: BigInt(i),
      s: i % 5 === 0 ? null : `v${i % 7}`,
    }))
    const file = fileOf(codec, fields, [rows], { compression: 'UNCOMPRESSED', dataPageSize: 256 })
    const sizes = chunksOf(file, footerOf(file).rowGroups[0]!).map(({ bytes }) => bytes.length)
    let silent = 0
    for (const [chunk, size] of sizes.entries()) {
      for (let at = 0; at < size; at += 11) {
        const damaged = request(file, (chunks) => {
          chunks[chunk]![at]! ^= 1 << (at % 8)
        })
        try {
          const [batch] = decoded(damaged)
          // Page headers are not summed, but nothing in them may change a value.
          if (JSON.stringify(plain(cellsOf(batch!.data))) !== JSON.stringify(plain(rows))) silent++
        } catch (error) {
          if (!isMoraineError(error, 'INVALID_DATA')) throw error
        }
      }
    }
    expect(silent).toBe(0)
  })

  test('sizes are checked before the bytes are decoded', () => {
    const file = fileOf(codec, [requiredField(1, 'a', longType)], [[{ a: 1n }, { a: 2n }]])
    const plain = request(file, () => {})
    const [chunk] = plain.chunks
    const withColumn = (changes: object) => ({
      ...plain,
      chunks: [{ ...chunk!, column: { ...chunk!.column, ...changes } }],
    })
    expect(() => decoded(withColumn({ totalCompressedSize: 5n }))).toThrow(/its footer says 5/)
    expect(() => decoded(withColumn({ numValues: 1n }))).toThrow(/1 values for 2 rows/)
    expect(() => decoded(withColumn({ numValues: 3n }))).toThrow(/pages of 2 values, its footer says 3/)
    expect(() => decoded(withColumn({ type: 'INT32' }))).toThrow(/is INT32, its schema says INT64/)
    expect(() => decoded({ ...plain, chunks: [] })).toThrow(/0 column chunks/)
    expect(() => decoded({ ...plain, numRows: 1 })).toThrow(/hold 2 rows|values for 1 rows|decoded/)
  })

  test('a page or a row beyond the limit is refused unread', async () => {
    setReadLimits({ pageBytes: 1000 })
    const rows = Array.from({ length: 1000 }, (_, i) => ({ a: BigInt(i) }))
    const file = fileOf(codec, [requiredField(1, 'a', longType)], [rows], { dictionaryPageSize: 0 })
    expect(() => decoded(request(file, () => {}))).toThrow(/page of \d+ bytes: more than 1000 /)
    const list = { l: Array.from({ length: 1000 }, () => 1n) }
    const lists = fileOf(codec, [requiredField(1, 'l', listOf(2, longType, true))], [[list]])
    expect(() => decoded(request(lists, () => {}))).toThrow(/a row to \d+ bytes decoded: more than 1000 /)
  })

  test('an instance that has grown too large is replaced', async () => {
    let recycled = 0
    const recycling = await loadWasmCodec({
      recycleAboveBytes: 0,
      onRecycle: () => {
        recycled++
      },
    })
    const file = fileOf(recycling, fields, [sampleRows(0, 20)])
    expect(rowsOf(recycling, file)).toEqual(rowsOf(codec, file))
    expect(recycled).toBe(2)
  })
})

/** For JSON. */
function plain(rows: readonly Cell[]): unknown {
  return rows.map((row) => Object.entries(row as object).map(([key, value]) => [key, String(value)]))
}
