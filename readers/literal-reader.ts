import { Buffer } from 'node:buffer'
import type { Data } from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import type { Literal, PrimitiveType } from '../format/types.ts'
import { bytesToUuid } from '../format/values/text.ts'
import { decimalReader } from './decimal-words.ts'

/** Reads values in internal form (`Literal`) from a column of `arrowTypeOf(type)`; the slot is not null. */
export function literalReader(type: PrimitiveType, data: Data): (index: number) => Literal {
  switch (type.kind) {
    case 'boolean': {
      const { offset } = data
      const bits: Uint8Array = data.values
      return (index) => bitAt(bits, offset + index)
    }
    case 'decimal':
      return decimalReader(data)
    case 'string': {
      const bytesAt = bytesReader(data)
      return (index) => {
        const bytes = bytesAt(index)
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
      }
    }
    case 'uuid': {
      const bytes: Uint8Array = data.values
      return (index) => bytesToUuid(bytes, index * 16)
    }
    case 'fixed': {
      const bytes: Uint8Array = data.values
      return (index) => bytes.subarray(index * type.length, (index + 1) * type.length)
    }
    case 'binary':
    case 'geometry':
    case 'geography':
      return bytesReader(data)
    default: {
      const values: ArrayLike<number | bigint> = data.values
      return (index) => values[index]!
    }
  }
}

function bytesReader(data: Data): (index: number) => Uint8Array {
  const offsets: Int32Array = data.valueOffsets
  const bytes: Uint8Array = data.values
  return (index) => bytes.subarray(offsets[index]!, offsets[index + 1]!)
}
