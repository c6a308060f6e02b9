/** A few bytes that stand for very many: refused by a typed error, in bounded memory, before they are unpacked. */
import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { AvroOutput } from '../../format/avro/avro-output.ts'
import { openAvro } from '../../format/avro/container.ts'
import { parseJson } from '../../format/lossless-json.ts'
import { fileMetaData } from '../../format/parquet/footer-thrift.ts'
import { readThrift } from '../../format/parquet/thrift.ts'
import { decodeRoaring } from '../../format/puffin/roaring-codec.ts'
import { decodeTableMetadata } from '../../format/table-metadata-json.ts'
import { decodeVariantMetadata, decodeVariantValue } from '../../format/variant/decode-variant.ts'
import { code } from '../table/support.ts'

const MIB = 2 ** 20
const zeros = (mib: number) => Buffer.alloc(mib * MIB)

/** A container of one block; `schema` is of its records. */
function avro(schema: string, codec: string, count: number, block: Uint8Array): Uint8Array {
  const output = new AvroOutput(4096)
  output.writeFixed(Uint8Array.of(0x4f, 0x62, 0x6a, 1))
  output.writeInt(2)
  for (const text of ['avro.schema', schema, 'avro.codec', codec]) output.writeString(text)
  output.writeInt(0)
  output.writeFixed(new Uint8Array(16))
  output.writeInt(count)
  output.writeBytes(block)
  output.writeFixed(new Uint8Array(16))
  return new Uint8Array(output.view())
}

function blocksOf(bytes: Uint8Array): number {
  let count = 0
  for (const block of openAvro(bytes).blocks()) count += block.count
  return count
}

const LONG = '"long"'
const varint = (value: number) => {
  const output = new AvroOutput(16)
  output.writeInt(value)
  return new Uint8Array(output.view())
}
/** `mib` MiB of zeros for snappy: the length, then copies of what is there already. */
function snappyZeros(mib: number): Uint8Array {
  const length: number[] = []
  for (let rest = mib * MIB; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) | 128)
    if (rest < 128) break
  }
  const copies = Buffer.alloc(((mib * MIB) / 64) * 3)
  for (let at = 0; at < copies.length; at += 3) copies.set([0b1111_1110, 1, 0], at)
  return Buffer.concat([Uint8Array.from(length), Uint8Array.of(0, 0), copies, Buffer.alloc(4)])
}

const bombs: readonly [string, () => unknown][] = [
  [
    'gzip metadata of 300 MiB',
    () => decodeTableMetadata(gzipSync(zeros(300)), 'memory://t/v1.gz.metadata.json'),
  ],
  [
    'metadata nested 100,000 deep',
    () => parseJson(Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
  ],
  [
    'objects nested 100,000 deep',
    () => parseJson(Buffer.from(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)),
  ],
  ['a deflate block of 300 MiB', () => blocksOf(avro(LONG, 'deflate', 1, deflateRawSync(zeros(300))))],
  ['a snappy block of 300 MiB', () => blocksOf(avro(LONG, 'snappy', 1, snappyZeros(300)))],
  [
    'a snappy block that claims 4 GiB',
    () => blocksOf(avro(LONG, 'snappy', 1, Uint8Array.of(255, 255, 255, 255, 15, 0, 0, 0, 0, 0))),
  ],
  [
    'a block that claims 2 GiB',
    () =>
      blocksOf(
        Uint8Array.from([
          ...avro(LONG, 'null', 1, new Uint8Array(0)).subarray(0, -17),
          ...varint(2 ** 31 - 1),
        ]),
      ),
  ],
  ['a block of 2^31 records', () => blocksOf(avro(LONG, 'null', 2 ** 31 - 1, Uint8Array.of(0)))],
  [
    'a schema nested 10,000 deep',
    () =>
      openAvro(
        avro(
          `${'{"type":"array","items":'.repeat(10_000)}"int"${'}'.repeat(10_000)}`,
          'null',
          0,
          new Uint8Array(0),
        ),
      ),
  ],
  [
    'a footer with a list of 2^31',
    () => readThrift(fileMetaData, Uint8Array.of(0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7)),
  ],
  [
    'a footer with text of 2^31 bytes',
    () => readThrift(fileMetaData, Uint8Array.of(0x15, 2, 0x19, 0x1c, 0x48, 0xff, 0xff, 0xff, 0xff, 7)),
  ],
  [
    'a footer nested 10,000 deep',
    () =>
      readThrift(
        fileMetaData,
        Uint8Array.from({ length: 10_000 }, () => 0x1c),
      ),
  ],
  [
    'a bitmap of 2^32 containers',
    () => decodeRoaring(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0)),
  ],
  [
    'a bitmap whose container counts more than is there',
    () => decodeRoaring(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 255, 255, 0, 0)),
  ],
  ['a variant of 2^32 names', () => decodeVariantMetadata(Uint8Array.of(0xc1, 255, 255, 255, 255))],
  [
    'a variant object of 2^32 fields',
    () => decodeVariantValue(Uint8Array.of(0b0100_0010, 255, 255, 255, 255), []),
  ],
  [
    'a variant array of 2^32 items',
    () => decodeVariantValue(Uint8Array.of(0b0001_0011, 255, 255, 255, 255), []),
  ],
  ['a variant text of 4 GiB', () => decodeVariantValue(Uint8Array.of(16 << 2, 255, 255, 255, 255), [])],
]

describe('a bomb', () => {
  test.for(bombs)('is refused: %s', ([, explode]) => {
    const before = process.memoryUsage()
    expect(explode).toThrow(code('INVALID_DATA'))
    const after = process.memoryUsage()
    const held = after.heapUsed + after.external - before.heapUsed - before.external
    expect(held).toBeLessThan(400 * MIB)
  })
})
