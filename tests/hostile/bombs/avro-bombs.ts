import { deflateRawSync } from 'node:zlib'
import type { AvroOutput } from '../../../format/avro/avro-output.ts'
import { openAvro } from '../../../format/avro/container.ts'
import { decodeManifestList } from '../../../format/manifest-list-codec.ts'
import type { NestedField } from '../../../format/types.ts'
import { block, container } from '../../readers/avro/avro-bytes.ts'
import { listOf, mapOf, optional, readRows } from '../../readers/support.ts'
import { type Bomb, broken, tooMuch, zeros } from './bomb.ts'
import { snappyZeros, zstdZeros } from './packed-zeros.ts'

const LONG = '"long"'
const DEFLATED = deflateRawSync(zeros(300))

function blocksOf(bytes: Uint8Array): number {
  let count = 0
  for (const { count: more } of openAvro(bytes).blocks()) count += more
  return count
}

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value << 1n
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}

/** The end of a container whose block has this count and length, and no bytes. */
function claiming(count: bigint, length: bigint): Uint8Array {
  return Uint8Array.from([...container(LONG, []), ...varint(count), ...varint(length)])
}

/** Reads a data file whose one row has `write` in its one column. */
function row(field: NestedField, type: unknown, write: (output: AvroOutput) => void, count = 1) {
  const record = { type: 'record', name: 'r', fields: [{ name: 'a', 'field-id': 1, type }] }
  const bytes = container(record, [block(count, write)])
  return readRows(bytes, count, [field], { dataFile: { fileFormat: 'avro' } })
}

const bytesOf =
  (...bytes: number[]) =>
  (output: AvroOutput) =>
    output.writeFixed(Uint8Array.from(bytes))
const text = optional(1, 'a', { kind: 'string' })
const ints = optional(1, 'a', listOf(2, { kind: 'int' }))
const intMap = optional(1, 'a', mapOf(2, { kind: 'string' }, 3, { kind: 'int' }))
const array = (items: unknown) => ({ type: 'array', items, 'element-id': 2 })
const HUGE = 2n ** 60n

export const avroBombs: readonly Bomb[] = [
  tooMuch('a deflate block of 300 MiB', () =>
    blocksOf(container(LONG, [{ count: 1, bytes: DEFLATED }], 'deflate')),
  ),
  tooMuch('a snappy block of 300 MiB', () =>
    blocksOf(container(LONG, [{ count: 1, bytes: snappyZeros(300) }], 'snappy')),
  ),
  broken('a snappy block that claims 4 GiB', () =>
    blocksOf(
      container(LONG, [{ count: 1, bytes: Uint8Array.of(255, 255, 255, 255, 15, 0, 0, 0, 0, 0) }], 'snappy'),
    ),
  ),
  tooMuch('a zstd block of 300 MiB', () =>
    blocksOf(container(LONG, [{ count: 1, bytes: zstdZeros(300) }], 'zstandard')),
  ),
  broken('a block that claims 2^31 bytes', () => blocksOf(claiming(1n, 2n ** 31n - 1n))),
  broken('a block that claims 2^60 bytes', () => blocksOf(claiming(1n, HUGE))),
  broken('a block of 2^31 records', () =>
    blocksOf(container(LONG, [{ count: 2 ** 31 - 1, bytes: Uint8Array.of(0) }])),
  ),
  broken('a schema nested 10,000 deep', () =>
    openAvro(container(`${'{"type":"array","items":'.repeat(10_000)}"int"${'}'.repeat(10_000)}`, [])),
  ),
  broken('a header of 2^60 entries', () => openAvro(Uint8Array.from([0x4f, 0x62, 0x6a, 1, ...varint(HUGE)]))),
  broken('a manifest list of 2^31 empty records', () =>
    decodeManifestList(
      container({ type: 'record', name: 'manifest_file', fields: [] }, [
        { count: 2 ** 31 - 1, bytes: new Uint8Array(0) },
      ]),
    ),
  ),
  broken('a text of 2^60 bytes', () => row(text, 'string', bytesOf(...varint(HUGE)))),
  broken('a list of 2^60 items', () => row(ints, array('int'), bytesOf(...varint(HUGE)))),
  tooMuch('a list of 2^31 nulls', () => row(ints, array('null'), bytesOf(...varint(2n ** 31n - 1n), 0))),
  tooMuch('a list of 2^31 empty records', () =>
    row(
      optional(1, 'a', listOf(2, { kind: 'struct', fields: [] })),
      array({ type: 'record', name: 'e', fields: [] }),
      bytesOf(...varint(2n ** 31n - 1n), 0),
    ),
  ),
  broken('a map of 2^60 entries', () =>
    row(intMap, { type: 'map', values: 'int', 'key-id': 2, 'value-id': 3 }, bytesOf(...varint(HUGE))),
  ),
]
