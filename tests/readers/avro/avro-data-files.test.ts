import { describe, expect, test } from 'vitest'
import type { AvroOutput } from '../../../format/avro/avro-output.ts'
import { parseNameMapping } from '../../../format/name-mapping.ts'
import { decimalType, fixedType, type NestedField, type Value } from '../../../format/types.ts'
import {
  entries,
  listOf,
  mapOf,
  optional,
  parquetFile,
  type Reading,
  readBatches,
  readRows,
  required,
  struct,
  structOf,
} from '../support.ts'
import { avroFile, block, container, type Shape } from './avro-bytes.ts'

const AVRO = { fileFormat: 'avro' } as const

function readAvro(
  bytes: Uint8Array,
  numRows: number,
  fields: readonly NestedField[],
  { dataFile, ...reading }: Reading = {},
) {
  return readRows(bytes, numRows, fields, { ...reading, dataFile: { ...AVRO, ...dataFile } })
}

function ints(output: AvroOutput, ...values: readonly number[]): void {
  for (const value of values) output.writeInt(value)
}

const id = required(1, 'id', { kind: 'long' })
const everything: readonly NestedField[] = [
  id,
  optional(2, 'b', { kind: 'boolean' }),
  optional(3, 'i', { kind: 'int' }),
  optional(4, 'f', { kind: 'float' }),
  optional(5, 'd', { kind: 'double' }),
  optional(6, 'day', { kind: 'date' }),
  optional(7, 't', { kind: 'time' }),
  optional(8, 'ts', { kind: 'timestamp' }),
  optional(9, 'tz', { kind: 'timestamptz' }),
  optional(10, 'ns', { kind: 'timestamp_ns' }),
  optional(11, 'nz', { kind: 'timestamptz_ns' }),
  optional(12, 's', { kind: 'string' }),
  optional(13, 'u', { kind: 'uuid' }),
  optional(14, 'x', fixedType(3)),
  optional(15, 'bin', { kind: 'binary' }),
  optional(16, 'dec', decimalType(38, 4)),
  optional(17, 'small', decimalType(5, 2)),
  optional(18, 'none', { kind: 'unknown' }),
  optional(
    19,
    '__proto__',
    structOf(optional(20, 'a', { kind: 'int' }), optional(21, 'l', listOf(22, { kind: 'string' }))),
  ),
  optional(23, 'm', mapOf(24, { kind: 'string' }, 25, listOf(26, { kind: 'long' }))),
  optional(27, 'n', mapOf(28, { kind: 'int' }, 29, structOf(optional(30, 'w', { kind: 'double' })))),
]
const rows = [
  {
    id: -(2n ** 63n),
    b: true,
    i: -(2 ** 31),
    f: 0.5,
    d: Number.NaN,
    day: -1,
    t: 86_399_999_999n,
    ts: -1n,
    tz: 1_700_000_000_000_000n,
    ns: -(2n ** 63n),
    nz: 2n ** 63n - 1n,
    s: 'żółć 😀',
    u: '00000000-0000-4000-8000-00000000abcd',
    x: Uint8Array.of(1, 2, 255),
    bin: new Uint8Array(300).fill(9),
    dec: -(10n ** 38n - 1n),
    small: 12_345n,
    ['__proto__']: struct({ a: 5, l: ['x', null, ''] }),
    m: entries(['k', [1n, null]], ['', []], ['z', null]),
    n: entries([7, struct({ w: 1.5 })], [-7, null]),
  },
  { id: 2n },
  { id: 2n ** 63n - 1n, ['__proto__']: struct({ a: null, l: null }), m: entries(), dec: 0n, small: -1n },
].map((row) => Object.assign(Object.create(null), row) as Record<string, Value>)
const plain = [id, optional(2, 's', { kind: 'string' })]
const plainRows = Array.from({ length: 25 }, (_, i) => ({ id: BigInt(i), s: i % 3 === 0 ? null : `s${i}` }))

