import { beforeAll, describe, expect, test } from 'vitest'
import type { FileMetrics } from '../../../format/manifest.ts'
import type { ParquetCodec } from '../../../format/parquet/codec.ts'
import type { FileFooter } from '../../../format/parquet/footer.ts'
import { footerMetrics } from '../../../format/parquet/metrics.ts'
import { loadWasmCodec } from '../../../format/parquet/wasm-codec.ts'
import type { MetricsMode } from '../../../format/table-properties.ts'
import {
  binaryType,
  decimalType,
  doubleType,
  fixedType,
  intType,
  type Literal,
  type NestedField,
  type PrimitiveType,
  stringType,
  structType,
  type Type,
} from '../../../format/types.ts'
import { compareLiterals } from '../../../format/values/compare.ts'
import { decodeSingleValue } from '../../../format/values/single-value-binary.ts'
import type { Cell } from './sample-batch.ts'
import { fileOf, footerOf } from './sample-file.ts'
import { listOf, mapOf, optionalField, requiredField, sampleFields, sampleRows } from './sample-schema.ts'

let codec: ParquetCodec
beforeAll(async () => {
  codec = await loadWasmCodec()
})

const full = (): MetricsMode => ({ kind: 'full' })

/** One column 'a' with id 1, a row group for each list of values. */
function columnMetrics(
  type: Type,
  groups: readonly (readonly Cell[])[],
  mode: MetricsMode = full(),
): FileMetrics {
  const fields = [optionalField(1, 'a', type)]
  return metricsOf(
    fields,
    groups.map((values) => values.map((a) => ({ a }))),
    mode,
  )
}

function metricsOf(
  fields: readonly NestedField[],
  groups: Parameters<typeof fileOf>[2],
  mode: MetricsMode = full(),
): FileMetrics {
  return footerMetrics(footerOf(fileOf(codec, fields, groups)), { fields }, { mode: () => mode })
}

function boundsOf(type: PrimitiveType, metrics: FileMetrics): (Literal | undefined)[] {
  return [metrics.lowerBounds?.get(1), metrics.upperBounds?.get(1)].map((bytes) =>
    bytes === undefined ? undefined : decodeSingleValue(type, bytes),
  )
}

