import { gzipSync } from 'node:zlib'
import { MIB } from './bomb.ts'

/** `mib` MiB of zeros for snappy: the length, then copies of what is there already. */
export function snappyZeros(mib: number): Uint8Array {
  const length: number[] = []
  for (let rest = mib * MIB; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) | 128)
    if (rest < 128) break
  }
  const copies = Buffer.alloc(((mib * MIB) / 64) * 3)
  for (let at = 0; at < copies.length; at += 3) copies.set([0b1111_1110, 1, 0], at)
  return Buffer.concat([Uint8Array.from(length), Uint8Array.of(0, 0), copies, Buffer.alloc(4)])
}

/** A zstd frame of blocks that each repeat one byte 128 KiB times. */
export function zstdZeros(mib: number): Uint8Array {
  const size = 128 * 1024
  const count = (mib * MIB) / size
  const blocks = Array.from({ length: count }, (_, i) => {
    const header = (size << 3) | (1 << 1) | (i === count - 1 ? 1 : 0)
    return [header & 255, (header >> 8) & 255, header >> 16, 0]
  })
  // The magic, no checksum and no content size, a window of 128 KiB.
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, ...blocks.flat()])
}

/** Gzip members behind one another, as one file of zeros. */
export function gzipZeros(mib: number): Uint8Array {
  const member = gzipSync(Buffer.alloc(64 * MIB))
  return Buffer.concat(Array.from({ length: mib / 64 }, () => member))
}
