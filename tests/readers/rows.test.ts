import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  longType,
  type NestedField,
  stringType,
  type Type,
  timestampNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
} from '../../format/types.ts'
import { rowReader } from '../../readers/rows.ts'
import { runs } from '../runs.ts'
import {
  batchOf,
  batchToRows,
  entries,
  type InputRow,
  listOf,
  mapOf,
  optional,
  struct,
  structOf,
} from './support.ts'

function rowsOf(fields: readonly NestedField[], rows: readonly InputRow[]) {
  return [...batchToRows(batchOf(fields, rows), fields)]
}

describe('batchToRows', () => {
  test('reads every primitive type without loss', () => {
    const cases: readonly (readonly [Type, InputRow[string], unknown])[] = [
      [booleanType, true, true],
      [intType, -2147483648, -2147483648],
      [longType, 9007199254740993n, 9007199254740993n],
      [floatType, 0.5, 0.5],
      [doubleType, -0, -0],
      [decimalType(38, 2), -(10n ** 38n) + 1n, `-${'9'.repeat(36)}.99`],
      [decimalType(9, 0), 5n, '5'],
      [dateType, -1, '1969-12-31'],
      [timeType, 86_399_999_999n, 86_399_999_999n],
      [timestamptzType, -1n, -1n],
      [timestampNsType, 1_763_764_268_123_456_789n, 1_763_764_268_123_456_789n],
      [stringType, 'e\u0301 𝄞 \ud7ff', 'e\u0301 𝄞 \ud7ff'],
      [uuidType, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
      [fixedType(3), Uint8Array.of(0, 255, 1), Uint8Array.of(0, 255, 1)],
      [binaryType, Uint8Array.of(), Uint8Array.of()],
      [unknownType, null, null],
    ]
    const fields = cases.map(([type], i) => optional(i + 1, `c${i}`, type))
    const row = Object.fromEntries(cases.map(([, input], i) => [`c${i}`, input]))
    const [present, absent] = rowsOf(fields, [row, {}])
    cases.forEach(([, , expected], i) => {
      expect(present![`c${i}`]).toStrictEqual(expected)
      expect(absent![`c${i}`]).toBeNull()
    })
  })

  test('binary values are copies of their own', () => {
    const fields = [optional(1, 'b', binaryType), optional(2, 'f', fixedType(1))]
    const batch = batchOf(fields, [{ b: Uint8Array.of(1), f: Uint8Array.of(1) }])
    const [row] = batchToRows(batch, fields)
    ;(row!['b'] as Uint8Array)[0] = 9
    ;(row!['f'] as Uint8Array)[0] = 9
    expect([...batchToRows(batch, fields)]).toEqual([{ b: Uint8Array.of(1), f: Uint8Array.of(1) }])
    expect((row!['b'] as Uint8Array).buffer.byteLength).toBe(1)
  })

  test('reads lists, maps in stored order, and structs, with nulls and empties at every level', () => {
    const point = structOf(optional(2, 'x', intType), optional(3, 'tags', listOf(4, stringType)))
    const fields = [optional(1, 'points', listOf(5, point)), optional(6, 'm', mapOf(7, stringType, 8, point))]
    const rows = rowsOf(fields, [
      { points: [struct({ x: 1, tags: ['a', null] }), null], m: entries(['z', struct({})], ['a', null]) },
      { points: [], m: entries() },
      {},
      { points: [struct({ x: null, tags: [] })] },
    ])
    expect(rows).toEqual([
      {
        points: [{ x: 1, tags: ['a', null] }, null],
        m: new Map([
          ['z', { x: null, tags: null }],
          ['a', null],
        ]),
      },
      { points: [], m: new Map() },
      { points: null, m: null },
      { points: [{ x: null, tags: [] }], m: null },
    ])
    expect([...(rows[0]!['m'] as Map<string, unknown>).keys()]).toEqual(['z', 'a'])
  })

  test('columns named like members of Object.prototype are own properties, and it stays as it was', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const inner = structOf(optional(2, '__proto__', intType), optional(3, 'toString', intType))
    const fields = [optional(1, '__proto__', inner), optional(4, 'constructor', stringType)]
    const [row] = rowsOf(fields, [
      struct({ ['__proto__']: struct({ ['__proto__']: 5, toString: 6 }), constructor: 'c' }),
    ])
    expect(Object.keys(row!)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    const child = Object.getOwnPropertyDescriptor(row, '__proto__')!.value
    expect(Object.entries(child)).toEqual([
      ['__proto__', 5],
      ['toString', 6],
    ])
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(JSON.stringify(row)).toBe('{"__proto__":{"__proto__":5,"toString":6},"constructor":"c"}')
  })

  test('timestamps come as dates on request, floored to the millisecond', () => {
    const fields = [optional(1, 't', timestamptzType), optional(2, 'n', timestampNsType)]
    const batch = batchOf(fields, [{ t: -1n, n: 1_999_999n }])
    expect([...batchToRows(batch, fields, { timestamps: 'date' })]).toEqual([
      { t: new Date(-1), n: new Date(1) },
    ])
  })

  test('a slice of a batch reads as that part of its rows', () => {
    const point = structOf(optional(3, 'x', intType), optional(4, 'ok', booleanType))
    const fields = [
      optional(1, 'b', booleanType),
      optional(2, 'p', point),
      optional(5, 'l', listOf(6, booleanType)),
      optional(7, 's', stringType),
      optional(8, 'd', decimalType(20, 1)),
      optional(9, 'm', mapOf(10, intType, 11, stringType)),
    ]
    const cell = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
    const inputRow = fc.record({
      b: cell(fc.boolean()),
      p: cell(fc.record({ x: cell(fc.integer({ min: -5, max: 5 })), ok: cell(fc.boolean()) })),
      l: cell(fc.array(cell(fc.boolean()), { maxLength: 3 })),
      s: cell(fc.string({ maxLength: 4 })),
      d: cell(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n })),
      m: cell(
        fc
          .uniqueArray(fc.integer(), { maxLength: 2 })
          .map((keys) => ({ entries: keys.map((k) => [k, 'v'] as const) })),
      ),
    })
    fc.assert(
      fc.property(fc.array(inputRow, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), (input, a, b) => {
        const batch = batchOf(fields, input)
        const begin = a % input.length
        const end = begin + (b % (input.length - begin + 1))
        const whole = [...batchToRows(batch, fields)]
        expect([...batchToRows(batch.slice(begin, end), fields)]).toEqual(whole.slice(begin, end))
      }),
      runs(20261121, 150),
    )
  })
})

test('rowReader gives single rows by number', () => {
  const fields = [optional(1, 'x', intType)]
  const rowAt = rowReader(fields)(batchOf(fields, [{ x: 1 }, { x: 2 }]))
  expect(rowAt(1)).toEqual({ x: 2 })
})

test('texts come out as they are, whether a column repeats few of them or none, however long', () => {
  const fields = [
    optional(1, 'few', stringType),
    optional(2, 'many', stringType),
    optional(3, 'alike', stringType),
  ]
  const rows = Array.from({ length: 4000 }, (_, i) => ({
    few: ['', 'a', 'ab', 'abc', 'é', '𝄞', 'x'.repeat(40), 'one of a kind', 'two of a kind'][i % 9]!,
    many: `text ${i}`,
    // The same bytes in the middle, at the ends, and in neither.
    alike: `${i % 7} of the same ${i % 3} kind ${i % 5}`,
  }))
  expect(rowsOf(fields, rows)).toEqual(rows)
})
