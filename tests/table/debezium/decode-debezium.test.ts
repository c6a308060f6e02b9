/** Change events of Debezium, as its PostgreSQL connector and Kafka Connect's JSON converter write them. */
import { describe, expect, test } from 'vitest'
import { connect, decodeDebezium, MemoryStore, schema, type Table, t } from '../../../index.ts'

const FIELDS = [
  { type: 'int64', optional: false, field: 'id' },
  { type: 'string', optional: true, field: 'name' },
  { type: 'int32', name: 'io.debezium.time.Date', field: 'born' },
  { type: 'int64', name: 'io.debezium.time.MicroTimestamp', field: 'at' },
  { type: 'int64', name: 'io.debezium.time.Timestamp', field: 'at_ms' },
  { type: 'int64', name: 'io.debezium.time.NanoTimestamp', field: 'at_ns' },
  { type: 'string', name: 'io.debezium.time.ZonedTimestamp', field: 'zoned' },
  { type: 'int64', name: 'io.debezium.time.MicroTime', field: 'hour' },
  {
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    parameters: { scale: '2' },
    field: 'amount',
  },
  { type: 'struct', name: 'io.debezium.data.VariableScaleDecimal', field: 'exact' },
  { type: 'bytes', field: 'raw' },
  { type: 'array', items: { type: 'int32', name: 'io.debezium.time.Date' }, field: 'days' },
]
const IMAGE = `{"id":9007199254740993,"name":"Ada","born":-1,"at":-1,"at_ms":1500,"at_ns":1,"zoned":"2026-11-27T10:00:00.5Z",
  "hour":3600000000,"amount":"MDk=","exact":{"scale":3,"value":"/w=="},"raw":"AQI=","days":[0,1]}`

function message(payload: string, withSchema = true): string {
  const images = ['before', 'after'].map((field) => ({ type: 'struct', field, fields: FIELDS }))
  return withSchema
    ? `{"schema":${JSON.stringify({ type: 'struct', fields: images })},"payload":${payload}}`
    : payload
}

