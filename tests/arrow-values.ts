import { type Data, type RecordBatch, Type } from 'apache-arrow'

/**
 * A batch as plain rows that `toEqual` compares, read straight from the buffers: 64-bit values are bigint, decimals
 * unscaled bigint, binary hex, lists arrays, maps arrays of pairs.
 */
export function batchRows(batch: RecordBatch): Record<string, unknown>[] {
  return Array.from({ length: batch.numRows }, (_, i) =>
    Object.fromEntries(batch.schema.fields.map((field, c) => [field.name, slot(batch.data.children[c]!, i)])),
  )
}

export function columnValues(data: Data): unknown[] {
  return Array.from({ length: data.length }, (_, i) => slot(data, i))
}

function slot(data: Data, i: number): unknown {
  if (data.type.typeId === Type.Null || !data.getValid(i)) return null
  switch (data.type.typeId) {
    case Type.Bool: {
      const bit = data.offset + i
      return ((data.values[bit >> 3] >> (bit & 7)) & 1) === 1
    }
    case Type.Decimal: {
      const words: Uint32Array = data.values.subarray(i * data.stride, (i + 1) * data.stride)
      const unsigned = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
      return BigInt.asIntN(32 * data.stride, unsigned)
    }
    case Type.FixedSizeBinary:
      return hex(data.values.subarray(i * data.stride, (i + 1) * data.stride))
    case Type.Binary:
    case Type.LargeBinary:
      return hex(bytesAt(data, i))
    case Type.Utf8:
    case Type.LargeUtf8:
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesAt(data, i))
    case Type.List:
    case Type.LargeList:
      return items(data, Number(data.valueOffsets[i]), Number(data.valueOffsets[i + 1]))
    case Type.FixedSizeList:
      return items(data, i * data.stride, (i + 1) * data.stride)
    case Type.Map:
      return items(data, data.valueOffsets[i], data.valueOffsets[i + 1]).map((entry) =>
        Object.values(entry as object),
      )
    case Type.Struct:
      return Object.fromEntries(
        data.type.children.map((field: { name: string }, c: number) => [
          field.name,
          slot(data.children[c]!, i),
        ]),
      )
    case Type.Dictionary:
      return data.dictionary!.get(Number(data.values[i]))
    default:
      return data.values[i]
  }
}

function items(data: Data, start: number, end: number): unknown[] {
  return Array.from({ length: end - start }, (_, k) => slot(data.children[0]!, start + k))
}

function bytesAt(data: Data, i: number): Uint8Array {
  return data.values.subarray(Number(data.valueOffsets[i]), Number(data.valueOffsets[i + 1]))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
