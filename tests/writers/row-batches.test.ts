import { describe, expect, test } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
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
  structType,
  type Type,
  timestampNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
  variantType,
} from '../../format/types.ts'
import { type RowBatchOptions, rowsToBatches } from '../../writers/row-batches.ts'
import { batchRows } from '../arrow-values.ts'

let nextId = 1
function optional(name: string, type: Type, more: Partial<NestedField> = {}): NestedField {
  return { id: nextId++, name, required: false, type, ...more }
}
function required(name: string, type: Type, more: Partial<NestedField> = {}): NestedField {
  return { ...optional(name, type, more), required: true }
}
function list(element: Type, elementRequired = false): Type {
  return { kind: 'list', elementId: nextId++, element, elementRequired }
}
function map(key: Type, value: Type): Type {
  return { kind: 'map', keyId: nextId++, key, valueId: nextId++, value, valueRequired: false }
}

async function collect(
  fields: readonly NestedField[],
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  options?: RowBatchOptions,
): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  for await (const batch of rowsToBatches(fields, rows, options)) all.push(...batchRows(batch))
  return all
}

async function failure(fields: readonly NestedField[], rows: Iterable<unknown>): Promise<MoraineError> {
  try {
    await collect(fields, rows)
  } catch (error) {
    if (error instanceof MoraineError) return error
    throw error
  }
  throw new Error('the rows were accepted')
}

describe('what values a row may hold', () => {
  test('every primitive type takes the forms that people write, and null', async () => {
    const fields = [
      optional('flag', booleanType),
      optional('int', intType),
      optional('long', longType),
      optional('float', floatType),
      optional('double', doubleType),
      optional('date', dateType),
      optional('time', timeType),
      optional('instant', timestamptzType),
      optional('nanos', timestampNsType),
      optional('decimal', decimalType(38, 2)),
      optional('string', stringType),
      optional('uuid', uuidType),
      optional('fixed', fixedType(2)),
      optional('binary', binaryType),
      optional('nothing', unknownType),
    ]
    const uuid = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'
    const rows = [
      {
        flag: true,
        int: -5,
        long: 9007199254740993n,
        float: 0.5,
        double: -0,
        date: '1969-12-31',
        time: '00:00:01',
        instant: new Date('1969-12-31T23:59:59.999Z'),
        nanos: '1970-01-01T00:00:00.000000001',
        decimal: '-99999999999999999999999999999999999.99',
        string: 'naïve 😀',
        uuid: uuid.toUpperCase(),
        fixed: Uint8Array.of(1, 2),
        binary: Buffer.from('hi'),
        nothing: null,
      },
      Object.fromEntries(fields.map((field) => [field.name, null])),
      {
        flag: false,
        long: -(2n ** 63n),
        date: new Date('2026-11-21'),
        instant: -(2n ** 63n),
        decimal: -125n,
        string: '',
      },
      {
        int: 2147483647,
        long: -4294967297,
        time: 86_399_999_999n,
        decimal: 3,
        double: Number.NaN,
        instant: 7n,
      },
    ]
    const nulls = Object.fromEntries(fields.map((field) => [field.name, null]))
    expect(await collect(fields, rows)).toEqual([
      {
        ...rows[0],
        date: -1,
        time: 1_000_000n,
        instant: -1000n,
        nanos: 1n,
        decimal: -(10n ** 37n) + 1n,
        uuid: uuid.replaceAll('-', ''),
        fixed: '0102',
        binary: '6869',
      },
      nulls,
      {
        ...nulls,
        flag: false,
        long: -(2n ** 63n),
        date: 20778,
        instant: -(2n ** 63n),
        decimal: -125n,
        string: '',
      },
      {
        ...nulls,
        int: 2147483647,
        long: -4294967297n,
        time: 86_399_999_999n,
        decimal: 300n,
        double: Number.NaN,
        instant: 7n,
      },
    ])
  })

  test('structs, lists and maps nest', async () => {
    const fields = [
      optional('customer', structType([required('id', longType), optional('tags', list(stringType))])),
      optional('items', list(structType([optional('sku', stringType), optional('n', intType)]))),
      optional('attributes', map(stringType, list(intType))),
      optional('by_id', map(longType, stringType)),
    ]
    const rows = [
      {
        customer: { id: 1, tags: ['a', null, 'b'] },
        items: [{ sku: 'x', n: 1 }, null, { n: 2 }],
        attributes: { one: [1], none: null },
        by_id: new Map([[1n, 'eins']]),
      },
      { customer: null, items: [], attributes: new Map(), by_id: [[2, null]] },
      { customer: { id: 2 }, items: new Set([{ sku: 'y' }]), attributes: null },
      {},
      { customer: { id: 3n, tags: [] }, attributes: [['k', Int32Array.of(1, 2)]] },
    ]
    expect(await collect(fields, rows)).toEqual([
      {
        customer: { id: 1n, tags: ['a', null, 'b'] },
        items: [{ sku: 'x', n: 1 }, null, { sku: null, n: 2 }],
        attributes: [
          ['one', [1]],
          ['none', null],
        ],
        by_id: [[1n, 'eins']],
      },
      { customer: null, items: [], attributes: [], by_id: [[2n, null]] },
      { customer: { id: 2n, tags: null }, items: [{ sku: 'y', n: null }], attributes: null, by_id: null },
      { customer: null, items: null, attributes: null, by_id: null },
      { customer: { id: 3n, tags: [] }, items: null, attributes: [['k', [1, 2]]], by_id: null },
    ])
  })

  test('what is left out or undefined is the write default, what is null stays null', async () => {
    const fields = [
      optional('a', intType, { writeDefault: 7 }),
      required('b', stringType, { writeDefault: 'x' }),
      optional('m', map(stringType, intType), { writeDefault: { entries: [['k', 1]] } }),
    ]
    expect(await collect(fields, [{}, { a: undefined, b: 'y', m: null }, { a: null }])).toEqual([
      { a: 7, b: 'x', m: [['k', 1]] },
      { a: 7, b: 'y', m: null },
      { a: null, b: 'x', m: [['k', 1]] },
    ])
  })

  test('only own properties count, whatever their names', async () => {
    const fields = [
      optional('__proto__', stringType),
      optional('toString', stringType),
      optional('a', intType),
    ]
    const bare: Record<string, unknown> = Object.create(null)
    bare['a'] = 2
    class Row {
      a = 3
    }
    const rows: unknown[] = [JSON.parse('{"__proto__": "p", "a": 1}'), bare, new Row(), { toString: 's' }]
    expect((await collect(fields, rows)).map(({ a }) => a)).toEqual([1, 2, 3, null])
    const inherits = Object.assign(Object.create({ a: 9 }), { toString: 's' })
    await expect(collect(fields, [inherits])).rejects.toThrow(/'a' as a property of its own/)
    const [first] = await collect(fields, rows)
    expect(Object.entries(first!)).toEqual([
      ['__proto__', 'p'],
      ['toString', null],
      ['a', 1],
    ])
  })
})

