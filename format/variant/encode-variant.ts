import { compareUtf8 } from '../values/compare.ts'
import { uuidToBytes } from '../values/text.ts'
import { BasicType, PRIMITIVE_KINDS, type Variant, type VariantBytes } from './variant.ts'

/** Encodes a value and the names of its objects, sorted, each in as few bytes as the layout allows. */
export function encodeVariant(variant: Variant): VariantBytes {
  const names = new Set<string>()
  collectNames(variant, names)
  const sorted = [...names].sort(compareUtf8)
  const ids = new Map(sorted.map((name, id) => [name, id]))
  return { metadata: encodeMetadata(sorted), value: Uint8Array.from(encodeValue(variant, ids)) }
}

function collectNames(variant: Variant, names: Set<string>): void {
  if (variant.kind === 'array') for (const item of variant.items) collectNames(item, names)
  if (variant.kind !== 'object') return
  for (const { name, value } of variant.fields) {
    names.add(name)
    collectNames(value, names)
  }
}

const VERSION = 1
const SORTED = 0x10

function encodeMetadata(names: readonly string[]): Uint8Array {
  const texts = names.map((name) => Buffer.from(name))
  const total = texts.reduce((sum, { length }) => sum + length, 0)
  const size = bytesFor(Math.max(total, names.length))
  const parts: Uint8Array[] = [Uint8Array.of(VERSION | SORTED | ((size - 1) << 6)), uint(names.length, size)]
  let offset = 0
  parts.push(uint(0, size))
  for (const { length } of texts) {
    offset += length
    parts.push(uint(offset, size))
  }
  return new Uint8Array(Buffer.concat([...parts, ...texts]))
}

const MAX_SHORT_STRING = 63

function encodeValue(variant: Variant, ids: ReadonlyMap<string, number>): Uint8Array {
  switch (variant.kind) {
    case 'null':
      return primitive('null')
    case 'boolean':
      return primitive(variant.value ? 'true' : 'false')
    case 'int8':
      return primitive('int8', int(BigInt(variant.value), 1))
    case 'int16':
      return primitive('int16', int(BigInt(variant.value), 2))
    case 'int32':
    case 'date':
      return primitive(variant.kind, int(BigInt(variant.value), 4))
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return primitive(variant.kind, int(variant.value, 8))
    case 'float': {
      const bytes = Buffer.alloc(4)
      bytes.writeFloatLE(variant.value)
      return primitive('float', bytes)
    }
    case 'double': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(variant.value)
      return primitive('double', bytes)
    }
    case 'decimal': {
      const { bytes, scale, unscaled } = variant
      return primitive(`decimal${bytes}`, Uint8Array.of(scale), int(unscaled, bytes))
    }
    case 'binary':
      return primitive('binary', uint(variant.value.length, 4), variant.value)
    case 'string': {
      const text = Buffer.from(variant.value)
      if (text.length > MAX_SHORT_STRING) return primitive('string', uint(text.length, 4), text)
      return Buffer.concat([Uint8Array.of((text.length << 2) | BasicType.shortString), text])
    }
    case 'uuid':
      return primitive('uuid', uuidToBytes(variant.value))
    case 'array':
      return encodeArray(variant.items.map((item) => encodeValue(item, ids)))
    case 'object':
      return encodeObject(
        variant.fields.map(({ name }) => ids.get(name)!),
        variant.fields.map(({ value }) => encodeValue(value, ids)),
      )
  }
}

function primitive(kind: (typeof PRIMITIVE_KINDS)[number], ...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of((PRIMITIVE_KINDS.indexOf(kind) << 2) | BasicType.primitive), ...parts])
}

function encodeArray(items: readonly Uint8Array[]): Uint8Array {
  const offsets = offsetsOf(items)
  const isLarge = items.length > 255
  const info = (offsets.size - 1) | (isLarge ? 4 : 0)
  return Buffer.concat([
    Uint8Array.of((info << 2) | BasicType.array),
    uint(items.length, isLarge ? 4 : 1),
    offsets.bytes,
    ...items,
  ])
}

function encodeObject(ids: readonly number[], values: readonly Uint8Array[]): Uint8Array {
  const offsets = offsetsOf(values)
  const idSize = bytesFor(ids.reduce((most, id) => Math.max(most, id), 0))
  const isLarge = ids.length > 255
  const info = (offsets.size - 1) | ((idSize - 1) << 2) | (isLarge ? 16 : 0)
  return Buffer.concat([
    Uint8Array.of((info << 2) | BasicType.object),
    uint(ids.length, isLarge ? 4 : 1),
    ...ids.map((id) => uint(id, idSize)),
    offsets.bytes,
    ...values,
  ])
}

function offsetsOf(values: readonly Uint8Array[]): { readonly size: number; readonly bytes: Uint8Array } {
  const ends = [0]
  for (const { length } of values) ends.push(ends.at(-1)! + length)
  const size = bytesFor(ends.at(-1)!)
  return { size, bytes: Buffer.concat(ends.map((end) => uint(end, size))) }
}

function bytesFor(most: number): number {
  return most < 2 ** 8 ? 1 : most < 2 ** 16 ? 2 : most < 2 ** 24 ? 3 : 4
}

function uint(value: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, size)
  return bytes
}

function int(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)))
  return bytes
}
