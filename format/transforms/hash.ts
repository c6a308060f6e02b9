/** The 32-bit Murmur3 hash, x86 variant, seed 0, of single values (spec: Appendix B). All results are signed ints. */
import { unsupported } from '../errors.ts'
import { type Literal, type PrimitiveType, typeToString } from '../types.ts'
import { uuidToBytes } from '../values/text.ts'
import { MAX_DECIMAL_BYTES, writeTwosComplement } from '../values/twos-complement.ts'

/** Scratch space, so that hashing a value allocates nothing; every use writes before it reads. */
const word = new DataView(new ArrayBuffer(8))
const decimalView = new DataView(new ArrayBuffer(MAX_DECIMAL_BYTES))
const decimalBytes = new Uint8Array(decimalView.buffer)
const uuidBytes = new Uint8Array(16)
const encoder = new TextEncoder()

/** The hash function of a type; `UNSUPPORTED` where the spec gives none. */
export function hasherOf(type: PrimitiveType): (value: Literal) => number {
  switch (type.kind) {
    case 'int':
    case 'date':
      return (value) => hashInt(value as number)
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return (value) => hashLong(value as bigint)
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return (value) => hashLong(microsOfNanos(value as bigint))
    case 'decimal':
      return (value) => hashDecimal(value as bigint)
    case 'string':
      return (value) => hashString(value as string)
    case 'uuid':
      return (value) => hashUuid(value as string)
    case 'fixed':
    case 'binary':
      return (value) => hashBytes(value as Uint8Array)
    case 'boolean':
      return (value) => hashInt(value ? 1 : 0)
    case 'float':
    case 'double':
      return (value) => hashDouble(value as number)
    case 'unknown':
    case 'geometry':
    case 'geography':
      throw unsupported(`values of type ${typeToString(type)} have no hash`)
  }
}

/** As a long, so that int columns hash the same after promotion. */
export function hashInt(value: number): number {
  return hashWords(value, value >> 31)
}

export function hashLong(value: bigint): number {
  word.setBigInt64(0, value, true)
  return hashWords(word.getInt32(0, true), word.getInt32(4, true))
}

/** By its IEEE 754 bits, with one NaN and one zero. */
export function hashDouble(value: number): number {
  if (Number.isNaN(value)) return hashWords(0, 0x7ff80000)
  word.setFloat64(0, value === 0 ? 0 : value, true)
  return hashWords(word.getInt32(0, true), word.getInt32(4, true))
}

/** Over the fewest big-endian two's complement bytes of the unscaled value. */
export function hashDecimal(unscaled: bigint): number {
  const start = writeTwosComplement(decimalView, unscaled)
  return hashBytes(decimalBytes, start)
}

export function hashUuid(uuid: string): number {
  return hashBytes(uuidToBytes(uuid, uuidBytes))
}

/** Over the UTF-8 bytes; ASCII is hashed in place. */
export function hashString(text: string): number {
  const length = text.length
  const blocks = length & ~3
  let hash = 0
  let i = 0
  for (; i < blocks; i += 4) {
    const a = text.charCodeAt(i)
    const b = text.charCodeAt(i + 1)
    const c = text.charCodeAt(i + 2)
    const d = text.charCodeAt(i + 3)
    if ((a | b | c | d) > 0x7f) return hashBytes(encoder.encode(text))
    hash = addBlock(hash, a | (b << 8) | (c << 16) | (d << 24))
  }
  let tail = 0
  for (let shift = 0; i < length; i++, shift += 8) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return hashBytes(encoder.encode(text))
    tail |= unit << shift
  }
  return finish(hash ^ scramble(tail), length)
}

/** Over the bytes from `start` on. */
export function hashBytes(bytes: Uint8Array, start = 0): number {
  const length = bytes.length - start
  const blocks = start + (length & ~3)
  let hash = 0
  let i = start
  for (; i < blocks; i += 4) {
    hash = addBlock(hash, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
  }
  let tail = 0
  for (let shift = 0; i < bytes.length; i++, shift += 8) tail |= bytes[i]! << shift
  return finish(hash ^ scramble(tail), length)
}

/** Floored, so that times before 1970 fall into the microsecond that holds them. */
function microsOfNanos(nanos: bigint): bigint {
  const micros = nanos / 1000n
  return nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros
}

/** The eight bytes of a little-endian long given as its two halves. */
function hashWords(low: number, high: number): number {
  return finish(addBlock(addBlock(0, low), high), 8)
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}

function addBlock(hash: number, block: number): number {
  const mixed = hash ^ scramble(block)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(state: number, length: number): number {
  let hash = state ^ length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