describe('a row that does not fit', () => {
  const fields = [
    required('id', longType),
    optional('customer', structType([optional('address', structType([required('zip', stringType)]))])),
    optional('items', list(structType([optional('sku', stringType)]), true)),
    optional('attributes', map(stringType, intType)),
    optional('price', decimalType(5, 2)),
    optional('counts', map(longType, intType)),
  ]

  test.each<[string, unknown, string, RegExp]>([
    ['a missing required value', {}, 'id', /expected a required long, found undefined/],
    ['null where a value is required', { id: null }, 'id', /found null/],
    ['a float for a long', { id: 1.5 }, 'id', /expected long .*found number 1.5/],
    ['an int64 overflow', { id: 2n ** 63n }, 'id', /found bigint 9223372036854775808/],
    [
      'a deep type mismatch',
      { id: 1, customer: { address: { zip: 5 } } },
      'customer.address.zip',
      /number 5/,
    ],
    ['a deep missing value', { id: 1, customer: { address: {} } }, 'customer.address.zip', /required string/],
    ['a string for a struct', { id: 1, customer: 'x' }, 'customer', /expected an object, found string "x"/],
    ['an item', { id: 1, items: [{ sku: 'a' }, {}, {}, { sku: 4 }] }, 'items[3].sku', /found number 4/],
    ['a null item', { id: 1, items: [{}, null] }, 'items[1]', /required struct, found null/],
    ['a string for a list', { id: 1, items: 'abc' }, 'items', /expected a list/],
    ['a map value', { id: 1, attributes: { a: 1, b: 'x' } }, 'attributes[1].value', /expected int/],
    ['a null map key', { id: 1, attributes: [[null, 1]] }, 'attributes[0].key', /required string/],
    ['a map entry', { id: 1, attributes: ['ab'] }, 'attributes', /pair/],
    ['a lone surrogate', { id: 1, attributes: { '\ud800': 1 } }, 'attributes[0].key', /surrogates/],
    ['a decimal overflow', { id: 1, price: '1000.00' }, 'price', /decimal\(5, 2\)/],
    ['a NaN decimal', { id: 1, price: Number.NaN }, 'price', /found number NaN/],
    [
      'an unknown name',
      { id: 1, custmer: {} },
      '',
      /no field 'custmer' among those that are written here; did you mean 'customer'\?/,
    ],
    ['an unknown inner name', { id: 1, customer: { x: 1 } }, 'customer', /no field 'x'/],
    ['an array', [1], '', /expected an object/],
    [
      'a key twice',
      {
        id: 1,
        attributes: [
          ['k', 1],
          ['l', 1],
          ['k', 2],
        ],
      },
      'attributes[2].key',
      /a key once in a map/,
    ],
    [
      'keys that become one',
      {
        id: 1,
        counts: new Map<unknown, number>([
          [1, 1],
          [1n, 2],
        ]),
      },
      'counts[1].key',
      /a key once in a map, found bigint 1/,
    ],
    [
      'a getter of a class',
      new (class {
        id = 1
        get price() {
          return '1.00'
        }
      })(),
      '',
      /'price' as a property of its own/,
    ],
    ['a promise', Promise.resolve({}), '', /expected an object with members of its own/],
    ['null', null, '', /expected an object, found null/],
  ])('%s is refused by number and path', async (_name, row, path, message) => {
    const good = { id: 1, items: [{}, {}], attributes: { k: 1 } }
    const error = await failure(fields, [good, good, row, good])
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.context).toMatchObject({ row: 2, path })
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/^row 2(, |:)/)
  })

  test('is numbered across slabs and batches', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i === 4321 ? 'x' : i }))
    await expect(collect(fields, rows, { batchRows: 1000 })).rejects.toMatchObject({ context: { row: 4321 } })
    await expect(collect(fields, rows.values(), { numberOf: (row) => row + 10 })).rejects.toMatchObject({
      context: { row: 4331 },
    })
  })

  test('an error of the caller own code passes as it is', async () => {
    const row = {
      get id(): number {
        throw new RangeError('mine')
      },
    }
    await expect(collect(fields, [row])).rejects.toThrow(new RangeError('mine'))
  })
})

