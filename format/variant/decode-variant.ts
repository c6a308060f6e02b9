import { isUtf8 } from 'node:buffer'
import { invalidData } from '../errors.ts'
import { overLimit, readLimits } from '../read-limits.ts'
import { compareUtf8 } from '../values/compare.ts'
import { bytesToUuid } from '../values/text.ts'
import { BasicType, PRIMITIVE_KINDS, type Variant, type VariantField, variantNull } from './variant.ts'

/*
 * Metadata, little-endian:
 *
 * 1. header: version (4 bits, 1), whether names are sorted (1 bit), a bit unused, size of an offset less 1 (2 bits)
 * 2. count of names, one offset in size
 * 3. offsets of the names, one more than there are
 * 4. the names, UTF-8
 *
 * A value begins with a byte: basic type (2 bits), then by that
 *
 * - primitive: its number (6 bits); its bytes
 * - short string: its length (6 bits); its bytes
 * - object: size of an offset less 1 (2 bits), size of an id less 1 (2 bits), whether the count takes 4 bytes or 1
 *   (1 bit); count; ids of names, in the order of the names; offsets, one more; values
 * - array: size of an offset less 1 (2 bits), whether the count takes 4 bytes (1 bit); count; offsets, one more; values
 */

const RULE = 'Variant encoding'

/** The names that a variant's objects refer to, by id. Throws INVALID_DATA. */
export function decodeVariantMetadata(metadata: Uint8Array): readonly string[] {
  const bytes = new VariantInput(metadata)
  const header = bytes.uint(0, 1)
  if ((header & 0x0f) !== 1) throw broken(`expected metadata of version 1, found ${header & 0x0f}`)
  const size = (header >> 6) + 1
  const count = bytes.uint(1, size)
  const offsets = 1 + size
  const start = offsets + (count + 1) * size
  if (start > metadata.length) throw broken(`expected ${count} names in ${metadata.length} bytes`)
  const names: string[] = new Array(count)
  let from = bytes.uint(offsets, size)
  for (let i = 0; i < count; i++) {
    const to = bytes.uint(offsets + (i + 1) * size, size)
    if (to < from) throw broken(`the name ${i} ends at ${to}, before its start ${from}`)
    names[i] = bytes.text(start + from, to - from)
    from = to
  }
  return names
}

/** Reads a value whose names are `names`. Throws INVALID_DATA, for more than 128 levels too. */
export function decodeVariantValue(value: Uint8Array, names: readonly string[]): Variant {
  return read({ bytes: new VariantInput(value), names, left: value.length + 1 }, 0, value.length, 0)
}

interface Source {
  readonly bytes: VariantInput
  readonly names: readonly string[]
  /** Values that may still be read: offsets may point to one place many times, and unfold without end. */
  left: number
}

/** A value within `start` to `end`; what follows it there is not looked at. */
function read(source: Source, start: number, end: number, depth: number): Variant {
  if (depth > readLimits().depth) throw overLimit('variant', 'depth')
  if (source.left-- <= 0) throw broken('its values overlap')
  const { bytes } = source
  const header = bytes.uint(start, 1, end)
  const info = header >> 2
  switch (header & 3) {
    case BasicType.primitive:
      return readPrimitive(bytes, info, start + 1, end)
    case BasicType.shortString:
      return { kind: 'string', value: bytes.text(start + 1, info, end) }
    case BasicType.object:
      return readObject(source, info, start + 1, end, depth)
    default:
      return readArray(source, info, start + 1, end, depth)
  }
}

function readPrimitive(bytes: VariantInput, number: number, at: number, end: number): Variant {
  const kind = PRIMITIVE_KINDS[number]
  switch (kind) {
    case 'null':
      return variantNull
    case 'true':
      return { kind: 'boolean', value: true }
    case 'false':
      return { kind: 'boolean', value: false }
    case 'int8':
      return { kind, value: Number(bytes.int(at, 1, end)) }
    case 'int16':
      return { kind, value: Number(bytes.int(at, 2, end)) }
    case 'int32':
    case 'date':
      return { kind, value: Number(bytes.int(at, 4, end)) }
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { kind, value: bytes.int(at, 8, end) }
    case 'double':
      return { kind, value: bytes.double(at, end) }
    case 'float':
      return { kind, value: bytes.float(at, end) }
    case 'decimal4':
      return readDecimal(bytes, 4, at, end)
    case 'decimal8':
      return readDecimal(bytes, 8, at, end)
    case 'decimal16':
      return readDecimal(bytes, 16, at, end)
    case 'binary':
      return { kind, value: bytes.slice(at + 4, bytes.uint(at, 4, end), end) }
    case 'string':
      return { kind, value: bytes.text(at + 4, bytes.uint(at, 4, end), end) }
    case 'uuid':
      return { kind, value: bytesToUuid(bytes.slice(at, 16, end)) }
  }
  throw broken(`there is no primitive type ${number}`)
}

