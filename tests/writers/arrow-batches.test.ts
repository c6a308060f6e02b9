import {
  type Data,
  type DataType,
  DateMillisecond,
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
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimeMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint16,
  Uint32,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import {
  binaryType,
  dateType,
  decimalType,
  doubleType,
  intType,
  longType,
  type NestedField,
  stringType,
  structType,
  type Type,
  timestampType,
  timestamptzType,
  timeType,
  unknownType,
} from '../../format/types.ts'
import { type ArrowSource, conformBatches } from '../../writers/arrow-batches.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { batchRows, columnValues } from '../arrow-values.ts'

let nextId = 1
function optional(name: string, type: Type, more: Partial<NestedField> = {}): NestedField {
  return { id: nextId++, name, required: false, type, ...more }
}
function required(name: string, type: Type): NestedField {
  return { ...optional(name, type), required: true }
}
function list(element: Type, elementRequired = false): Type {
  return { kind: 'list', elementId: nextId++, element, elementRequired }
}

function batch(columns: Readonly<Record<string, Vector>>): RecordBatch {
  const fields = Object.entries(columns).map(([name, vector]) => new Field(name, vector.type, true))
  const children = Object.values(columns).map((vector) => vector.data[0]!)
  const type = new Struct(fields)
  return new RecordBatch(
    new Schema(fields),
    makeData({ type, length: children[0]!.length, nullCount: 0, children }),
  )
}

async function conform(fields: readonly NestedField[], source: ArrowSource): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const one of conformBatches(fields, source)) {
    expect(String(one.schema)).toBe(String(arrowSchemaOf(fields)))
    batches.push(one)
  }
  return batches
}

async function rowsOf(fields: readonly NestedField[], source: ArrowSource) {
  return (await conform(fields, source)).flatMap(batchRows)
}

/** The values that a column of `type` takes from a column of another type. */
async function cast(type: Type, vector: Vector): Promise<unknown[]> {
  const [one] = await conform([optional('c', type)], batch({ c: vector }))
  return columnValues(one!.data.children[0]!)
}

const ints = vectorFromArray([1, null, 3], new Int32())

describe('columns', () => {
  test('come from tables and batches in one stream', async () => {
    const one = batch({ a: ints })
    const rows = await rowsOf([optional('a', intType)], [one, new Table([one, one]), one])
    expect(rows.map((row) => (row as { a: unknown }).a)).toEqual([
      1,
      null,
      3,
      1,
      null,
      3,
      1,
      null,
      3,
      1,
      null,
      3,
    ])
  })

  test('are matched by name at every level, in any order', async () => {
    const fields = [
      optional('a', intType),
      optional('s', structType([optional('x', intType), optional('y', intType)])),
    ]
    const inner = new Struct([new Field('y', new Int32(), true), new Field('x', new Int32(), true)])
    const struct = makeData({
      type: inner,
      length: 3,
      nullBitmap: Uint8Array.of(0b101),
      children: [ints.data[0]!, vectorFromArray([7, 8, 9], new Int32()).data[0]!],
    })
    const source = batch({ s: new Vector([struct]), a: ints })
    expect(await rowsOf(fields, source)).toEqual([
      { a: 1, s: { x: 7, y: 1 } },
      { a: null, s: null },
      { a: 3, s: { x: 9, y: 3 } },
    ])
  })

  test('of the right type share their buffers', async () => {
    const source = batch({ a: ints })
    const [one] = await conform([optional('a', intType)], source)
    expect(one!.data.children[0]!.values).toBe(ints.data[0]!.values)
  })

  test('that are missing are the write default, else null', async () => {
    const fields = [
      optional('a', intType),
      optional('b', stringType, { writeDefault: 'x' }),
      optional('c', list(intType)),
      { ...required('d', longType), writeDefault: 5n },
      optional('e', unknownType),
    ]
    expect(await rowsOf(fields, batch({ a: ints }))).toEqual(
      [1, null, 3].map((a) => ({ a, b: 'x', c: null, d: 5n, e: null })),
    )
  })

  test('come from tables, batches and streams of batches, with empty batches left out', async () => {
    const one = batch({ a: ints })
    const fields = [optional('a', intType)]
    async function* stream() {
      yield one.slice(0, 0)
      yield one
      yield one.slice(1, 3)
    }
    expect((await rowsOf(fields, new Table([one, one]))).length).toBe(6)
    expect(await rowsOf(fields, [one])).toEqual(await rowsOf(fields, one))
    expect((await rowsOf(fields, stream())).map(({ a }) => a)).toEqual([1, null, 3, null, 3])
  })

  test('of every type pass through as rowsToBatches makes them, slices too', async () => {
    const fields = [
      required('id', longType),
      optional('s', structType([required('x', intType), optional('l', list(stringType, true))])),
      optional('m', {
        kind: 'map',
        keyId: 90,
        key: stringType,
        valueId: 91,
        value: intType,
        valueRequired: true,
      }),
      optional('d', decimalType(38, 3)),
      optional('b', binaryType),
    ]
    const rows = Array.from({ length: 20 }, (_, id) => ({
      id,
      s: id % 3 === 0 ? null : { x: id, l: id % 4 === 0 ? null : [`a${id}`, 'b'] },
      m: id % 5 === 0 ? null : { k: id },
      d: `${id}.5`,
      b: Uint8Array.of(id),
    }))
    const made = (await rowsToBatches(fields, rows).next()).value as RecordBatch
    const expected = batchRows(made)
    expect(await rowsOf(fields, made)).toEqual(expected)
    expect(await rowsOf(fields, made.slice(7, 16))).toEqual(expected.slice(7, 16))
  })
})