describe('metrics of a file', () => {
  test('bound every value of every top-level type over all row groups', () => {
    const rows = sampleRows(0, 120)
    const metrics = metricsOf(sampleFields, [rows.slice(0, 70), rows.slice(70)])
    let checked = 0
    for (const { id, name, type } of sampleFields) {
      if (type.kind === 'unknown' || type.kind === 'struct' || type.kind === 'list' || type.kind === 'map')
        continue
      const primitive = type as PrimitiveType
      if (type.kind === 'uuid') {
        // The sample's uuids lie on both sides of where engines disagree about order.
        expect(metrics.lowerBounds!.has(id) || metrics.upperBounds!.has(id)).toBe(false)
        continue
      }
      const lower = decodeSingleValue(primitive, metrics.lowerBounds!.get(id)!)
      const upper = decodeSingleValue(primitive, metrics.upperBounds!.get(id)!)
      for (const row of rows) {
        const cell = row[name]
        if (cell === null || cell === undefined || Number.isNaN(cell)) continue
        const value = cell as Literal
        expect(compareLiterals(primitive, lower, value)).toBeLessThanOrEqual(0)
        expect(compareLiterals(primitive, upper, value)).toBeGreaterThanOrEqual(0)
        checked++
      }
      expect(metrics.valueCounts!.get(id)).toBe(120n)
      expect(metrics.nullValueCounts!.get(id)).toBe(BigInt(rows.filter((row) => row[name] === null).length))
    }
    expect(checked).toBeGreaterThan(1000)
  })

  test('are exact for numbers, and take nested structs but no lists or maps', () => {
    const fields = [
      requiredField(1, 'a', intType),
      optionalField(2, 's', structType([optionalField(3, 'x', decimalType(20, 2))])),
      optionalField(4, 'l', listOf(5, intType)),
      optionalField(6, 'm', mapOf(7, stringType, 8, intType)),
    ]
    const metrics = metricsOf(fields, [
      [{ a: 5, s: { x: -7n }, l: [1, 2], m: [['k', 1]] }],
      [
        { a: -3, s: null, l: null, m: [] },
        { a: 9, s: { x: 10n ** 19n }, l: [], m: null },
      ],
    ])
    expect([...metrics.columnSizes!.keys()]).toEqual([1, 3, 5, 7, 8])
    expect(metrics.valueCounts).toEqual(
      new Map([
        [1, 3n],
        [3, 3n],
      ]),
    )
    expect(metrics.nullValueCounts).toEqual(
      new Map([
        [1, 0n],
        [3, 1n],
      ]),
    )
    expect(decodeSingleValue(intType, metrics.lowerBounds!.get(1)!)).toBe(-3)
    expect(decodeSingleValue(intType, metrics.upperBounds!.get(1)!)).toBe(9)
    expect(decodeSingleValue(decimalType(20, 2), metrics.lowerBounds!.get(3)!)).toBe(-7n)
    expect(decodeSingleValue(decimalType(20, 2), metrics.upperBounds!.get(3)!)).toBe(10n ** 19n)
    expect([...metrics.upperBounds!.keys()]).toEqual([1, 3])
  })

  test('widen a zero to both zeros, and leave NaN out', () => {
    const nan = Number.NaN
    expect(boundsOf(doubleType, columnMetrics(doubleType, [[0, 1]]))).toEqual([-0, 1])
    expect(boundsOf(doubleType, columnMetrics(doubleType, [[-1, -0]]))).toEqual([-1, 0])
    expect(boundsOf(doubleType, columnMetrics(doubleType, [[nan, 2, nan, 3]]))).toEqual([2, 3])
    expect(boundsOf(doubleType, columnMetrics(doubleType, [[nan, null]]))).toEqual([undefined, undefined])
    const infinite = columnMetrics(doubleType, [[Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]])
    expect(boundsOf(doubleType, infinite)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  test('pass over row groups of nulls', () => {
    expect(boundsOf(intType, columnMetrics(intType, [[null, null], [4], [null]]))).toEqual([4, 4])
    expect(boundsOf(intType, columnMetrics(intType, [[null]]))).toEqual([undefined, undefined])
  })

  test('truncate text and bytes as the mode says, the upper bound upwards', () => {
    const mode: MetricsMode = { kind: 'truncate', length: 4 }
    expect(boundsOf(stringType, columnMetrics(stringType, [['abcdef', 'xyzzy🎉']], mode))).toEqual([
      'abcd',
      'xyz{',
    ])
    expect(boundsOf(stringType, columnMetrics(stringType, [['\u{10ffff}'.repeat(5)]], mode))).toEqual([
      '\u{10ffff}'.repeat(4),
      undefined,
    ])
    const bytes = Uint8Array.of(1, 2, 3, 255, 5)
    expect(boundsOf(binaryType, columnMetrics(binaryType, [[bytes]], mode))).toEqual([
      Uint8Array.of(1, 2, 3, 255),
      Uint8Array.of(1, 2, 4),
    ])
  })

  test('hold long values that the Parquet statistics cut, also in mode full', () => {
    const text = 'é'.repeat(200)
    const [lower, upper] = boundsOf(stringType, columnMetrics(stringType, [[text]]))
    expect(compareLiterals(stringType, lower!, text)).toBeLessThanOrEqual(0)
    expect(compareLiterals(stringType, upper!, text)).toBeGreaterThanOrEqual(0)
  })

  test('leave out a fixed bound that the Parquet statistics cut: Spark would answer min and max with it', () => {
    const type = fixedType(100)
    const metrics = columnMetrics(type, [[new Uint8Array(100).fill(7), new Uint8Array(100).fill(8)]])
    expect(boundsOf(type, metrics)).toEqual([undefined, undefined])
    expect(metrics.valueCounts!.get(1)).toBe(2n)
  })

  test('are only counts, or nothing, where the mode says so', () => {
    const counts = columnMetrics(intType, [[1, null]], { kind: 'counts' })
    expect([counts.valueCounts!.get(1), counts.nullValueCounts!.get(1), counts.lowerBounds!.size]).toEqual([
      2n,
      1n,
      0,
    ])
    const none = columnMetrics(intType, [[1, null]], { kind: 'none' })
    expect([none.columnSizes!.size, none.valueCounts!.size]).toEqual([0, 0])
  })

  test('take NaN counts from whoever wrote the values', () => {
    const fields = [optionalField(1, 'a', doubleType)]
    const footer = footerOf(fileOf(codec, fields, [[{ a: Number.NaN }, { a: 1 }]]))
    const metrics = footerMetrics(
      footer,
      { fields },
      {
        mode: full,
        nanCounts: new Map([
          [1, 1n],
          [9, 5n],
        ]),
      },
    )
    expect(metrics.nanValueCounts).toEqual(new Map([[1, 1n]]))
  })

  test('have no bounds when a chunk with values has none, and no counts when nulls are not counted', () => {
    const fields = [optionalField(1, 'a', intType)]
    const footer = footerOf(fileOf(codec, fields, [[{ a: 1 }], [{ a: 2 }]]))
    const without = (keys: readonly string[]): FileFooter => ({
      ...footer,
      rowGroups: footer.rowGroups.map((group, i) => ({
        ...group,
        columns: group.columns.map((column) => {
          const kept = Object.entries(column.statistics!).filter(([key]) => i === 0 || !keys.includes(key))
          return { ...column, statistics: Object.fromEntries(kept) }
        }),
      })),
    })
    const noBounds = footerMetrics(
      without(['min', 'max', 'legacyMin', 'legacyMax']),
      { fields },
      { mode: full },
    )
    expect([noBounds.valueCounts!.size, noBounds.lowerBounds!.size, noBounds.upperBounds!.size]).toEqual([
      1, 0, 0,
    ])
    const noCounts = footerMetrics(without(['nullCount']), { fields }, { mode: full })
    expect([noCounts.columnSizes!.size, noCounts.valueCounts!.size, noCounts.lowerBounds!.size]).toEqual([
      1, 0, 0,
    ])
  })
})
