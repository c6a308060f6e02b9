import { hash } from 'node:crypto'
import type { Data } from 'apache-arrow'
import type { KeyCodes, KeyForm } from '../../format/key-index/key-codes.ts'
import type { NestedField } from '../../format/types.ts'
import { type ByteKeys, keyReader, type WordKeys } from '../keys/key-columns.ts'

/** Undefined where one of form `words` is null, which has no code: such rows are found by reading them. */
export type KeyCoder = (columns: readonly Data[], length: number) => KeyCodes | undefined

/** One column of at most 64 bits is its own code; all else is hashed. */
export function keyFormOf(columns: readonly NestedField[]): KeyForm {
  const [only] = columns
  if (columns.length !== 1 || only === undefined) return 'hashes'
  let { type } = only
  while (type.kind === 'struct' && type.fields.length === 1) type = type.fields[0]!.type
  switch (type.kind) {
    case 'int':
    case 'date':
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return 'words'
    default:
      return 'hashes'
  }
}

/** `columns` as `keyReader` takes them. */
export function keyCoder(columns: readonly NestedField[], form: KeyForm): KeyCoder {
  const read = keyReader(columns)
  return (data, length) => {
    const keys = read(data, length)
    if (form === 'hashes') return hashed(keys, length)
    return keys.kind === 'words' && keys.nulls === undefined ? words(keys, length) : undefined
  }
}

function words({ halves }: WordKeys, length: number): KeyCodes {
  const high = new Int32Array(length)
  const low = new Uint32Array(length)
  for (let row = 0; row < length; row++) {
    low[row] = halves[row * 2]!
    high[row] = halves[row * 2 + 1]!
  }
  return { length, high, low, rest: undefined }
}

/** Null, a key like any other, is zero. Nobody can prepare two keys that meet in 128 bits of SHA-256. */
function hashed(keys: WordKeys | ByteKeys, length: number): KeyCodes {
  const codes = new DataView(new ArrayBuffer(length * 16))
  const bytesOf = keys.kind === 'words' ? bytesOfWords(keys) : bytesOfBytes(keys)
  for (let row = 0; row < length; row++) {
    if (keys.nulls?.[row] === 1) continue
    const digest = hash('sha256', bytesOf(row), 'buffer')
    for (let at = 0; at < 16; at += 4) codes.setUint32(row * 16 + at, digest.readUInt32BE(at))
  }
  const high = new Int32Array(length)
  const low = new Uint32Array(length)
  const rest = { high: new Uint32Array(length), low: new Uint32Array(length) }
  for (let row = 0; row < length; row++) {
    high[row] = codes.getInt32(row * 16)
    low[row] = codes.getUint32(row * 16 + 4)
    rest.high[row] = codes.getUint32(row * 16 + 8)
    rest.low[row] = codes.getUint32(row * 16 + 12)
  }
  return { length, high, low, rest }
}

function bytesOfWords({ halves }: WordKeys): (row: number) => Uint8Array {
  const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength)
  return (row) => bytes.subarray(row * 8, row * 8 + 8)
}

function bytesOfBytes({ bytes, offsets }: ByteKeys): (row: number) => Uint8Array {
  return (row) => bytes.subarray(offsets[row]!, offsets[row + 1]!)
}