describe('casts that lose nothing', () => {
  const vector = (type: DataType, values: readonly unknown[]) =>
    vectorFromArray(values as never[], type) as Vector

  test('widen integers and floats', async () => {
    expect(await cast(intType, vector(new Int8(), [-128, null, 127]))).toEqual([-128, null, 127])
    expect(await cast(intType, vector(new Uint16(), [65535]))).toEqual([65535])
    expect(await cast(longType, vector(new Uint32(), [4294967295, null]))).toEqual([4294967295n, null])
    expect(await cast(longType, ints)).toEqual([1n, null, 3n])
    expect(await cast(doubleType, vector(new Float32(), [1.5, null, -0]))).toEqual([1.5, null, -0])
  })

  test('decode dictionaries, large strings and views', async () => {
    const words = ['a', null, 'a longer one than twelve', '']
    expect(await cast(stringType, vector(new Dictionary(new Utf8(), new Int32()), words))).toEqual(words)
    expect(await cast(stringType, vector(new LargeUtf8(), words))).toEqual(words)
    expect(await cast(stringType, viewsOf(words))).toEqual(words)
    const sliced = batch({ c: vector(new Dictionary(new Utf8(), new Int32()), words) }).slice(1, 3)
    expect((await rowsOf([optional('c', stringType)], sliced)).map(({ c }) => c)).toEqual(words.slice(1, 3))
  })

  test('change units of time', async () => {
    const millis = makeData({
      type: new TimestampMillisecond('Europe/Vienna'),
      data: BigInt64Array.of(-1n, 5n),
    })
    expect(await cast(timestamptzType, new Vector([millis]))).toEqual([-1000n, 5000n])
    const nanos = makeData({ type: new TimestampNanosecond(), data: BigInt64Array.of(-1000n, 7000n) })
    expect(await cast(timestampType, new Vector([nanos]))).toEqual([-1n, 7n])
    const days = makeData({ type: new DateMillisecond(), data: BigInt64Array.of(-86_400_000n, 0n) })
    expect(await cast(dateType, new Vector([days as never]))).toEqual([-1, 0])
  })

  test('widen decimals and take fixed bytes for binary lists', async () => {
    const decimals = makeData({
      type: new Decimal(2, 9, 256),
      data: Uint32Array.from([5, 0, 0, 0, 0, 0, 0, 0, ...Array(8).fill(-1)]),
    })
    expect(await cast(decimalType(18, 2), new Vector([decimals]))).toEqual([5n, -1n])
    const pairs = makeData({
      type: new FixedSizeList(2, new Field('item', new Int8(), true)),
      length: 3,
      nullBitmap: Uint8Array.of(0b101),
      child: makeData({ type: new Int8(), data: Int8Array.of(1, 2, 3, 4, 5, 6) }),
    })
    expect(await cast(list(intType), new Vector([pairs]))).toEqual([[1, 2], null, [5, 6]])
  })

  test('take a column of nulls for any type', async () => {
    const nulls = new Vector([makeData({ type: new Null(), length: 2 })])
    expect(await cast(list(intType), nulls)).toEqual([null, null])
    expect(await cast(unknownType, nulls)).toEqual([null, null])
  })
})