describe('a change event', () => {
  test('is the row that it leaves, with exact values by its schema', () => {
    const event = message(
      `{"before":null,"after":${IMAGE},"source":{"lsn":24023128,"ts_ms":5},"op":"u","ts_ms":6}`,
    )
    const [row, ...others] = decodeDebezium(event, { add: { lsn: 'source.lsn', seen_ms: 'ts_ms' } })
    expect(others).toEqual([])
    expect({ ...row }).toEqual({
      id: 9007199254740993n,
      name: 'Ada',
      born: '1969-12-31',
      at: '1969-12-31T23:59:59.999999',
      at_ms: '1970-01-01T00:00:01.500000',
      at_ns: '1970-01-01T00:00:00.000000001',
      zoned: '2026-11-27T10:00:00.5Z',
      hour: 3_600_000_000n,
      amount: '123.45',
      exact: '-0.001',
      raw: Uint8Array.of(1, 2),
      days: ['1970-01-01', '1970-01-02'],
      lsn: 24023128,
      seen_ms: 6,
      __op: 'u',
    })
  })

  test('of a delete is the row that was there, also in bytes, parsed, and without its schema', () => {
    const payload = '{"before":{"id":1,"name":null},"after":null,"op":"d"}'
    for (const each of [payload, Buffer.from(payload), JSON.parse(payload), message(payload)]) {
      expect(decodeDebezium(each)).toEqual([{ id: 1, name: null, __op: 'd' }])
    }
  })

  test('that changes no row is none: tombstones and messages', () => {
    expect(decodeDebezium(null)).toEqual([])
    expect(decodeDebezium('null')).toEqual([])
    expect(decodeDebezium('{"schema":null,"payload":null}')).toEqual([])
    expect(decodeDebezium('{"op":"m","message":{"prefix":"x"}}')).toEqual([])
  })

  test('that would lose something, or is none, is refused by name', () => {
    const after = (value: string) => () =>
      decodeDebezium(message(`{"op":"u","after":{"id":1,"name":${value}}}`))
    const text = '"__debezium_unavailable_value"'
    for (const value of [
      text,
      '"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="',
      `[${text}]`,
      `[${[...'__debezium_unavailable_value'].map((letter) => letter.charCodeAt(0))}]`,
      `{${text}:${text}}`,
      JSON.stringify(`{${text}:${text}}`),
      `[{"nested":[${text}]}]`,
    ]) {
      expect(after(value)).toThrow(/column 'name' is left out .*REPLICA IDENTITY FULL/)
    }
    expect(() => decodeDebezium('{"op":"t"}')).toThrow(/truncate\(\)/)
    expect(() => decodeDebezium('{"op":"d","before":null}')).toThrow(
      /a row as 'before', found null; .*IDENTITY/,
    )
    expect(() => decodeDebezium('{"op":"x","after":{}}')).toThrow(/expected op to be .*"x"/)
    expect(() => decodeDebezium('{"op":"c"}')).toThrow(/a row as 'after'/)
    expect(() => decodeDebezium('[]')).toThrow(/expected an object, found an array/)
    expect(() => decodeDebezium('{"op":')).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
    expect(() => decodeDebezium('{"op":"c","after":{}}', { add: { lsn: 'source.lsn' } })).toThrow(
      /a value at 'source.lsn', found none/,
    )
    const decimal = (value: string, scale = '2') => {
      const [id, amount] = [FIELDS[0]!, { ...FIELDS[8]!, parameters: { scale } }]
      const fields = [{ type: 'struct', field: 'after', fields: [id, amount] }]
      return () =>
        decodeDebezium(
          `{"schema":${JSON.stringify({ fields })},"payload":{"op":"c","after":{"amount":${value}}}}`,
        )
    }
    expect(decimal('12')()[0]!['amount']).toBe('12')
    expect(decimal('12.5')).toThrow(/expected an integer, found number 12.5/)
    expect(decimal('"MDk="', '99999999999')).toThrow(/scale 99999999999/)
    expect(decimal(`"${'A'.repeat(400)}"`)).toThrow(/300 bytes/)
  })

  test('whose values are not what its schema says is refused, and never a TypeError', () => {
    const event = (field: object, value: unknown) => () =>
      decodeDebezium({
        schema: { fields: [{ field: 'after', type: 'struct', fields: [{ ...field, field: 'n' }] }] },
        payload: { after: { n: value }, op: 'c' },
      })
    const variable = { type: 'struct', name: 'io.debezium.data.VariableScaleDecimal' }
    for (const [field, value] of [
      [{ type: 'bytes' }, 5],
      [{ type: 'bytes' }, '!!!not base64'],
      [{ type: 'array', items: {} }, 5],
      [{ type: 'map' }, 5],
      [{ type: 'map' }, [[1]]],
      [{ type: 'struct' }, 5],
      [variable, { scale: 1 }],
      [variable, 5],
      [{ type: 'struct', fields: [null] }, {}],
    ] as const) {
      expect(event(field, value), JSON.stringify(field)).toThrow(
        expect.objectContaining({ code: 'INVALID_DATA' }),
      )
    }
    for (const schema of [{ fields: 5 }, { fields: [null] }, 7]) {
      const decode = () => decodeDebezium({ schema, payload: { after: {}, op: 'c' } })
      expect(decode).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
    }
    const date = { type: 'int32', name: 'io.debezium.time.Date' }
    expect(event({ type: 'map', keys: date, values: date }, [[0, 1]])()[0]!['n']).toEqual([
      ['1970-01-01', '1970-01-02'],
    ])
  })

  test('keeps a column of any name', () => {
    const [row] = decodeDebezium('{"op":"c","after":{"__proto__":1,"constructor":2}}')
    expect(Object.entries(row!)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['__op', 'c'],
    ])
  })
})

test('a stream of change events leaves in a table what it leaves in its source', async () => {
  const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
  const created = await lake.createTable('shop.people', {
    schema: schema({
      id: t.long().required(),
      name: t.string().required(),
      amount: t.decimal(9, 2),
      lsn: t.long(),
    }),
    identifierFields: ['id'],
  })
  const event = (op: string, lsn: number, before: string, after: string) =>
    message(`{"op":"${op}","before":${before},"after":${after},"source":{"lsn":${lsn}}}`)
  const person = (id: number, name: string) => `{"id":${id},"name":"${name}","amount":"MDk="}`
  const stream = [
    event('r', 1, 'null', person(1, 'Ada')),
    event('c', 2, 'null', person(2, 'Bob')),
    event('u', 3, 'null', person(1, 'Ada L.')),
    event('d', 4, '{"id":2,"name":null,"amount":null}', 'null'),
    null,
    event('c', 5, 'null', person(3, 'Cy')),
  ]
  const sink = created.sink({ mode: 'upsert', op: '__op', orderBy: 'lsn' })
  for (const [offset, each] of stream.entries()) {
    await sink.write(decodeDebezium(each, { add: { lsn: 'source.lsn' } }), { offset })
  }
  const table = (await sink.close()) as unknown as Table
  const found: string[] = []
  for await (const { id, name, amount, lsn } of table.scan().rows())
    found.push(`${id} ${name} ${amount} ${lsn}`)
  expect(found.sort()).toEqual(['1 Ada L. 123.45 3', '3 Cy 123.45 5'])
})