describe('an Avro data file', () => {
  const shapes: readonly [string, Shape][] = [
    ['as Iceberg writes it', {}],
    ['with null last in unions', { nullLast: true }],
    ['with maps of string keys as Avro maps', { avroMaps: true }],
    ['without compression and with a row in a block', { codec: 'null', rowsPerBlock: 1 }],
    ['without field ids', { withoutIds: true, avroMaps: true }],
  ]
  for (const [name, shape] of shapes) {
    test(`${name} has the rows that the same table has in Parquet`, async () => {
      const expected = await readRows(parquetFile(everything, [rows]), rows.length, everything)
      expect(await readAvro(avroFile(everything, rows, shape), rows.length, everything, {})).toEqual(expected)
    })
  }

  test('gives any projection, with metadata columns and row lineage', async () => {
    const bytes = avroFile(everything, rows, { rowsPerBlock: 2 })
    const select = ['_pos', '_row_id', 'm', '_file', ['__proto__', 'a'] as const, '_spec_id']
    const options: Reading = { select: select as never, dataFile: { firstRowId: 100n } }
    const parquet = await readRows(parquetFile(everything, [rows]), rows.length, everything, options)
    expect(await readAvro(bytes, rows.length, everything, options)).toEqual(parquet)
  })

  test('keeps the positions of rows that a filter lets through', async () => {
    const bytes = avroFile(plain, plainRows, { rowsPerBlock: 4 })
    const where = { op: 'gt-eq', term: 'id', value: 20n } as never
    const found = await readAvro(bytes, 25, plain, { where, select: ['_pos', 'id'], batchSize: 3 })
    expect(found.map((row) => row['_pos'])).toEqual([20n, 21n, 22n, 23n, 24n])
  })

  test('is counted when no column is asked for', async () => {
    let count = 0
    const reading: Reading = { select: [], batchSize: 10, dataFile: AVRO }
    for await (const { batch } of readBatches(
      avroFile(plain, plainRows, { rowsPerBlock: 4 }),
      25,
      plain,
      reading,
    )) {
      count += batch.numRows
      expect(batch.numRows).toBeLessThanOrEqual(10)
    }
    expect(count).toBe(25)
  })

  test('is read as the schema that the table has now', async () => {
    const bytes = avroFile(
      [
        optional(1, 'i', { kind: 'int' }),
        optional(2, 'f', { kind: 'float' }),
        optional(3, 'd', decimalType(4, 2)),
        optional(4, 'day', { kind: 'date' }),
        optional(5, 'gone', listOf(6, { kind: 'string' })),
        optional(7, 'nothing', { kind: 'unknown' }),
      ],
      [{ i: -3, f: 0.25, d: -9999n, day: -1, gone: ['x'] }],
    )
    const now = [
      optional(9, 'added', { kind: 'string' }, { initialDefault: 'new' }),
      optional(4, 'at', { kind: 'timestamp' }),
      optional(3, 'd', decimalType(20, 2)),
      optional(2, 'f', { kind: 'double' }),
      optional(1, 'wide', { kind: 'long' }),
      optional(7, 'something', { kind: 'int' }),
    ]
    expect(await readAvro(bytes, 1, now)).toEqual([
      { added: 'new', at: expect.anything(), d: '-99.99', f: 0.25, wide: -3n, something: null },
    ])
  })

  test('has rows whose values take no bytes', async () => {
    const nothing = [
      optional(1, 'a', listOf(2, { kind: 'unknown' })),
      optional(3, 'b', structOf(optional(4, 'c', { kind: 'unknown' }))),
    ]
    const values = { a: [null, null, null], b: struct({ c: null }) }
    expect(await readAvro(avroFile(nothing, [values, {}]), 2, nothing)).toEqual([
      { a: [null, null, null], b: { c: null } },
      { a: null, b: null },
    ])
    const unknown = [optional(1, 'a', { kind: 'unknown' })]
    const empty = avroFile(unknown, [{}, {}])
    expect(await readAvro(empty, 2, unknown)).toEqual([{ a: null }, { a: null }])
    expect(await readAvro(empty, 2, [optional(1, 'a', structOf(optional(2, 'x', { kind: 'int' })))])).toEqual(
      [{ a: null }, { a: null }],
    )
  })

  test('has variants as its two fields, by which it is known', async () => {
    const variant = {
      type: 'record',
      name: 'v',
      logicalType: 'variant',
      fields: [
        { name: 'metadata', type: 'bytes' },
        { name: 'value', type: 'bytes' },
      ],
    }
    const record = {
      type: 'record',
      name: 't',
      fields: [{ name: 'v', 'field-id': 1, type: ['null', variant] }],
    }
    const rows = block(2, (output) => {
      output.writeInt(1)
      output.writeBytes(Uint8Array.of(1, 0, 0))
      output.writeBytes(Uint8Array.of(0x0c, 42))
      output.writeInt(0)
    })
    const fields = [optional(1, 'v', { kind: 'variant' })]
    expect(await readAvro(container(record, [rows]), 2, fields)).toEqual([{ v: 42 }, { v: null }])
  })

  test('without ids takes them of the name mapping', async () => {
    const bytes = avroFile(plain, plainRows, { withoutIds: true })
    const nameMapping = parseNameMapping('[{"field-id":8,"names":["s"]},{"field-id":9,"names":["id"]}]')
    const renamed = [optional(9, 'number', { kind: 'long' }), optional(8, 'text', { kind: 'string' })]
    const found = await readAvro(bytes, 25, renamed, { nameMapping })
    expect(found[1]).toEqual({ number: 1n, text: 's1' })
  })

  const foreign: readonly [string, unknown, NestedField['type'], (output: AvroOutput) => void, unknown][] = [
    [
      'milliseconds',
      { type: 'long', logicalType: 'timestamp-millis' },
      { kind: 'timestamp' },
      (o) => o.writeLong(-1n),
      -1000n,
    ],
    [
      'local microseconds',
      { type: 'long', logicalType: 'local-timestamp-micros' },
      { kind: 'timestamp' },
      (o) => o.writeLong(-1n),
      -1n,
    ],
    [
      'milliseconds of a day',
      { type: 'int', logicalType: 'time-millis' },
      { kind: 'time' },
      (o) => o.writeInt(7),
      7000n,
    ],
    [
      'an enum',
      { type: 'enum', name: 'e', symbols: ['A', 'B'] },
      { kind: 'string' },
      (o) => o.writeInt(1),
      'B',
    ],
    ['a union of one type', ['int'], { kind: 'int' }, (o) => ints(o, 0, 4), 4],
    [
      'a decimal in bytes',
      { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 0 },
      decimalType(30, 0),
      (o) => o.writeBytes(Uint8Array.of(0xff, 0x00)),
      '-256',
    ],
    [
      'a decimal in a fixed of more bytes than it needs',
      { type: 'fixed', name: 'd', size: 20, logicalType: 'decimal', precision: 30, scale: 0 },
      decimalType(30, 0),
      (o) => o.writeFixed(new Uint8Array(20).fill(255)),
      '-1',
    ],
  ]
  for (const [name, schema, type, write, expected] of foreign) {
    test(`of another writer has ${name}`, async () => {
      const record = { type: 'record', name: 't', fields: [{ name: 'c', 'field-id': 1, type: schema }] }
      const bytes = container(record, [block(1, write)])
      const found: unknown[] = []
      for await (const { batch } of readBatches(bytes, 1, [optional(1, 'c', type)], { dataFile: AVRO })) {
        const data = batch.data.children[0]!
        found.push(data.values instanceof BigInt64Array ? data.values[0] : undefined)
      }
      if (typeof expected === 'bigint') expect(found).toEqual([expected])
      else expect(await readAvro(bytes, 1, [optional(1, 'c', type)])).toEqual([{ c: expected }])
    })
  }

  test('whose column is a union of several types is refused by that name, and read without it', async () => {
    const types = ['null', 'int', 'string']
    const record = {
      type: 'record',
      name: 't',
      fields: [
        { name: 'c', 'field-id': 1, type: types },
        { name: 'd', 'field-id': 2, type: 'int' },
      ],
    }
    const row = (output: AvroOutput) => {
      output.writeInt(2)
      output.writeString('x')
      output.writeInt(5)
    }
    const bytes = container(record, [block(1, row)])
    const fields = [optional(1, 'c', { kind: 'int' }), optional(2, 'd', { kind: 'int' })]
    await expect(readAvro(bytes, 1, fields)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/data\.parquet: column 'c' is an Avro union of several types/),
    })
    expect(await readAvro(bytes, 1, fields, { select: ['d'] })).toEqual([{ d: 5 }])
  })

  test('whose blocks are packed by a codec that is not served is refused by its name', async () => {
    const bytes = container(
      { type: 'record', name: 't', fields: [{ name: 'id', 'field-id': 1, type: 'long' }] },
      [block(1, (o) => o.writeInt(1))],
      'xz',
    )
    await expect(readAvro(bytes, 1, [id])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining("'xz'"),
    })
  })
})
