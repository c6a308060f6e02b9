/** Leaving rows out of columns that nobody else holds: what is kept moves down in the memory where it stands. */
import { type Data, Type } from 'apache-arrow'
import { arrowData, type FixedWidthArray } from './arrow-data.ts'
import { takeData } from './take.ts'

/** Runs of neighbouring rows, ascending and apart: the start of each, and its end, excluded. */
export interface RowRuns {
  readonly bounds: Int32Array
  /** Rows in all of them. */
  readonly count: number
}

/** The rows whose item is 1. */
export function runsOf(mask: Uint8Array): RowRuns {
  let bounds = new Int32Array(64)
  let length = 0
  let count = 0
  for (let row = mask.indexOf(1); row >= 0 && row < mask.length; ) {
    let end = row
    while (end < mask.length && mask[end] === 1) end++
    if (length === bounds.length) {
      const more = new Int32Array(length * 2)
      more.set(bounds)
      bounds = more
    }
    bounds[length++] = row
    bounds[length++] = end
    count += end - row
    row = end
    while (row < mask.length && mask[row] === 0) row++
  }
  return { bounds: bounds.subarray(0, length), count }
}

/**
 * A column of the rows of `runs`, in the memory of `data`, which is not to be used again. First touches of memory cost
 * more than all the rest of leaving out rows. Nested columns are copied.
 */
export function keepRows(data: Data, runs: RowRuns): Data {
  const { type } = data
  switch (type.typeId) {
    case Type.Bool: {
      const values = keepBits(data.values, data.offset, runs)
      return arrowData(type, runs.count, { nullBitmap: keepValidity(data, runs), values })
    }
    case Type.Int:
    case Type.Float:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Decimal:
    case Type.FixedSizeBinary: {
      const values = keepFixedWidth(data.values, data.stride, runs)
      return arrowData(type, runs.count, { nullBitmap: keepValidity(data, runs), values })
    }
    case Type.Utf8:
    case Type.Binary: {
      const parts = keepBytes(data.valueOffsets, data.values, runs)
      return arrowData(type, runs.count, { nullBitmap: keepValidity(data, runs), ...parts })
    }
    default:
      return takeData(data, indicesOf(runs))
  }
}

function indicesOf({ bounds, count }: RowRuns): Int32Array {
  const indices = new Int32Array(count)
  let to = 0
  for (let run = 0; run < bounds.length; run += 2) {
    for (let row = bounds[run]!; row < bounds[run + 1]!; row++) indices[to++] = row
  }
  return indices
}

function keepValidity(data: Data, runs: RowRuns): Uint8Array | undefined {
  return data.nullCount === 0 ? undefined : keepBits(data.nullBitmap as Uint8Array, data.offset, runs)
}

/** Bits that are moved at once: with those that wait for their byte to be full they fit in 32. */
const BITS_AT_ONCE = 16

function keepBits(bits: Uint8Array, offset: number, { bounds }: RowRuns): Uint8Array {
  let to = 0
  let waiting = 0
  let waitingBits = 0
  for (let run = 0; run < bounds.length; run += 2) {
    const end = bounds[run + 1]! + offset
    for (let from = bounds[run]! + offset; from < end; from += BITS_AT_ONCE) {
      const count = Math.min(end - from, BITS_AT_ONCE)
      const at = from >> 3
      const three = bits[at]! | (bits[at + 1]! << 8) | (bits[at + 2]! << 16)
      waiting |= ((three >> (from & 7)) & ((1 << count) - 1)) << waitingBits
      waitingBits += count
      for (; waitingBits >= 8; waitingBits -= 8, waiting >>>= 8) bits[to++] = waiting
    }
  }
  if (waitingBits > 0) bits[to] = waiting
  return bits
}

/** From so many words on a copy by the machine is faster than one by one. */
const COPY_WORDS = 32

function keepFixedWidth(values: FixedWidthArray, stride: number, runs: RowRuns): FixedWidthArray {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: size, byteLength } = values
  const width = stride * size
  if (width % 4 === 0 && byteOffset % 4 === 0) {
    // As words of 32 bits, whatever they mean: a bigint for each value would be allocated.
    keepWords(new Int32Array(buffer, byteOffset, byteLength >> 2), width >> 2, runs)
  } else {
    keepBytewise(new Uint8Array(buffer, byteOffset, byteLength), width, runs)
  }
  return values.subarray(0, runs.count * stride)
}

function keepWords(words: Int32Array, width: number, { bounds }: RowRuns): void {
  let to = 0
  for (let run = 0; run < bounds.length; run += 2) {
    const from = bounds[run]! * width
    const end = bounds[run + 1]! * width
    if (from === to) to = end
    else if (end - from >= COPY_WORDS) {
      words.copyWithin(to, from, end)
      to += end - from
    } else for (let at = from; at < end; at++) words[to++] = words[at]!
  }
}

function keepBytewise(bytes: Uint8Array, width: number, { bounds }: RowRuns): void {
  let to = 0
  for (let run = 0; run < bounds.length; run += 2) {
    const from = bounds[run]! * width
    const end = bounds[run + 1]! * width
    bytes.copyWithin(to, from, end)
    to += end - from
  }
}

function keepBytes(
  offsets: Int32Array,
  values: Uint8Array,
  { bounds, count }: RowRuns,
): { readonly valueOffsets: Int32Array; readonly values: Uint8Array } {
  let to = 0
  let end = offsets[0]!
  for (let run = 0; run < bounds.length; run += 2) {
    const first = bounds[run]!
    const last = bounds[run + 1]!
    const start = offsets[first]!
    const stop = offsets[last]!
    const shift = end - start
    if (shift !== 0) moveBytes(values, end, start, stop)
    for (let row = first; row < last; row++) offsets[to++] = offsets[row]! + shift
    end = stop + shift
  }
  offsets[to] = end
  return { valueOffsets: offsets.subarray(0, count + 1), values: values.subarray(0, end) }
}

function moveBytes(bytes: Uint8Array, to: number, start: number, end: number): void {
  if (end - start >= COPY_WORDS * 2) bytes.copyWithin(to, start, end)
  else for (let from = start, at = to; from < end; from++, at++) bytes[at] = bytes[from]!
}
