import {
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  Map_,
  makeBuilder,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint32,
  Utf8,
  Vector,
} from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBatches } from '../../../format/arrow/concat.ts'
import { keepRows, runsOf as runsIn } from '../../../format/arrow/keep-rows.ts'
import { takeRows } from '../../../format/arrow/take.ts'
import { batchRows, columnValues } from '../../arrow-values.ts'

const seed = 20261121

const listType = new List(new Field('element', new Int32(), true))
const structType = new Struct([
  new Field('a', new Utf8(), true),
  new Field('b', new List(new Field('element', new Utf8(), true)), true),
])
const types: Record<string, DataType> = {
  flag: new Bool(),
  tiny: new Int8(),
  int: new Int32(),
  long: new Int64(),
  float: new Float32(),
  double: new Float64(),
  day: new DateDay(),
  text: new Utf8(),
  list: listType,
  struct: structType,
}

type Row = Record<string, unknown>

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  flag: fc.option(fc.boolean()),
  tiny: fc.option(fc.integer({ min: -128, max: 127 })),
  int: fc.option(fc.integer()),
  long: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  float: fc.option(fc.float()),
  double: fc.option(fc.double()),
  day: fc.option(fc.integer({ min: -100_000, max: 100_000 }).map((day) => new Date(day * 86_400_000))),
  text: fc.option(fc.string({ unit: 'grapheme', maxLength: 60 })),
  list: fc.option(fc.array(fc.option(fc.integer()), { maxLength: 4 })),
  struct: fc.option(
    fc.record({
      a: fc.option(fc.string({ maxLength: 5 })),
      b: fc.option(fc.array(fc.option(fc.string({ maxLength: 3 })), { maxLength: 3 })),
    }),
  ),
})

function batchOf(rows: readonly Row[]): RecordBatch {
  const fields = Object.entries(types).map(([name, type]) => new Field(name, type, true))
  const children = fields.map((field) => {
    const builder = makeBuilder({ type: field.type, nullValues: [null, undefined] })
    for (const row of rows) builder.append(row[field.name])
    builder.finish()
    return rows.length === 0 ? makeData({ type: field.type, length: 0 } as never) : builder.flush()
  })
  const data = makeData({ type: new Struct(fields), length: rows.length, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data)
}

describe('takeRows', () => {
  test('gathers the rows at the indices, whatever the types, nulls and slicing', () => {
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { minLength: 1, maxLength: 40 }),
        fc.nat(10),
        fc.array(fc.nat(1000), { maxLength: 60 }),
        (rows, skip, picks) => {
          const start = Math.min(skip, rows.length - 1)
          const batch = batchOf(rows).slice(start)
          const indices = Int32Array.from(picks, (pick) => pick % batch.numRows)
          const expected = batchRows(batch)
          expect(batchRows(takeRows(batch, indices))).toEqual(Array.from(indices, (i) => expected[i]))
        },
      ),
      { seed, numRuns: 60 },
    )
  })

  test('keeping rows where they stand gives what gathering them does', () => {
    const run = fc.tuple(fc.nat(40), fc.nat(40))
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { minLength: 1, maxLength: 60 }),
        fc.nat(10),
        fc.array(run, { maxLength: 4 }),
        (rows, skip, runs) => {
          const batch = batchOf(rows).slice(Math.min(skip, rows.length - 1))
          const mask = new Uint8Array(batch.numRows).fill(1)
          for (const [start, length] of runs) mask.fill(0, start, start + length)
          const indices = Int32Array.from([...mask.keys()].filter((row) => mask[row] === 1))
          const expected = batchRows(takeRows(batch, indices))
          const kept = runsIn(mask)
          expect(kept.count).toBe(indices.length)
          const children = batch.data.children.map((child) => keepRows(child, kept))
          const type = new Struct(batch.schema.fields)
          const data = makeData({ type, length: kept.count, nullCount: 0, children })
          expect(batchRows(new RecordBatch(batch.schema, data))).toEqual(expected)
        },
      ),
      { seed, numRuns: 200 },
    )
  })

  test('gathers decimals, fixed bytes, dictionaries, maps, fixed-size lists, timestamps and nulls', () => {
    const decimals = makeData({
      type: new Decimal(2, 20),
      data: Uint32Array.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 0, 0]),
    })
    const fixed = makeData({ type: new FixedSizeBinary(2), data: Uint8Array.of(1, 2, 3, 4, 5, 6) })
    const words = makeBuilder({ type: new Utf8() })
    for (const word of ['x', 'y']) words.append(word)
    const dictionary = makeData({
      type: new Dictionary(new Utf8(), new Uint32()),
      data: Uint32Array.of(1, 0, 1),
      dictionary: new Vector([words.finish().flush()]),
    })
    const entries = new Struct([new Field('key', new Int32(), false), new Field('value', new Int32(), true)])
    const map = makeData({
      type: new Map_(new Field('key_value', entries, false) as never),
      valueOffsets: Int32Array.of(0, 1, 1, 3),
      child: makeData({
        type: entries,
        length: 3,
        nullCount: 0,
        children: [
          makeData({ type: new Int32(), data: Int32Array.of(7, 8, 9) }),
          makeData({ type: new Int32(), data: Int32Array.of(70, 80, 90), nullBitmap: Uint8Array.of(0b101) }),
        ],
      }),
    })
    const pairs = makeData({
      type: new FixedSizeList(2, new Field('element', new Int32(), false)),
      length: 3,
      child: makeData({ type: new Int32(), data: Int32Array.of(1, 2, 3, 4, 5, 6) }),
    })
    const instants = makeData({
      type: new TimestampMicrosecond(),
      data: BigInt64Array.of(-1n, 2n ** 62n, 0n),
    })
    const nothing = makeData({ type: new Null(), length: 3 })
    const children = [decimals, fixed, dictionary, map, pairs, instants, nothing]
    const fields = children.map((child, i) => new Field(`c${i}`, child.type, true))
    const data = makeData({ type: new Struct(fields), length: 3, nullCount: 0, children })
    const taken = takeRows(new RecordBatch(new Schema(fields), data), Int32Array.of(2, 0, 2))

    const at = (column: number) => taken.data.children[column]!
    expect(Array.from(at(0).values)).toEqual([3, 9, 0, 0, 1, 0, 0, 0, 3, 9, 0, 0])
    expect(Array.from(at(1).values)).toEqual([5, 6, 1, 2, 5, 6])
    expect(new Vector([at(2)]).toArray()).toEqual(['y', 'y', 'y'])
    const last = [
      [8, null],
      [9, 90],
    ]
    expect(columnValues(at(3))).toEqual([last, [[7, 70]], last])
    expect(columnValues(at(4))).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ])
    expect(Array.from(at(5).values)).toEqual([0n, -1n, 0n])
    expect(at(6).length).toBe(3)
  })
})

describe('concatBatches', () => {
  test('joins batches and slices of batches in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(rowArbitrary, { maxLength: 20 }), fc.nat(5)), {
          minLength: 1,
          maxLength: 5,
        }),
        (parts) => {
          const batches = parts.map(([rows, skip]) => batchOf(rows).slice(Math.min(skip, rows.length)))
          const joined = concatBatches(batches[0]!.schema, batches)
          expect(batchRows(joined)).toEqual(batches.flatMap(batchRows))
        },
      ),
      { seed, numRuns: 60 },
    )
  })

  test('joins no batches to an empty one', () => {
    const { schema } = batchOf([])
    expect(concatBatches(schema, []).numRows).toBe(0)
  })
})
