import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AvroOutput } from '../../../format/avro/avro-output.ts'
import { isMoraineError } from '../../../format/errors.ts'
import type { NestedField } from '../../../format/types.ts'
import { runs } from '../../runs.ts'
import {
  entries,
  LOCATION,
  listOf,
  mapOf,
  optional,
  type Reading,
  readRows,
  required,
  struct,
  structOf,
} from '../support.ts'
import { avroFile, type Block, block, container } from './avro-bytes.ts'

const fields: readonly NestedField[] = [
  required(1, 'id', { kind: 'long' }),
  optional(2, 's', { kind: 'string' }),
  optional(3, 'l', listOf(4, structOf(optional(5, 'x', { kind: 'decimal', precision: 20, scale: 2 })))),
  optional(6, 'm', mapOf(7, { kind: 'string' }, 8, { kind: 'binary' })),
]
const rows = Array.from({ length: 40 }, (_, i) => ({
  id: BigInt(i) * 1_000_003n,
  s: i % 4 === 0 ? null : `ż${'s'.repeat(i)}`,
  l: [struct({ x: BigInt(i) }), null],
  m: i % 2 === 0 ? null : entries(['k', Uint8Array.of(i)]),
}))

function read(
  bytes: Uint8Array,
  numRows: number,
  columns: readonly NestedField[] = fields,
  reading: Reading = {},
) {
  return readRows(bytes, numRows, columns, {
    ...reading,
    dataFile: { fileFormat: 'avro', ...reading.dataFile },
  })
}

function record(type: unknown, name = 'c') {
  return { type: 'record', name: 't', fields: [{ name, 'field-id': 1, type }] }
}

async function refusal(bytes: Uint8Array, numRows: number, columns: readonly NestedField[] = fields) {
  const error = await read(bytes, numRows, columns).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isMoraineError(error)) throw new Error(`expected a typed error, found ${String(error)}`)
  expect(error.message).toContain(LOCATION)
  expect(error.context['file']).toBe(LOCATION)
  return error
}

