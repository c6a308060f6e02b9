/**
 * A block of a run: so many sorted entries, column by column, each value as its distance from the least one of its
 * column, in as few bytes as the greatest distance takes.
 *
 *   u32  CRC-32 of what follows
 *   u32  number of entries
 *   8 B  bytes to a value of each column: code, rest, file, position, row id; the others are 0
 *   i32 u32       the first code: high, low
 *   u32 u32 f64   the least file, position and row id
 *   ...  for each column in this order its values, byte by byte: the lowest byte of all, then the next of all
 *
 * All integers little-endian. (An extension of Moraine's; other engines do not read it.)
 */
import { crc32 } from 'node:zlib'
import { invalidData } from '../errors.ts'
import type { KeyForm } from './key-codes.ts'
import type { KeyEntries } from './key-entries.ts'

export const BLOCK_ENTRIES = 1024
const HEADER = 40

/** Encodes the entries from `start` up to `end`, which are in order. */
export function encodeBlock(entries: KeyEntries, start: number, end: number): Uint8Array {
  const length = end - start
  const [firstHigh, firstLow] = [entries.high[start]!, entries.low[start]!]
  const low = new Uint32Array(length)
  const high = new Uint32Array(length)
  for (let i = 0; i < length; i++) {
    low[i] = entries.low[start + i]! - firstLow
    high[i] = entries.high[start + i]! - firstHigh - (entries.low[start + i]! < firstLow ? 1 : 0)
  }
  const file = distances(entries.file, start, end)
  const position = distances(entries.position, start, end)
  const rowId = distances(entries.rowId, start, end)
  const widths = [
    widthOf(high[length - 1]!, low[length - 1]!),
    entries.rest === undefined ? 0 : 8,
    widthOf(0, file.greatest),
    widthOf(0, position.greatest),
    widthOf(Math.floor(rowId.greatest / 2 ** 32), rowId.greatest % 2 ** 32),
  ]
  const bytes = new Uint8Array(HEADER + length * widths.reduce((sum, width) => sum + width, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(4, length, true)
  bytes.set(widths, 8)
  view.setInt32(16, firstHigh, true)
  view.setUint32(20, firstLow, true)
  view.setUint32(24, file.least, true)
  view.setUint32(28, position.least, true)
  view.setFloat64(32, rowId.least, true)
  const planes = new PlaneWriter(bytes, HEADER, length)
  planes.write(widths[0]!, low, high)
  if (entries.rest !== undefined) {
    planes.write(8, entries.rest.low.subarray(start, end), entries.rest.high.subarray(start, end))
  }
  planes.write(widths[2]!, file.low)
  planes.write(widths[3]!, position.low)
  planes.write(widths[4]!, rowId.low, rowId.high)
  view.setUint32(0, crc32(bytes.subarray(4)), true)
  return bytes
}

/** Errors: `INVALID_DATA`. */
export function decodeBlock(bytes: Uint8Array, form: KeyForm): KeyEntries {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER || crc32(bytes.subarray(4)) !== view.getUint32(0, true)) throw damaged()
  const length = view.getUint32(4, true)
  const widths = bytes.subarray(8, 13)
  const size = HEADER + length * widths.reduce((sum, width) => sum + width, 0)
  if (length > BLOCK_ENTRIES || size !== bytes.length || widths[1] !== (form === 'words' ? 0 : 8))
    throw damaged()
  const entries: KeyEntries = {
    length,
    high: new Int32Array(length),
    low: new Uint32Array(length),
    rest: form === 'words' ? undefined : { high: new Uint32Array(length), low: new Uint32Array(length) },
    file: new Uint32Array(length),
    position: new Uint32Array(length),
    rowId: new Float64Array(length),
  }
  const planes = new PlaneReader(bytes, HEADER, length)
  const high = new Uint32Array(entries.high.buffer)
  planes.read(widths[0]!, entries.low, high)
  if (entries.rest !== undefined) planes.read(8, entries.rest.low, entries.rest.high)
  planes.read(widths[2]!, entries.file)
  planes.read(widths[3]!, entries.position)
  const rowLow = new Uint32Array(length)
  const rowHigh = new Uint32Array(length)
  planes.read(widths[4]!, rowLow, rowHigh)
  const [firstHigh, firstLow] = [view.getInt32(16, true), view.getUint32(20, true)]
  const [leastFile, leastPosition] = [view.getUint32(24, true), view.getUint32(28, true)]
  const leastRowId = view.getFloat64(32, true)
  for (let i = 0; i < length; i++) {
    const sum = entries.low[i]! + firstLow
    entries.low[i] = sum
    entries.high[i] = high[i]! + firstHigh + (sum > 0xffffffff ? 1 : 0)
    entries.file[i]! += leastFile
    entries.position[i]! += leastPosition
    entries.rowId[i] = rowHigh[i]! * 2 ** 32 + rowLow[i]! + leastRowId
  }
  return entries
}

interface Distances {
  readonly least: number
  readonly greatest: number
  readonly low: Uint32Array
  readonly high: Uint32Array
}

function distances(values: Uint32Array | Float64Array, start: number, end: number): Distances {
  let least = values[start]!
  let most = least
  for (let i = start + 1; i < end; i++) {
    const value = values[i]!
    if (value < least) least = value
    else if (value > most) most = value
  }
  const low = new Uint32Array(end - start)
  const high = new Uint32Array(end - start)
  for (let i = start; i < end; i++) {
    const distance = values[i]! - least
    low[i - start] = distance % 2 ** 32
    high[i - start] = Math.floor(distance / 2 ** 32)
  }
  return { least, greatest: most - least, low, high }
}

function widthOf(high: number, low: number): number {
  const bytesOf = (half: number) => (half === 0 ? 0 : (39 - Math.clz32(half)) >>> 3)
  return high === 0 ? bytesOf(low) : 4 + bytesOf(high)
}

class PlaneWriter {
  readonly #bytes: Uint8Array
  readonly #length: number
  #at: number

  constructor(bytes: Uint8Array, at: number, length: number) {
    this.#bytes = bytes
    this.#at = at
    this.#length = length
  }

  write(width: number, low: Uint32Array, high: Uint32Array = low): void {
    const [bytes, length] = [this.#bytes, this.#length]
    for (let plane = 0; plane < width; plane++) {
      const half = plane < 4 ? low : high
      const shift = (plane & 3) * 8
      for (let i = 0; i < length; i++) bytes[this.#at + i] = half[i]! >>> shift
      this.#at += length
    }
  }
}

class PlaneReader {
  readonly #bytes: Uint8Array
  readonly #length: number
  #at: number

  constructor(bytes: Uint8Array, at: number, length: number) {
    this.#bytes = bytes
    this.#at = at
    this.#length = length
  }

  read(width: number, low: Uint32Array, high: Uint32Array = low): void {
    const [bytes, length] = [this.#bytes, this.#length]
    for (let plane = 0; plane < width; plane++) {
      const half = plane < 4 ? low : high
      const shift = (plane & 3) * 8
      for (let i = 0; i < length; i++) half[i]! |= bytes[this.#at + i]! << shift
      this.#at += length
    }
  }
}

function damaged(): Error {
  return invalidData('a block of the key index is damaged')
}
