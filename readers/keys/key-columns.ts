/** Keys of rows out of Arrow columns, in a form in which equal keys have equal bits. */
import { Type as ArrowType, type Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { invalidData } from '../../format/errors.ts'
import { isPrimitive, type NestedField, type PrimitiveType } from '../../format/types.ts'

/** Keys of 64 bits, by row: the low half, then the high one. */
export interface WordKeys {
  readonly kind: 'words'
  readonly halves: Int32Array
  readonly nulls: NullMask
}

/** Keys as bytes, by row. */
export interface ByteKeys {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
  /** One more than there are rows. */
  readonly offsets: Int32Array
  readonly nulls: NullMask
}

/** 1 where the key is null; undefined where none is. A key of several columns is never null as a whole. */
type NullMask = Uint8Array | undefined

export type KeyReader = (columns: readonly Data[], length: number) => WordKeys | ByteKeys

/**
 * Reads the keys of `fields`: each a column with the key in it, alone in the structs around it. null equals null; NaN
 * equals NaN, -0.0 does not equal 0.0, as in Iceberg Java. Throws INVALID_DATA for a key that is no primitive.
 */
export function keyReader(fields: readonly NestedField[]): KeyReader {
  const keys = fields.map(keyOf)
  const [only] = keys
  if (keys.length === 1 && only !== undefined) return (columns, length) => readOne(only, columns[0]!, length)
  return (columns, length) =>
    joinKeys(
      keys.map((key, k) => readOne(key, columns[k]!, length)),
      length,
    )
}

interface Key {
  readonly type: PrimitiveType
  /** Structs around it. */
  readonly depth: number
}

function keyOf({ type, name }: NestedField): Key {
  let inner = type
  let depth = 0
  while (inner.kind === 'struct' && inner.fields.length === 1) {
    inner = inner.fields[0]!.type
    depth++
  }
  if (isPrimitive(inner)) return { type: inner, depth }
  throw invalidData(`the key column '${name}' is a ${inner.kind}: only primitive columns can be keys`, {
    column: name,
    rule: 'Equality Delete Files',
  })
}

function readOne({ type, depth }: Key, column: Data, length: number): WordKeys | ByteKeys {
  let data = column
  let nulls = nullsOf(column, length, undefined)
  for (let level = 0; level < depth; level++) {
    data = data.children[0]!
    nulls = nullsOf(data, length, nulls)
  }
  switch (type.kind) {
    case 'int':
    case 'date':
      return { kind: 'words', halves: widened(data.values, length), nulls }
    case 'float':
      return { kind: 'words', halves: widened(floatBits(data.values, length), length), nulls }
    case 'double':
      return { kind: 'words', halves: doubleHalves(data.values, length), nulls }
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return {
        kind: 'words',
        halves: new Int32Array(data.values.buffer, data.values.byteOffset, length * 2),
        nulls,
      }
    case 'boolean':
      return { kind: 'words', halves: bits(data, length), nulls }
    case 'decimal':
    case 'uuid':
    case 'fixed': {
      const bytes = new Uint8Array(data.values.buffer, data.values.byteOffset, data.values.byteLength)
      const width = type.kind === 'fixed' ? type.length : 16
      return { kind: 'bytes', bytes, offsets: evenOffsets(width, length), nulls }
    }
    case 'string':
    case 'binary':
    case 'geometry':
    case 'geography':
      return { kind: 'bytes', bytes: data.values, offsets: data.valueOffsets, nulls }
    case 'unknown':
      return { kind: 'words', halves: new Int32Array(length * 2), nulls }
  }
}

function nullsOf(data: Data, length: number, above: NullMask): NullMask {
  if (data.typeId === ArrowType.Null) return new Uint8Array(length).fill(1)
  if (data.nullCount === 0) return above
  const nulls = above ?? new Uint8Array(length)
  for (let i = 0; i < length; i++) if (!bitAt(data.nullBitmap, data.offset + i)) nulls[i] = 1
  return nulls
}

function widened(values: Int32Array, length: number): Int32Array {
  const halves = new Int32Array(length * 2)
  for (let i = 0; i < length; i++) halves[i * 2] = values[i]!
  return halves
}

/** All NaNs alike. */
function floatBits(values: Float32Array, length: number): Int32Array {
  const own = new Float32Array(length)
  for (let i = 0; i < length; i++) own[i] = Number.isNaN(values[i]) ? Number.NaN : values[i]!
  return new Int32Array(own.buffer)
}

function doubleHalves(values: Float64Array, length: number): Int32Array {
  const own = new Float64Array(length)
  for (let i = 0; i < length; i++) own[i] = Number.isNaN(values[i]) ? Number.NaN : values[i]!
  return new Int32Array(own.buffer)
}

function bits(data: Data, length: number): Int32Array {
  const halves = new Int32Array(length * 2)
  for (let i = 0; i < length; i++) if (bitAt(data.values, data.offset + i)) halves[i * 2] = 1
  return halves
}

function evenOffsets(width: number, length: number): Int32Array {
  const offsets = new Int32Array(length + 1)
  for (let i = 1; i <= length; i++) offsets[i] = i * width
  return offsets
}

/** Of each part its length, or -1 for null, and its bytes. */
function joinKeys(parts: readonly (WordKeys | ByteKeys)[], length: number): ByteKeys {
  const offsets = new Int32Array(length + 1)
  for (let row = 0; row < length; row++) {
    let size = 0
    for (const part of parts) size += LENGTH_BYTES + lengthAt(part, row)
    offsets[row + 1] = offsets[row]! + size
  }
  const bytes = new Uint8Array(offsets[length]!)
  const view = new DataView(bytes.buffer)
  for (let row = 0; row < length; row++) {
    let at = offsets[row]!
    for (const part of parts) {
      const size = lengthAt(part, row)
      view.setInt32(at, part.nulls?.[row] === 1 ? -1 : size)
      at += LENGTH_BYTES
      if (size === 0) continue
      if (part.kind === 'words') {
        view.setInt32(at, part.halves[row * 2]!)
        view.setInt32(at + 4, part.halves[row * 2 + 1]!)
      } else {
        const start = part.offsets[row]!
        for (let i = 0; i < size; i++) bytes[at + i] = part.bytes[start + i]!
      }
      at += size
    }
  }
  return { kind: 'bytes', bytes, offsets, nulls: undefined }
}

const LENGTH_BYTES = 4

function lengthAt(part: WordKeys | ByteKeys, row: number): number {
  if (part.nulls?.[row] === 1) return 0
  return part.kind === 'words' ? 8 : part.offsets[row + 1]! - part.offsets[row]!
}