describe('a broken Avro data file is refused by name', () => {
  const text = [optional(1, 'c', { kind: 'string' })]
  const list = [optional(1, 'c', listOf(2, { kind: 'int' }))]
  const cases: readonly [string, NestedField[], unknown, (output: AvroOutput) => void, RegExp][] = [
    ['a string longer than its block', text, 'string', (o) => o.writeInt(1000), /length/],
    ['a string of negative length', text, 'string', (o) => o.writeInt(-5), /length/],
    [
      'a string that is not UTF-8',
      text,
      'string',
      (o) => o.writeBytes(Uint8Array.of(0xff)),
      /column 'c'.*not UTF-8/,
    ],
    [
      'a union branch that is not there',
      text,
      ['null', 'string'],
      (o) => o.writeInt(2),
      /branch 0 or 1, found 2/,
    ],
    ['a negative union branch', text, ['null', 'string'], (o) => o.writeInt(-1), /branch 0 or 1, found -1/],
    [
      'an enum symbol that is not there',
      text,
      { type: 'enum', name: 'e', symbols: ['A'] },
      (o) => o.writeInt(1),
      /enum: expected 0 to 0, found 1/,
    ],
    [
      'more items than bytes',
      list,
      { type: 'array', items: 'int', 'element-id': 2 },
      (o) => o.writeInt(99),
      /item count/,
    ],
    [
      'a list without end',
      list,
      { type: 'array', items: 'int', 'element-id': 2 },
      (o) => o.writeFixed(Uint8Array.of(2, 2)),
      /ends early/,
    ],
    [
      'bytes behind the last record',
      text,
      'string',
      (o) => o.writeFixed(Uint8Array.of(0, 0)),
      /behind its last record/,
    ],
    [
      'another type than the table',
      text,
      'double',
      (o) => o.writeDouble(1),
      /column 'c': expected string, found Float64/,
    ],
    [
      'a decimal of more than 128 bits',
      [optional(1, 'c', { kind: 'decimal', precision: 9, scale: 0 })],
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 0 },
      (o) => o.writeBytes(new Uint8Array(17).fill(1)),
      /128 bits/,
    ],
  ]
  for (const [name, columns, type, write, message] of cases) {
    test(`with ${name}`, async () => {
      const error = await refusal(container(record(type), [block(1, write)]), 1, columns)
      expect(error.code).toBe('INVALID_DATA')
      expect(error.message).toMatch(message)
    })
  }

  test('when it was cut between two blocks, or anywhere else', async () => {
    const bytes = avroFile(fields, rows, { rowsPerBlock: 10, codec: 'null' })
    for (let end = 0; end < bytes.length; end += 7) await refusal(bytes.slice(0, end), rows.length)
    const three = avroFile(fields, rows.slice(0, 30), { rowsPerBlock: 10, codec: 'null' })
    expect((await refusal(three, rows.length)).message).toMatch(
      /expected 40 rows as the manifest says, found 30/,
    )
    expect((await refusal(bytes, 39)).message).toMatch(
      /expected 39 rows as the manifest says, found 40 or more/,
    )
  })

  test('when a sync marker, a count or a length of a block is not what it must be', async () => {
    const good = container(record('int'), [block(1, (o) => o.writeInt(1)), block(1, (o) => o.writeInt(2))])
    const columns = [optional(1, 'c', { kind: 'int' })]
    expect(await read(good, 2, columns)).toEqual([{ c: 1 }, { c: 2 }])
    const wrongSync = good.slice()
    wrongSync[wrongSync.length - 1]! ^= 1
    expect((await refusal(wrongSync, 2, columns)).message).toMatch(/sync marker/)
    for (const [at, byte] of [
      [-19, 1],
      [-18, 3],
      [-18, 0x7e],
      [-19, 0x7e],
    ] as const) {
      const broken = good.slice()
      broken[broken.length + at] = byte
      await refusal(broken, 2, columns)
    }
  })

  test('when a small schema or a few bytes would unfold to more than memory holds', async () => {
    let unfolding: unknown = 'int'
    for (let level = 0; level < 40; level++) {
      const half = `r${level}`
      unfolding = {
        type: 'record',
        name: half,
        fields: [
          { name: 'a', type: unfolding },
          { name: 'b', type: level === 0 ? 'int' : `r${level - 1}` },
        ],
      }
    }
    expect(
      (await refusal(container(record(unfolding), []), 0, [optional(1, 'c', { kind: 'int' })])).message,
    ).toMatch(/at most 100000 columns/)

    const wide = { type: 'fixed', name: 'f', size: 60_000_000 }
    const nulls: Block = block(1, (o) => {
      o.writeInt(1000)
      for (let i = 0; i < 1000; i++) o.writeInt(0)
      o.writeInt(0)
    })
    const column = [optional(1, 'c', listOf(2, { kind: 'fixed', length: 60_000_000 }))]
    const items = { type: 'array', 'element-id': 2, items: ['null', wide] }
    expect((await refusal(container(record(items), [nulls]), 1, column)).code).toBe('UNSUPPORTED')

    const nothing = { type: 'array', 'element-id': 2, items: 'null' }
    const many = block(1, (o) => {
      for (let i = 0; i < 1000; i++) o.writeInt(2 ** 30)
      o.writeInt(0)
    })
    expect((await refusal(container(record(nothing), [many]), 1, list)).code).toBe('UNSUPPORTED')
  })
})

test('any change to the bytes of an Avro data file ends in rows or in a typed error that names it', async () => {
  const originals = [
    { codec: 'null' as const, rowsPerBlock: 7 },
    { codec: 'deflate' as const, rowsPerBlock: 20 },
  ].map((shape) => avroFile(fields, rows, shape))
  const change = fc.record({
    at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 4 }),
    drop: fc.nat(4),
  })
  let refused = 0
  await fc.assert(
    fc.asyncProperty(
      fc.nat(originals.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (which, changes) => {
        let bytes = originals[which]!
        for (const { at, bytes: inserted, drop } of changes) {
          const start = Math.floor(at * bytes.length)
          bytes = new Uint8Array(
            Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + drop)]),
          )
        }
        const result = await read(bytes, rows.length).catch((error: unknown) => error)
        if (Array.isArray(result)) {
          expect(result).toHaveLength(rows.length)
          return
        }
        refused++
        if (!isMoraineError(result)) throw result
        expect(result.context['file']).toBe(LOCATION)
        expect(result.message).toContain(LOCATION)
      },
    ),
    runs(61, 1500),
  )
  expect(refused).toBeGreaterThan(500)
})

test('a wrong size in the manifest costs no row', async () => {
  const bytes = avroFile(fields, rows)
  const expected = await read(bytes, rows.length, fields)
  for (const size of [0n, 10n, BigInt(bytes.length) - 1n, BigInt(bytes.length) + 1n, -1n, 2n ** 62n]) {
    const dataFile = { fileSizeInBytes: size }
    expect(await read(bytes, rows.length, fields, { dataFile })).toEqual(expected)
  }
})