const MAX_SCALE = 38

function readDecimal(bytes: VariantInput, size: 4 | 8 | 16, at: number, end: number): Variant {
  const scale = bytes.uint(at, 1, end)
  if (scale > MAX_SCALE) throw broken(`expected a scale of 0 to ${MAX_SCALE}, found ${scale}`)
  return { kind: 'decimal', bytes: size, unscaled: bytes.int(at + 1, size, end), scale }
}

function readObject(source: Source, info: number, at: number, end: number, depth: number): Variant {
  const { bytes, names } = source
  const offsetSize = (info & 3) + 1
  const idSize = ((info >> 2) & 3) + 1
  const countSize = (info & 16) === 0 ? 1 : 4
  const count = bytes.uint(at, countSize, end)
  const ids = at + countSize
  const offsets = ids + count * idSize
  const values = offsets + (count + 1) * offsetSize
  if (values > end) throw broken(`an object of ${count} fields does not fit into ${end - at} bytes`)
  const fields: VariantField[] = []
  for (let i = 0; i < count; i++) {
    const id = bytes.uint(ids + i * idSize, idSize)
    const name = names[id]
    if (name === undefined) throw broken(`there is no name ${id} among ${names.length}`)
    const start = values + bytes.uint(offsets + i * offsetSize, offsetSize)
    fields.push({ name, value: read(source, start, end, depth + 1) })
  }
  return { kind: 'object', fields: inOrder(fields) }
}

/** Fields stand in order already, unless the writer erred. */
function inOrder(fields: VariantField[]): readonly VariantField[] {
  const byName = (a: VariantField, b: VariantField) => compareUtf8(a.name, b.name)
  if (fields.some((field, i) => i > 0 && byName(fields[i - 1]!, field) >= 0)) fields.sort(byName)
  const twice = fields.find((field, i) => i > 0 && fields[i - 1]!.name === field.name)
  if (twice !== undefined) throw broken(`an object has the field '${twice.name}' twice`)
  return fields
}

function readArray(source: Source, info: number, at: number, end: number, depth: number): Variant {
  const { bytes } = source
  const offsetSize = (info & 3) + 1
  const countSize = (info & 4) === 0 ? 1 : 4
  const count = bytes.uint(at, countSize, end)
  const offsets = at + countSize
  const values = offsets + (count + 1) * offsetSize
  if (values > end) throw broken(`an array of ${count} items does not fit into ${end - at} bytes`)
  const items: Variant[] = []
  for (let i = 0; i < count; i++) {
    const start = values + bytes.uint(offsets + i * offsetSize, offsetSize)
    items.push(read(source, start, end, depth + 1))
  }
  return { kind: 'array', items }
}

/** Little-endian reads, each checked against the end of what it is a part of. */
class VariantInput {
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint(at: number, size: number, end = this.#bytes.length): number {
    this.#check(at, size, end)
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.#bytes[at + i]!
    return value
  }

  int(at: number, size: 1 | 2 | 4 | 8 | 16, end: number): bigint {
    this.#check(at, size, end)
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!)
    return BigInt.asIntN(size * 8, value)
  }

  float(at: number, end: number): number {
    this.#check(at, 4, end)
    return this.#view.getFloat32(at, true)
  }

  double(at: number, end: number): number {
    this.#check(at, 8, end)
    return this.#view.getFloat64(at, true)
  }

  slice(at: number, length: number, end: number): Uint8Array {
    this.#check(at, length, end)
    return new Uint8Array(this.#bytes.subarray(at, at + length))
  }

  text(at: number, length: number, end = this.#bytes.length): string {
    this.#check(at, length, end)
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, length)
    if (!isUtf8(bytes)) throw broken('expected UTF-8')
    return bytes.toString('utf8')
  }

  #check(at: number, size: number, end: number): void {
    if (at + size > end) throw broken(`expected ${size} bytes at ${at}, found ${Math.max(0, end - at)}`)
  }
}

function broken(what: string): Error {
  return invalidData(`variant: ${what}`, { rule: RULE })
}