describe('batches', () => {
  const fields = [required('id', longType), optional('text', stringType), optional('when', timestamptzType)]

  test('hold at most batchRows rows, in order, each with its own memory', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) => ({ id: i, text: i % 7 === 0 ? null : `täxt ${i}` }))
    const batches = []
    for await (const batch of rowsToBatches(fields, rows, { batchRows: 1000 })) batches.push(batch)
    expect(batches.map((batch) => batch.numRows)).toEqual([1000, 1000, 500])
    expect(batches.flatMap(batchRows)).toEqual(
      rows.map((row) => ({ ...row, id: BigInt(row.id), when: null })),
    )
  })

  test('are handed out early when they reach targetBytes', async () => {
    const rows = Array.from({ length: 4096 }, (_, id) => ({ id, text: 'x'.repeat(1000) }))
    let largest = 0
    for await (const batch of rowsToBatches(fields, rows, { targetBytes: 1_000_000 })) {
      largest = Math.max(largest, batch.data.byteLength)
    }
    expect(largest).toBeLessThan(2_000_000)
  })

  test('of rows that are large each do not grow with their number', async () => {
    const fields = [required('id', longType), optional('text', stringType), optional('bytes', binaryType)]
    const text = 'x'.repeat(3 * 2 ** 20)
    const bytes = new Uint8Array(8 * 2 ** 20)
    for (const large of [{ text }, { bytes }, { text: `é${text}` }]) {
      const rows = Array.from({ length: 300 }, (_, id) => ({ id, ...large }))
      let rowCount = 0
      let largest = 0
      for await (const batch of rowsToBatches(fields, rows)) {
        rowCount += batch.numRows
        largest = Math.max(largest, batch.data.byteLength)
      }
      expect(rowCount).toBe(300)
      expect(largest).toBeLessThan(2 ** 24)
    }
  })

  test('hold lists whose strings are together longer than a string can be', async () => {
    const fields = [optional('texts', list(stringType))]
    const texts = new Array<string>(256).fill('x'.repeat(2 ** 21 + 2 ** 18))
    for await (const batch of rowsToBatches(fields, [{ texts }])) {
      expect(batch.data.children[0]!.children[0]!.valueOffsets[256]).toBe(256 * texts[0]!.length)
    }
  })

  test('take rows from async streams, and rows that their producer reuses', async () => {
    const row = { id: 0, text: '', when: new Date(0) }
    async function* stream() {
      for (let i = 0; i < 1000; i++) {
        row.id = i
        row.text = `t${i}`
        row.when.setTime(i)
        yield row
      }
    }
    const expected = Array.from({ length: 1000 }, (_, i) => ({
      id: BigInt(i),
      text: `t${i}`,
      when: BigInt(i) * 1000n,
    }))
    expect(await collect(fields, stream())).toEqual(expected)
  })

  test('of no rows are none', async () => {
    expect(await collect(fields, [])).toEqual([])
  })

  test('a variant column is refused by name', async () => {
    const nested = [optional('a', structType([optional('v', variantType)]))]
    await expect(collect(nested, [{}])).rejects.toMatchObject({ code: 'UNSUPPORTED', message: /'a\.v'/ })
  })
})
