import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { AvroInput } from '../../../format/avro/avro-input.ts'
import { AvroOutput } from '../../../format/avro/avro-output.ts'
import { parseAvroType } from '../../../format/avro/avro-type.ts'
import { decompressBlock } from '../../../format/avro/block-codec.ts'
import {
  bytesCodec,
  enumCodec,
  intCodec,
  intMapCodec,
  listCodec,
  longCodec,
  stringCodec,
} from '../../../format/avro/codec.ts'
import { encodeAvro, openAvro } from '../../../format/avro/container.ts'
import { columnsOf, recordCodec, required } from '../../../format/avro/record-codec.ts'
import { isMoraineError } from '../../../format/errors.ts'
import { setReadLimits } from '../../../format/read-limits.ts'
import { runs } from '../../runs.ts'

interface Thing {
  name: string
  size?: bigint
  tags?: readonly string[]
  bounds?: ReadonlyMap<number, Uint8Array>
  kind?: 'a' | 'b'
}

const column = columnsOf<Thing>()
const columns = [
  required(column('name', 1, 'name', stringCodec)),
  column('size', 2, 'size', longCodec),
  column('tags', 3, 'tags', listCodec(4, stringCodec)),
  column('bounds', 5, 'bounds', intMapCodec(6, 7, bytesCodec)),
  column('kind', 8, 'kind', enumCodec(['a', 'b'])),
]
const codec = recordCodec<Thing>('thing', columns, () => ({ name: '' }))

function decode(bytes: Uint8Array): Thing[] {
  return [...openAvro(bytes).records(codec)]
}

const things: Thing[] = [
  { name: '', size: -(2n ** 63n) },
  { name: 'żółć 😀', size: 2n ** 63n - 1n, tags: ['x', ''], kind: 'b' },
  { name: '__proto__', bounds: new Map([[-7, Uint8Array.of(1, 255)]]) },
]

/** A container put together by hand, so that a test can break any part of it. */
function container(parts: {
  schema: unknown
  codec?: string
  blocks: readonly { count: number; bytes: Uint8Array }[]
  tail?: Uint8Array
}): Uint8Array {
  const sync = new Uint8Array(16).fill(7)
  const output = new AvroOutput()
  output.writeFixed(Uint8Array.of(0x4f, 0x62, 0x6a, 1))
  output.writeInt(2)
  output.writeString('avro.schema')
  output.writeString(typeof parts.schema === 'string' ? parts.schema : JSON.stringify(parts.schema))
  output.writeString('avro.codec')
  output.writeString(parts.codec ?? 'null')
  output.writeInt(0)
  output.writeFixed(sync)
  for (const block of parts.blocks) {
    output.writeInt(block.count)
    output.writeBytes(block.bytes)
    output.writeFixed(sync)
  }
  output.writeFixed(parts.tail ?? new Uint8Array())
  return output.view().slice()
}

function written(write: (output: AvroOutput) => void): Uint8Array {
  const output = new AvroOutput(1)
  write(output)
  return output.view().slice()
}

const nameSchema = { type: 'record', name: 'thing', fields: [{ name: 'n', type: 'string', 'field-id': 1 }] }

afterEach(() => setReadLimits({ blockBytes: undefined }))

