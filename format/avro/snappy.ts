import { invalidData } from '../errors.ts'
import { overLimit, readLimits } from '../read-limits.ts'

/**
 * Decompresses a raw Snappy block (format_description.txt of google/snappy): the uncompressed length as a varint,
 * then literals and copies. Errors: `INVALID_DATA`, `UNSUPPORTED` above `readLimits().blockBytes`.
 */
export function decompressSnappy(bytes: Uint8Array): Uint8Array {
  const { length, start } = readPreamble(bytes)
  const output = new Uint8Array(length)
  let from = start
  let to = 0
  while (from < bytes.length) {
    const tag = bytes[from++]!
    const kind = tag & 3
    const long = tag >> 2
    if (kind === 0) {
      const extra = long < 60 ? 0 : long - 59
      const size = 1 + (extra === 0 ? long : littleEndian(bytes, from, extra))
      from += extra
      if (size > bytes.length - from || size > length - to) throw broken('a literal runs past the end')
      output.set(bytes.subarray(from, from + size), to)
      from += size
      to += size
      continue
    }
    const size = kind === 1 ? 4 + (long & 7) : 1 + long
    const width = kind === 1 ? 1 : kind === 2 ? 2 : 4
    const offset = littleEndian(bytes, from, width) + (kind === 1 ? (tag >> 5) << 8 : 0)
    from += width
    if (offset === 0 || offset > to || size > length - to) throw broken('a copy points outside the output')
    copyWithin(output, to, offset, size)
    to += size
  }
  if (to !== length) throw broken(`expected ${length} bytes, found ${to}`)
  return output
}

function readPreamble(bytes: Uint8Array): { length: number; start: number } {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    // A copy of 64 bytes takes 2 at least, so no honest block grows more than this.
    const most = (bytes.length - i) * 64
    if (length > most) throw broken(`expected at most ${most} bytes of output, found ${length}`)
    if (length > readLimits().blockBytes) throw overLimit(`snappy data of ${length} bytes`, 'blockBytes')
    return { length, start: i + 1 }
  }
  throw broken('the length is no varint of 32 bits')
}

/** A copy may overlap its own output (offset < size): then the last `offset` bytes repeat. */
function copyWithin(output: Uint8Array, to: number, offset: number, size: number): void {
  if (offset >= size) {
    output.copyWithin(to, to - offset, to - offset + size)
    return
  }
  for (let i = 0; i < size; i++) output[to + i] = output[to + i - offset]!
}

function littleEndian(bytes: Uint8Array, from: number, width: number): number {
  if (from + width > bytes.length) throw broken('the block ends inside a tag')
  let value = 0
  for (let i = 0; i < width; i++) value += bytes[from + i]! * 2 ** (8 * i)
  return value
}

function broken(what: string) {
  return invalidData(`Snappy block: ${what}`, { rule: 'Snappy format description' })
}
