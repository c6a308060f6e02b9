import { Buffer } from 'node:buffer'
import type { Data } from 'apache-arrow'
import type { Literal, PrimitiveType } from '../types.ts'
import { bytesToUuid } from '../values/text.ts'
import { bitAt } from './bitmap.ts'
import { decimalReader } from './decimal-reader.ts'

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
    case 'decimal':
      return decimalReader(data)
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

function bytesReader(data: Data): (slot: number) => Uint8Array {
  const offsets: Int32Array = data.valueOffsets
  const bytes: Uint8Array = data.values
  return (slot) => bytes.subarray(offsets[slot]!, offsets[slot + 1]!)
}