describe('an Avro container', () => {
  it('returns what was written, in either codec', () => {
    for (const compression of ['null', 'deflate'] as const) {
      expect(decode(encodeAvro(codec, things, {}, compression))).toEqual(things)
    }
  })

  it('keeps header entries as text', () => {
    const file = openAvro(encodeAvro(codec, [], { __proto__x: '{"a":1}', constructor: 'ü' }))
    expect(file.metadata.get('__proto__x')).toBe('{"a":1}')
    expect(file.metadata.get('constructor')).toBe('ü')
  })

  it('gives equal bytes for equal input', () => {
    expect(encodeAvro(codec, things, { a: '1' })).toEqual(encodeAvro(codec, things, { a: '1' }))
  })

  it('splits many records into blocks and decodes them one block at a time', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ name: `file-${i}`, size: BigInt(i) ** 4n }))
    const bytes = encodeAvro(codec, many, {}, 'null')
    expect(decode(bytes)).toEqual(many)
    const first = openAvro(bytes.subarray(0, 150_000)).records(codec).next()
    expect(first.value).toEqual(many[0])
  })

  it('round-trips every int64 and every string', () => {
    const thing = fc.record({
      name: fc.string({ unit: 'grapheme' }),
      size: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      bounds: fc
        .array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.uint8Array()))
        .map((entries) => new Map(entries)),
    })
    fc.assert(
      fc.property(fc.array(thing), (list) => {
        expect(decode(encodeAvro(codec, list, {}))).toEqual(list)
      }),
      runs(41, 100),
    )
  })

  it('matches columns by field id, whatever their names, order and null side', () => {
    const schema = {
      type: 'record',
      name: 'x.y.other',
      fields: [
        { name: 'gone', type: { type: 'map', values: ['int', 'string', 'null'] } },
        {
          name: 'also_gone',
          type: { type: 'array', items: { type: 'fixed', name: 'f', size: 3 } },
          'field-id': 99,
        },
        { name: 'size_of', type: ['int', 'null'], 'field-id': 2 },
        { name: 'größe', type: ['null', 'string'], 'field-id': 1 },
        { name: 'fixed_again', type: 'x.y.f' },
      ],
    }
    const bytes = written((output) => {
      output.writeInt(2)
      output.writeString('k1')
      output.writeInt(1)
      output.writeString('v')
      output.writeString('k2')
      output.writeInt(2)
      output.writeInt(0)
      output.writeInt(-2)
      output.writeInt(6)
      output.writeFixed(new Uint8Array(6))
      output.writeInt(0)
      output.writeInt(0)
      output.writeInt(-5)
      output.writeInt(1)
      output.writeString('name')
      output.writeFixed(new Uint8Array(3))
    })
    expect(decode(container({ schema, blocks: [{ count: 1, bytes }] }))).toEqual([
      { name: 'name', size: -5n },
    ])
  })

  it('names a required column that is not there', () => {
    const schema = {
      type: 'record',
      name: 'thing',
      fields: [{ name: 'name', type: 'string', 'field-id': 77 }],
    }
    expect(() => decode(container({ schema, blocks: [] }))).toThrow(/expected column 'name' \(field id 1\)/)
  })

  it('refuses null in a required column', () => {
    const schema = {
      type: 'record',
      name: 't',
      fields: [{ name: 'n', type: ['null', 'string'], 'field-id': 1 }],
    }
    const bytes = Uint8Array.of(0)
    expect(() => decode(container({ schema, blocks: [{ count: 1, bytes }] }))).toThrow(
      /record.name.*found null/,
    )
  })

  it('reads snappy blocks and checks their CRC-32', () => {
    // A string of length 9 in 10 bytes: a literal of 2, a copy of 8 from one byte back.
    const snappy = Uint8Array.of(10, 1 << 2, 18, 97, ((8 - 4) << 2) | 1, 1)
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(zlib.crc32(Buffer.from([18, ...Buffer.from('aaaaaaaaa')])))
    const file = (checksum: Uint8Array) =>
      container({
        schema: nameSchema,
        codec: 'snappy',
        blocks: [{ count: 1, bytes: Buffer.concat([snappy, checksum]) }],
      })
    expect(decode(file(crc))).toEqual([{ name: 'aaaaaaaaa' }])
    crc[0]! ^= 1
    expect(() => decode(file(crc))).toThrow(/expected CRC-32/)
  })

  it('reads zstandard blocks on every Node', () => {
    // One raw block: magic, frame header with content size 3, block header (last, raw, 3 bytes), content.
    const zstd = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, 4, 97, 98)
    const file = container({ schema: nameSchema, codec: 'zstandard', blocks: [{ count: 1, bytes: zstd }] })
    expect(decode(file)).toEqual([{ name: 'ab' }])
  })

  it('names a codec that it does not serve', () => {
    const file = container({
      schema: nameSchema,
      codec: 'bzip2',
      blocks: [{ count: 1, bytes: Uint8Array.of(0) }],
    })
    expect(() => decode(file)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', context: { codec: 'bzip2' } }),
    )
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['other magic bytes', Uint8Array.of(1, 2, 3, 4, 5), /expected an Avro file/],
    ['nothing at all', new Uint8Array(), /expected an Avro file/],
    [
      'a block with bytes left over',
      container({ schema: nameSchema, blocks: [{ count: 1, bytes: Uint8Array.of(2, 65, 9) }] }),
      /1 bytes behind its last record/,
    ],
    [
      'data behind the last block',
      container({ schema: nameSchema, blocks: [], tail: Uint8Array.of(2, 4, 2, 65, 1, 2, 3) }),
      /ends early/,
    ],
    [
      'more records than bytes',
      container({ schema: nameSchema, blocks: [{ count: 2_000_000_000, bytes: Uint8Array.of(0) }] }),
      /at most 1 records/,
    ],
    [
      'a string longer than its block',
      container({ schema: nameSchema, blocks: [{ count: 1, bytes: Uint8Array.of(0xfe, 0xff, 0xff, 0x7f) }] }),
      /expected 0 to the 0 bytes/,
    ],
    [
      'a string that is not UTF-8',
      container({ schema: nameSchema, blocks: [{ count: 1, bytes: Uint8Array.of(2, 0xff) }] }),
      /expected UTF-8/,
    ],
    ['a schema that is no JSON', container({ schema: '{"type":', blocks: [] }), /./],
    ['a record that contains itself', container({ schema: selfContaining(), blocks: [] }), /contains itself/],
    ['a schema without end', container({ schema: nested(200), blocks: [] }), /nest too deep/],
    ['two columns of one id', container({ schema: twice(), blocks: [] }), /field id 1 stands twice/],
    [
      'broken deflate data',
      container({
        schema: nameSchema,
        codec: 'deflate',
        blocks: [{ count: 1, bytes: Uint8Array.of(9, 9, 9) }],
      }),
      /deflate data is broken/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
    expect(() => decode(bytes)).toThrow(message)
  })

  it('refuses a block that unpacks beyond the limit', () => {
    const bomb = zlib.deflateRawSync(new Uint8Array(1_000_000))
    setReadLimits({ blockBytes: 1_000_000 })
    expect(decompressBlock('deflate', bomb).length).toBe(1_000_000)
    setReadLimits({ blockBytes: 999_999 })
    expect(() => decompressBlock('deflate', bomb)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('steps over a schema that unfolds exponentially without unfolding it', () => {
    const levels = Array.from({ length: 40 }, (_, i) => ({
      name: `f${i}`,
      type: {
        type: 'record',
        name: `r${i}`,
        fields: i === 0 ? [] : [0, 1].map((n) => ({ name: `n${n}`, type: `r${i - 1}` })),
      },
    }))
    const schema = { type: 'record', name: 'thing', fields: [...nameSchema.fields, ...levels] }
    const file = container({ schema, blocks: [{ count: 1, bytes: Uint8Array.of(2, 65) }] })
    expect(decode(file)).toEqual([{ name: 'A' }])
  })

  it('throws nothing but typed errors when bytes are changed', () => {
    const valid = encodeAvro(codec, things, {}, 'null')
    const change = fc.record({ at: fc.nat(valid.length - 1), to: fc.nat(255), cut: fc.nat(valid.length) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bytes = valid.slice()
        for (const { at, to, cut } of changes) {
          if (at < bytes.length) bytes[at] = to
          if (cut % 7 === 0) bytes = bytes.slice(0, cut)
        }
        try {
          decode(bytes)
        } catch (error) {
          expect(isMoraineError(error)).toBe(true)
        }
      }),
      runs(42, 3000),
    )
  })

  it('reads ints that were written as longs, and refuses those beyond 32 bits', () => {
    const read = listCodec(1, intCodec).reader(parseAvroType({ type: 'array', items: 'long' }), 'ids')
    const ids = (value: bigint) =>
      written((output) => {
        output.writeInt(1)
        output.writeLong(value)
        output.writeInt(0)
      })
    expect(read(new AvroInput(ids(-(2n ** 31n))))).toEqual([-(2 ** 31)])
    expect(() => read(new AvroInput(ids(2n ** 31n)))).toThrow(/32 bits/)
  })
})

function selfContaining() {
  return { type: 'record', name: 'a', fields: [{ name: 'x', type: ['null', 'a'], 'field-id': 1 }] }
}

function nested(levels: number): unknown {
  let schema: unknown = 'int'
  for (let i = 0; i < levels; i++) schema = { type: 'array', items: schema }
  return schema
}

function twice() {
  const field = { name: 'a', type: 'string', 'field-id': 1 }
  return { type: 'record', name: 't', fields: [field, { ...field, name: 'b' }] }
}
