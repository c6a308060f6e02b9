import { Buffer } from 'node:buffer'
import type { Data } from 'apache-arrow'
import type { Literal, PrimitiveType } from '../types.ts'
import { bytesToUuid } from '../values/text.ts'
import { bitAt } from './bitmap.ts'

/**
 * Reads values in internal form from a column of `arrowTypeOf(type)`. The slot must not be null; bytes are views.
 */
export function literalReader(type: PrimitiveType, data: Data): (slot: number) => Literal {
  switch (type.kind) {
    case 'boolean': {
      const { offset } = data
      const bits: Uint8Array = data.values
      return (slot) => bitAt(bits, offset + slot)
    }
    case 'decimal': {
      const words: Uint32Array = data.values
      return (slot) => decimalAt(words, slot * 4)
    }
    case 'string': {
      const bytesAt = bytesReader(data)
      return (slot) => {
        const bytes = bytesAt(slot)
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
      }
    }
    case 'uuid': {
      const bytes: Uint8Array = data.values
      return (slot) => bytesToUuid(bytes, slot * 16)
    }
    case 'fixed': {
      const { length } = type
      const bytes: Uint8Array = data.values
      return (slot) => bytes.subarray(slot * length, (slot + 1) * length)
    }
    case 'binary':
    case 'geometry':
    case 'geography':
      return bytesReader(data)
    default: {
      const values: ArrayLike<number | bigint> = data.values
      return (slot) => values[slot]!
    }
  }
}

/** The 128-bit two's complement of the four words from `at`, low word first. */
export function decimalAt(words: Uint32Array, at: number): bigint {
  const low = words[at]! + words[at + 1]! * 0x1_0000_0000
  const [third, fourth] = [words[at + 2]!, words[at + 3]!]
  if (third === 0 && fourth === 0 && low <= Number.MAX_SAFE_INTEGER) return BigInt(low)
  const high = (BigInt(fourth | 0) << 32n) | BigInt(third)
  return (high << 64n) | (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!)
}

function bytesReader(data: Data): (slot: number) => Uint8Array {
  const offsets: Int32Array = data.valueOffsets
  const bytes: Uint8Array = data.values
  return (slot) => bytes.subarray(offsets[slot]!, offsets[slot + 1]!)
}