describe('what does not fit is refused', () => {
  const listOfInts = new Vector([
    makeData({
      type: new List(new Field('item', new Int32(), true)),
      valueOffsets: Int32Array.of(0, 1, 3),
      child: ints.data[0]!,
    }),
  ])

  test.each<[string, Type, Vector, RegExp]>([
    [
      'long for int',
      intType,
      vectorFromArray([1n], new Int64()),
      /column 'c': expected int, found Arrow type Int64/,
    ],
    [
      'double for long',
      longType,
      vectorFromArray([1], new Float64()),
      /expected long, found Arrow type Float64/,
    ],
    ['string for int', intType, vectorFromArray(['1'], new Utf8()), /found Arrow type Utf8/],
    ['an instant for a local time', timestampType, instants(), /expected timestamp, found/],
    ['a longer decimal', decimalType(5, 2), decimals(9, 2), /expected decimal\(5, 2\)/],
    ['another scale', decimalType(9, 3), decimals(9, 2), /expected decimal\(9, 3\)/],
    ['bytes of another length', { kind: 'fixed', length: 3 }, fixed(2), /expected fixed\[3\]/],
    ['an int for a list', list(intType), ints, /expected a list/],
    ['a list for a struct', structType([]), listOfInts, /expected a struct/],
  ])('%s', async (_name, type, vector, message) => {
    await expect(cast(type, vector)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message })
  })

  test.each<[string, Type, DataType, BigInt64Array | Uint32Array, RegExp]>([
    [
      'a date beyond 32 bits of days',
      dateType,
      new DateMillisecond(),
      BigInt64Array.of(86_400_000n << 32n),
      /row 0, c: expected a date/,
    ],
    ['a time of the day before', timeType, new TimeMicrosecond(), BigInt64Array.of(-1n), /found -1 µs/],
    [
      'a time of the next day',
      timeType,
      new TimeMicrosecond(),
      BigInt64Array.of(86_400_000_000n),
      /a time of day/,
    ],
    [
      'a decimal of too many digits',
      decimalType(5, 2),
      new Decimal(2, 5, 128),
      Uint32Array.of(0, 5, 0, 0),
      /units/,
    ],
    [
      'one digit too many',
      decimalType(5, 2),
      new Decimal(2, 5, 128),
      Uint32Array.of(-100_000, -1, -1, -1),
      /found -100000 units/,
    ],
    [
      'a decimal of 256 bits',
      decimalType(9, 2),
      new Decimal(2, 9, 256),
      Uint32Array.of(1, 0, 0, 0, 0, 0, 0, 1),
      /units/,
    ],
  ])('%s', async (_name, type, arrowType, values, message) => {
    const data = (length: number, nullBitmap?: Uint8Array) =>
      makeData({ type: arrowType, length, nullBitmap, data: values } as never) as Data
    await expect(cast(type, new Vector([data(1)]))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    })
    expect(await cast(type, new Vector([data(1, Uint8Array.of(0))]))).toEqual([null])
    const struct = new Struct([new Field('x', arrowType, true)])
    const hidden = makeData({ type: struct, length: 1, nullBitmap: Uint8Array.of(0), children: [data(1)] })
    expect(await cast(structType([optional('x', type)]), new Vector([hidden]))).toEqual([null])
  })

  test('a map with a key twice, by row', async () => {
    const entries = new Field(
      'entries',
      new Struct([new Field('key', new Utf8(), false), new Field('value', new Int32(), true)]),
      false,
    )
    const child = makeData({
      type: entries.type,
      length: 4,
      children: [
        vectorFromArray(['a', 'b', 'c', 'c'], new Utf8()).data[0]!,
        vectorFromArray([1, 2, 3, 4], new Int32()).data[0]!,
      ],
    })
    const maps = (nullBitmap?: Uint8Array) =>
      new Vector([
        makeData({
          type: new Map_(entries as never),
          length: 2,
          valueOffsets: Int32Array.of(0, 2, 4),
          nullBitmap,
          child,
        } as never),
      ])
    const type: Type = {
      kind: 'map',
      keyId: nextId++,
      key: stringType,
      valueId: nextId++,
      value: intType,
      valueRequired: false,
    }
    await expect(cast(type, maps() as Vector)).rejects.toMatchObject({
      message: `row 1, c.key: expected a key once in a map, found string "c" again`,
    })
    expect((await cast(type, maps(Uint8Array.of(1)) as Vector))[1]).toBe(null)
  })

  test('a row among batches, which must not be passed over', async () => {
    const fields = [optional('a', intType)]
    const mixed = [batch({ a: ints }), { a: 4 }] as unknown as ArrowSource
    await expect(conform(fields, mixed)).rejects.toThrow(/expected Arrow data, .* found an object/)
  })

  test('a null in a required column, by row over all batches and path', async () => {
    const one = batch({ a: ints, l: new Vector([listOfInts.data[0]!.slice(0, 2)]) }).slice(0, 2)
    const fields = [required('a', intType), optional('l', list(intType))]
    await expect(conform(fields, [one.slice(0, 1), one])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'row 2, a: expected a required int, found null',
      context: { row: 2, path: 'a' },
    })
    const items = [optional('a', intType), optional('l', list(intType, true))]
    await expect(conform(items, [one, one])).rejects.toMatchObject({ context: { row: 1, path: 'l.element' } })
  })

  test('but a null below a null struct or list is no value', async () => {
    const inner = new Struct([new Field('x', new Int32(), true)])
    const struct = makeData({
      type: inner,
      length: 3,
      nullBitmap: Uint8Array.of(0b101),
      children: [ints.data[0]!],
    })
    const fields = [optional('s', structType([required('x', intType)]))]
    expect(await rowsOf(fields, batch({ s: new Vector([struct]) }))).toEqual([
      { s: { x: 1 } },
      { s: null },
      { s: { x: 3 } },
    ])
  })

  test('an extra, a missing required and a repeated column', async () => {
    const fields = [required('a', intType), optional('b', intType)]
    await expect(conform(fields, batch({ a: ints, bb: ints }))).rejects.toThrow(
      /no column 'bb'; did you mean/,
    )
    await expect(conform(fields, batch({ b: ints }))).rejects.toThrow(/column 'a': expected a required int/)
    const twice = new Schema([new Field('b', new Int32(), true), new Field('b', new Int32(), true)])
    const data = makeData({
      type: new Struct(twice.fields),
      length: 3,
      children: [ints.data[0]!, ints.data[0]!],
    })
    await expect(conform(fields, new RecordBatch(twice, data))).rejects.toThrow(/column 'b' stands twice/)
  })

  test('a time finer than the column, by row', async () => {
    const nanos = makeData({ type: new TimestampNanosecond(), data: BigInt64Array.of(1000n, 1001n) })
    await expect(cast(timestampType, new Vector([nanos]))).rejects.toMatchObject({
      context: { row: 1, path: 'c' },
    })
    const far = makeData({ type: new TimestampMillisecond(), data: BigInt64Array.of(2n ** 62n) })
    await expect(cast(timestampType, new Vector([far]))).rejects.toThrow(/beyond its range/)
  })

  test('a null map key', async () => {
    const entries = new Struct([new Field('key', new Int32(), false), new Field('value', new Int32(), true)])
    const child = makeData({
      type: entries,
      length: 3,
      nullCount: 0,
      children: [ints.data[0]!, ints.data[0]!],
    })
    const map = makeData({
      type: new Map_(new Field('entries', entries, false) as never),
      valueOffsets: Int32Array.of(0, 1, 3),
      child,
    })
    const type: Type = {
      kind: 'map',
      keyId: 1,
      key: intType,
      valueId: 2,
      value: intType,
      valueRequired: false,
    }
    await expect(cast(type, new Vector([map]))).rejects.toMatchObject({ context: { row: 1, path: 'c.key' } })
  })
})

