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

/**
 * A block as it is stored, of which single entries are read: a few of them cost less than decoding all. Errors:
 * `INVALID_DATA`.
 */
export class RunBlock {
  readonly length: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Where the values of each column begin, and their widths: code, rest, file, position, row id. */
  readonly #columns: readonly { readonly at: number; readonly width: number }[]
  readonly #firstHigh: number
  readonly #firstLow: number

  constructor(bytes: Uint8Array, form: KeyForm) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < HEADER || crc32(bytes.subarray(4)) !== view.getUint32(0, true)) throw damaged()
    this.#bytes = bytes
    this.#view = view
    this.length = view.getUint32(4, true)
    let at = HEADER
    this.#columns = Array.from(bytes.subarray(8, 13), (width) => {
      const column = { at, width }
      at += width * this.length
      return column
    })
    const isOfForm = this.#columns[1]!.width === (form === 'words' ? 0 : 8)
    if (this.length > BLOCK_ENTRIES || at !== bytes.length || !isOfForm) throw damaged()
    this.#firstHigh = view.getInt32(16, true)
    this.#firstLow = view.getUint32(20, true)
  }

  high(entry: number): number {
    const carry = this.#low(0, entry) + this.#firstLow > 0xffffffff ? 1 : 0
    return (this.#high(0, entry) + this.#firstHigh + carry) | 0
  }

  low(entry: number): number {
    return (this.#low(0, entry) + this.#firstLow) >>> 0
  }

  restHigh(entry: number): number {
    return this.#high(1, entry)
  }

  restLow(entry: number): number {
    return this.#low(1, entry)
  }

  file(entry: number): number {
    return this.#low(2, entry) + this.#view.getUint32(24, true)
  }

  position(entry: number): number {
    return this.#low(3, entry) + this.#view.getUint32(28, true)
  }

  rowId(entry: number): number {
    return this.#high(4, entry) * 2 ** 32 + this.#low(4, entry) + this.#view.getFloat64(32, true)
  }

  /** The first entry whose code, high and low, is not below this one. */
  firstAtLeast(high: number, low: number): number {
    let start = 0
    let end = this.length
    while (start < end) {
      const middle = (start + end) >>> 1
      const own = this.high(middle)
      if (own < high || (own === high && this.low(middle) < low)) start = middle + 1
      else end = middle
    }
    return start
  }

  /** The codes of all entries. */
  codes(): Pick<KeyEntries, 'length' | 'high' | 'low'> {
    const { length } = this
    const [firstHigh, firstLow] = [this.#firstHigh, this.#firstLow]
    const low = this.#codeHalves(0)
    const rest = this.#codeHalves(4)
    const high = new Int32Array(length)
    for (let entry = 0; entry < length; entry++) {
      const sum = low[entry]! + firstLow
      low[entry] = sum
      high[entry] = rest[entry]! + firstHigh + (sum > 0xffffffff ? 1 : 0)
    }
    return { length, high, low }
  }

  /** Four bytes of the distance of each code, from this one on. */
  #codeHalves(first: number): Uint32Array {
    const { at, width } = this.#columns[0]!
    const { length } = this
    const values = new Uint32Array(length)
    for (let plane = first; plane < Math.min(width, first + 4); plane++) {
      const bytes = this.#bytes.subarray(at + plane * length, at + (plane + 1) * length)
      const shift = (plane - first) * 8
      for (let entry = 0; entry < length; entry++) values[entry] = values[entry]! | (bytes[entry]! << shift)
    }
    return values
  }

  #low(column: number, entry: number): number {
    return this.#half(column, entry, 0)
  }

  #high(column: number, entry: number): number {
    return this.#half(column, entry, 4)
  }

  #half(column: number, entry: number, first: number): number {
    const { at, width } = this.#columns[column]!
    const end = Math.min(width, first + 4)
    let value = 0
    for (let plane = first; plane < end; plane++) {
      value |= this.#bytes[at + plane * this.length + entry]! << ((plane - first) * 8)
    }
    return value >>> 0
  }
}

/** All entries of blocks, one after the other. */
export function entriesOf(blocks: readonly RunBlock[], form: KeyForm): KeyEntries {
  const length = blocks.reduce((sum, block) => sum + block.length, 0)
  const entries: KeyEntries = {
    length,
    high: new Int32Array(length),
    low: new Uint32Array(length),
    rest: form === 'words' ? undefined : { high: new Uint32Array(length), low: new Uint32Array(length) },
    file: new Uint32Array(length),
    position: new Uint32Array(length),
    rowId: new Float64Array(length),
  }
  const { high, low, rest, file, position, rowId } = entries
  let at = 0
  for (const block of blocks) {
    const codes = block.codes()
    high.set(codes.high, at)
    low.set(codes.low, at)
    for (let entry = 0; entry < block.length; entry++, at++) {
      file[at] = block.file(entry)
      position[at] = block.position(entry)
      rowId[at] = block.rowId(entry)
      if (rest === undefined) continue
      rest.high[at] = block.restHigh(entry)
      rest.low[at] = block.restLow(entry)
    }
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

function damaged(): Error {
  return invalidData('a block of the key index is damaged')
}
