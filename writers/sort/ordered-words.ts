import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { type PrimitiveType, typeToString } from '../../format/types.ts'

/** The values of a column as unsigned integers of the same order: `stride` words each, the most significant first. */
export interface OrderedWords {
  readonly words: Uint32Array
  readonly stride: number
}

const SIGN = 0x8000_0000
/** The one NaN, above infinity: as Java's comparison has it, whatever its sign and payload were. */
const NAN_32 = 0x7fc0_0000
const NAN_64_HIGH = 0x7ff8_0000
const INFINITY_64_HIGH = 0x7ff0_0000

/** The first `rows` values; what stands below a null is arbitrary. `type` is boolean, a number, a date or a time. */
export function orderedWords(type: PrimitiveType, column: Data, rows: number): OrderedWords {
  switch (type.kind) {
    case 'boolean':
      return { words: booleans(column, rows), stride: 1 }
    case 'int':
    case 'date':
      return { words: int32s(column.values, rows), stride: 1 }
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { words: signedWords(halvesOf(column.values), rows, 2), stride: 2 }
    case 'decimal':
      return { words: signedWords(column.values, rows, column.stride), stride: column.stride }
    case 'float':
      return { words: floats(column.values, rows), stride: 1 }
    case 'double':
      return { words: doubles(halvesOf(column.values), rows), stride: 2 }
    default:
      throw new TypeError(`values of type ${typeToString(type)} are not numbers`)
  }
}

function booleans({ values, offset }: Data, rows: number): Uint32Array {
  const words = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) words[row] = bitAt(values, offset + row) ? 1 : 0
  return words
}

function int32s(values: Int32Array, rows: number): Uint32Array {
  const words = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) words[row] = values[row]! ^ SIGN
  return words
}

/** Of two's complement integers of `stride` words, the least significant first. */
function signedWords(values: Uint32Array, rows: number, stride: number): Uint32Array {
  const words = new Uint32Array(rows * stride)
  for (let first = 0; first < words.length; first += stride) {
    for (let k = 0; k < stride; k++) words[first + k] = values[first + stride - 1 - k]!
    words[first]! ^= SIGN
  }
  return words
}

function floats(values: Float32Array, rows: number): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, rows)
  const words = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) {
    const word = Number.isNaN(values[row]) ? NAN_32 : bits[row]!
    words[row] = word >= SIGN ? ~word : word ^ SIGN
  }
  return words
}

function doubles(halves: Uint32Array, rows: number): Uint32Array {
  const words = new Uint32Array(2 * rows)
  for (let first = 0; first < words.length; first += 2) {
    let low = halves[first]!
    let high = halves[first + 1]!
    const magnitude = high & ~SIGN
    if (magnitude > INFINITY_64_HIGH || (magnitude === INFINITY_64_HIGH && low !== 0)) {
      low = 0
      high = NAN_64_HIGH
    }
    words[first] = high >= SIGN ? ~high : high ^ SIGN
    words[first + 1] = high >= SIGN ? ~low : low
  }
  return words
}

/** The 32-bit halves of 64-bit values, low half first. */
function halvesOf({ buffer, byteOffset, length }: BigInt64Array | Float64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, 2 * length)
}
