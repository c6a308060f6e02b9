/** Binary single-value serialization (spec: Appendix D): bounds in manifests and partition summaries. */
import { invalidData, unsupported } from '../errors.ts'
import { type Literal, type PrimitiveType, typeToString } from '../types.ts'
import { isWellFormed } from './code-points.ts'
import { mismatch } from './mismatch.ts'
import { bytesToUuid, uuidToBytes } from './text.ts'
import { MAX_DECIMAL_BYTES, minimalTwosComplement, readTwosComplement } from './twos-complement.ts'

const RULE = 'Appendix D: Binary single-value serialization'
const MICROS_PER_DAY = 86_400_000_000n
const NANOS_PER_DAY = 86_400_000_000_000n
const encoder = new TextEncoder()
// Without ignoreBOM a leading U+FEFF would be dropped from the value.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The value must be in the internal form of `type`. Bytes are passed on, not copied. */
export function encodeSingleValue(type: PrimitiveType, value: Literal): Uint8Array {
  switch (type.kind) {
    case 'boolean':
      return Uint8Array.of(value ? 1 : 0)
    case 'int':
    case 'date':
      return written(4, (view) => view.setInt32(0, value as number, true))
    case 'float':
      return written(4, (view) => view.setFloat32(0, value as number, true))
    case 'double':
      return written(8, (view) => view.setFloat64(0, value as number, true))
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return written(8, (view) => view.setBigInt64(0, value as bigint, true))
    case 'decimal':
      return minimalTwosComplement(value as bigint)
    case 'string':
      if (!isWellFormed(value as string)) throw mismatch('a string without lone surrogates', value)
      return encoder.encode(value as string)
    case 'uuid':
      return uuidToBytes(value as string)
    case 'fixed':
    case 'binary':
    case 'geometry':
    case 'geography':
      return value as Uint8Array
    case 'unknown':
      throw unsupported('a value of type unknown has no binary form')
  }
}

/**
 * The value in its internal form; `INVALID_DATA` where the bytes do not fit the type.
 *
 * Bounds written before a promotion keep their old length: 4 bytes of int under `long`, float under `double`, date
 * under `timestamp` and `timestamp_ns`. Bounds of int and date may have 8 bytes, as ClickHouse up to 26.8 wrote them. A
 * fixed may be shorter than its length, since bounds may be truncated.
 * Geometry and geography come back as the bytes of the bound's point. Bytes are passed on, not copied.
 */
export function decodeSingleValue(type: PrimitiveType, bytes: Uint8Array): Literal {
  switch (type.kind) {
    case 'boolean':
      return viewOf(type, bytes, 1).getUint8(0) !== 0
    case 'int':
    case 'date':
      return bytes.length === 8 ? readWideInt(type, bytes) : viewOf(type, bytes, 4).getInt32(0, true)
    case 'float':
      return viewOf(type, bytes, 4).getFloat32(0, true)
    case 'double':
      if (bytes.length === 4) return viewOf(type, bytes, 4).getFloat32(0, true)
      return viewOf(type, bytes, 8).getFloat64(0, true)
    case 'long':
      return readLong(type, bytes, 1n)
    case 'timestamp':
      return readLong(type, bytes, MICROS_PER_DAY)
    case 'timestamp_ns':
      return readLong(type, bytes, NANOS_PER_DAY)
    case 'time':
    case 'timestamptz':
    case 'timestamptz_ns':
      return viewOf(type, bytes, 8).getBigInt64(0, true)
    case 'decimal':
      if (bytes.length < 1 || bytes.length > MAX_DECIMAL_BYTES) {
        throw wrongLength(type, `1 to ${MAX_DECIMAL_BYTES}`, bytes)
      }
      return readTwosComplement(bytes)
    case 'string':
      return decodeUtf8(bytes)
    case 'uuid':
      if (bytes.length !== 16) throw wrongLength(type, '16', bytes)
      return bytesToUuid(bytes)
    case 'fixed':
      if (bytes.length > type.length) throw wrongLength(type, `at most ${type.length}`, bytes)
      return bytes
    case 'binary':
    case 'geometry':
    case 'geography':
      return bytes
    case 'unknown':
      throw invalidData('a value of type unknown has no binary form', { rule: RULE })
  }
}

function written(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length)
  write(new DataView(bytes.buffer))
  return bytes
}

/** One view for all: planning decodes bounds by the hundred thousand, and a view of each costs more than copying it. */
const scratch = new Uint8Array(8)
const scratchView = new DataView(scratch.buffer)

/** The bytes in a view that the next call overwrites. */
function viewOf(type: PrimitiveType, bytes: Uint8Array, length: number): DataView {
  if (bytes.length !== length) throw wrongLength(type, String(length), bytes)
  for (let i = 0; i < length; i++) scratch[i] = bytes[i]!
  return scratchView
}

/** 8 bytes of the type itself, or 4 bytes of the type it was promoted from, `promotedUnit` to its 1. */
function readLong(type: PrimitiveType, bytes: Uint8Array, promotedUnit: bigint): bigint {
  if (bytes.length !== 4) return viewOf(type, bytes, 8).getBigInt64(0, true)
  const promoted = BigInt(viewOf(type, bytes, 4).getInt32(0, true)) * promotedUnit
  if (promoted !== BigInt.asIntN(64, promoted)) {
    throw invalidData(`a date of ${promoted / promotedUnit} days lies outside the range of ${type.kind}`, {
      rule: 'Schema Evolution: promotion of date',
    })
  }
  return promoted
}

function readWideInt(type: PrimitiveType, bytes: Uint8Array): number {
  const value = viewOf(type, bytes, 8).getBigInt64(0, true)
  if (value === BigInt.asIntN(32, value)) return Number(value)
  throw invalidData(`expected a value of ${typeToString(type)}, found ${value} in 8 bytes`, { rule: RULE })
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw invalidData(`a string value of ${bytes.length} bytes is not UTF-8`, { rule: RULE }, cause)
  }
}

function wrongLength(type: PrimitiveType, expected: string, bytes: Uint8Array) {
  return invalidData(`expected ${expected} bytes of ${typeToString(type)}, found ${bytes.length}`, {
    rule: RULE,
  })
}