function instants(): Vector {
  return new Vector([makeData({ type: new TimestampMillisecond('UTC'), data: BigInt64Array.of(1n) })])
}

function decimals(precision: number, scale: number): Vector {
  return new Vector([makeData({ type: new Decimal(scale, precision), data: Uint32Array.of(1, 0, 0, 0) })])
}

function fixed(width: number): Vector {
  return new Vector([makeData({ type: new FixedSizeBinary(width), data: new Uint8Array(width) })])
}

/** Strings as views: up to 12 bytes inline, longer ones in a buffer of their own. */
function viewsOf(words: readonly (string | null)[]): Vector {
  const views = new DataView(new ArrayBuffer(words.length * 16))
  const bits = new Uint8Array(8)
  const variadicBuffers: Uint8Array[] = []
  for (const [i, word] of words.entries()) {
    if (word === null) continue
    bits[i >> 3]! |= 1 << (i & 7)
    const bytes = Buffer.from(word)
    views.setInt32(i * 16, bytes.length, true)
    const inline = bytes.subarray(0, bytes.length <= 12 ? 12 : 4)
    for (const [k, byte] of inline.entries()) views.setUint8(i * 16 + 4 + k, byte)
    if (bytes.length <= 12) continue
    views.setInt32(i * 16 + 8, variadicBuffers.length, true)
    variadicBuffers.push(new Uint8Array(bytes))
  }
  const data = makeData({
    type: new Utf8View(),
    length: words.length,
    nullBitmap: bits,
    views: new Uint8Array(views.buffer),
    variadicBuffers,
  })
  return new Vector([data])
}
