/**
 * Split block bloom filters of column chunks (Parquet: BloomFilter.md). Layout:
 *
 * 1. BloomFilterHeader, Thrift compact protocol
 * 2. blocks of 8 words of 32 bits, little-endian
 */
import type { Literal, PrimitiveType } from '../types.ts'
import { uuidToBytes } from '../values/text.ts'
import type { SchemaElement } from './footer.ts'
import { logicalTypeOf } from './leaf-type.ts'
import {
  i32,
  readFields,
  readThrift,
  readThriftIfWhole,
  required,
  struct,
  type ThriftType,
} from './thrift.ts'
import { xxhash64 } from './xxhash64.ts'

const BYTES_PER_BLOCK = 32
/** No writer makes larger ones; a larger one costs more to fetch than it can save. */
const MAX_BYTES = 128 * 2 ** 20

/** More than a header takes. */
export const BLOOM_HEADER_BYTES = 64

interface BloomFilterHeader {
  readonly numBytes: number
  readonly splitBlocks: boolean
  readonly xxhash: boolean
  readonly uncompressed: boolean
}

const header = struct<BloomFilterHeader>('BloomFilterHeader', {
  numBytes: required(1, i32),
  splitBlocks: required(2, onlyMember()),
  xxhash: required(3, onlyMember()),
  uncompressed: required(4, onlyMember()),
})

/** Bytes of a whole filter, header included, from its first ones. Undefined for a kind that is not known. */
export function bloomFilterLength(start: Uint8Array): number | undefined {
  const read = readThriftIfWhole(header, start)
  if (read === undefined) return undefined
  const { numBytes, splitBlocks, xxhash, uncompressed } = read.value
  const fits = numBytes > 0 && numBytes <= MAX_BYTES && numBytes % BYTES_PER_BLOCK === 0
  return splitBlocks && xxhash && uncompressed && fits ? read.end + numBytes : undefined
}

/** Whether a chunk may hold one of the values; `filter` is whole, `hashes` are those of `bloomHash`. */
export function bloomFilterMayHold(filter: Uint8Array, hashes: readonly bigint[]): boolean {
  const { end } = readThrift(header, filter)
  const blocks = new DataView(filter.buffer, filter.byteOffset + end, filter.length - end)
  return hashes.some((hash) => mayHold(blocks, hash))
}

function mayHold(blocks: DataView, hash: bigint): boolean {
  const count = BigInt(blocks.byteLength / BYTES_PER_BLOCK)
  const block = Number(((hash >> 32n) * count) >> 32n) * BYTES_PER_BLOCK
  const key = Number(hash & 0xffff_ffffn)
  return SALTS.every((salt, i) => {
    const bit = Math.imul(key, salt) >>> 27
    return ((blocks.getUint32(block + 4 * i, true) >>> bit) & 1) === 1
  })
}

const SALTS = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
] as const

/**
 * The hash that a filter has a value under; 'absent' for a value that no row of such a column holds, undefined where
 * one value may be stored in several ways, or in a way that is not known.
 */
export function bloomHash(
  literal: Literal,
  type: PrimitiveType,
  element: SchemaElement,
): bigint | 'absent' | undefined {
  const plain = plainBytes(literal, type, element)
  return plain instanceof Uint8Array ? xxhash64(plain) : plain
}

/** The value in PLAIN encoding, without the length of byte arrays. */
function plainBytes(
  literal: Literal,
  type: PrimitiveType,
  element: SchemaElement,
): Uint8Array | 'absent' | undefined {
  switch (element.type) {
    case 'INT32':
    case 'INT64': {
      const value = storedInteger(literal, type, element)
      if (value === undefined) return undefined
      const bits = element.type === 'INT32' ? 32 : 64
      return BigInt.asIntN(bits, value) === value ? littleEndian(value, bits) : 'absent'
    }
    case 'BYTE_ARRAY':
      if (type.kind === 'string') return new TextEncoder().encode(literal as string)
      return type.kind === 'binary' ? (literal as Uint8Array) : undefined
    case 'FIXED_LEN_BYTE_ARRAY':
      if (type.kind === 'uuid' && element.typeLength === 16) return uuidToBytes(literal as string)
      return type.kind === 'fixed' && element.typeLength === type.length ? (literal as Uint8Array) : undefined
    default:
      // Zeros and NaNs have several forms; the others are not worth a filter.
      return undefined
  }
}

function storedInteger(literal: Literal, type: PrimitiveType, element: SchemaElement): bigint | undefined {
  const logical = logicalTypeOf(element)
  switch (type.kind) {
    case 'int':
    case 'long':
      if (logical !== undefined && !(logical.kind === 'INTEGER' && logical.isSigned)) return undefined
      return BigInt(literal as number | bigint)
    case 'date':
      return logical?.kind === 'DATE' ? BigInt(literal as number) : undefined
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return isIn(logical, 'MICROS') ? (literal as bigint) : undefined
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return isIn(logical, 'NANOS') ? (literal as bigint) : undefined
    case 'decimal':
      return logical?.kind === 'DECIMAL' && logical.scale === type.scale ? (literal as bigint) : undefined
    default:
      return undefined
  }
}

function isIn(logical: ReturnType<typeof logicalTypeOf>, unit: 'MICROS' | 'NANOS'): boolean {
  return (logical?.kind === 'TIME' || logical?.kind === 'TIMESTAMP') && logical.unit === unit
}

function littleEndian(value: bigint, bits: 32 | 64): Uint8Array {
  const view = new DataView(new ArrayBuffer(bits / 8))
  if (bits === 32) view.setInt32(0, Number(value), true)
  else view.setBigInt64(0, value, true)
  return new Uint8Array(view.buffer)
}

/** A union of which only the first member is known: whether it is that. */
function onlyMember(): ThriftType<boolean> {
  return {
    wire: 12,
    read: (input) => {
      let known = false
      readFields(input, (id) => {
        known = id === 1
        return false
      })
      return known
    },
    write: () => {},
  }
}
