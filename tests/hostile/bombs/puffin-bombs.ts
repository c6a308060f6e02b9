import { crc32 } from 'node:zlib'
import { decodeDeletionVector } from '../../../format/puffin/deletion-vector.ts'
import { decodePuffinBlob, decodePuffinFooter, encodePuffin } from '../../../format/puffin/puffin-file.ts'
import { decodeRoaring } from '../../../format/puffin/roaring-codec.ts'
import { type Bomb, broken, tooMuch } from './bomb.ts'
import { zstdZeros } from './packed-zeros.ts'

const roaring = (bytes: readonly number[]) => () => decodeRoaring(Uint8Array.from(bytes))
const SEVEN = [0, 0, 0, 0, 0, 0, 0]

/** One bitmap of the first 2^32 positions, as `cookie` and what follows say. */
const bitmap = (bytes: number[]) => roaring([1, ...SEVEN, 0, 0, 0, 0].concat(bytes))

/** A vector that is well formed around `content`. */
function vector(content: Uint8Array, length = content.length + 4): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12)
  bytes.writeUInt32BE(length)
  bytes.set([0xd1, 0xd3, 0x39, 0x64], 4)
  bytes.set(content, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length)
  return bytes
}

/** Runs that hold each of 65,536 positions, again and again. */
const runs = (count: number) => {
  const head = [0x3b, 0x30, 0, 0, 1, 0, 0, 255, 255, count & 255, count >> 8]
  return bitmap(head.concat(Array.from({ length: count }, () => [0, 0, 255, 255]).flat()))
}

function puffin(change: (bytes: DataView) => void): () => unknown {
  const { bytes } = encodePuffin([])
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
  return () => decodePuffinFooter(bytes, bytes.length)
}

const blob = {
  type: 'x',
  fields: [],
  snapshotId: 1n,
  sequenceNumber: 1n,
  offset: 4,
  compressionCodec: 'zstd',
  properties: {},
} as const

export const puffinBombs: readonly Bomb[] = [
  broken('2^32 bitmaps', roaring([255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0])),
  broken('2^64 bitmaps', roaring(Array.from({ length: 8 }, () => 255))),
  broken(
    'a bitmap of positions beyond 2^53',
    roaring([1, ...SEVEN, 0, 0, 0, 128, 0x3a, 0x30, 0, 0, 0, 0, 0, 0]),
  ),
  broken('a bitmap of 2^32 containers', bitmap([0x3a, 0x30, 0, 0, 255, 255, 255, 255])),
  broken('a container that counts more than is there', bitmap([0x3a, 0x30, 0, 0, 255, 255, 0, 0])),
  broken('a container of 65,535 runs that all overlap', runs(65_535)),
  broken('a vector that claims 2^32 bytes', () =>
    decodeDeletionVector(vector(new Uint8Array(8), 2 ** 32 - 1)),
  ),
  broken('a vector of no positions that claims 2^60', () =>
    decodeDeletionVector(vector(new Uint8Array(8)), 2n ** 60n),
  ),
  broken(
    'a footer of 2^31 bytes',
    puffin((view) => view.setInt32(view.byteLength - 12, 2 ** 31 - 1, true)),
  ),
  broken(
    'a footer of −1 bytes',
    puffin((view) => view.setInt32(view.byteLength - 12, -1, true)),
  ),
  tooMuch('a zstd blob of 300 MiB', () => {
    const stored = zstdZeros(300)
    return decodePuffinBlob({ ...blob, length: stored.length }, stored)
  }),
]
