import { crc32 } from 'node:zlib'
import { invalidData } from '../errors.ts'
import type { PositionSet } from './position-set.ts'
import { decodeRoaring, encodeRoaring } from './roaring-codec.ts'

/*
 * A `deletion-vector-v1` blob (Puffin spec):
 *
 * 1. length of 2 and 3 together, 4 bytes, big-endian
 * 2. magic D1 D3 39 64
 * 3. the positions, 64-bit Roaring, little-endian
 * 4. CRC-32 of 2 and 3, 4 bytes, big-endian
 */
const MAGIC = 0xd1d33964
const RULE = 'Puffin: deletion-vector-v1 blob type'

export function encodeDeletionVector(positions: PositionSet): Uint8Array {
  const vector = encodeRoaring(positions)
  const bytes = new Uint8Array(vector.length + 12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, vector.length + 4)
  view.setUint32(4, MAGIC)
  bytes.set(vector, 8)
  view.setUint32(8 + vector.length, crc32(bytes.subarray(4, 8 + vector.length)))
  return bytes
}

/**
 * Reads a blob: exactly the bytes that `content_offset` and `content_size_in_bytes` name. `cardinality` is the
 * record count of the vector's manifest entry. Errors: `INVALID_DATA` when any of length, magic, checksum, layout and
 * cardinality does not hold.
 */
export function decodeDeletionVector(blob: Uint8Array, cardinality?: bigint): PositionSet {
  if (blob.length < 20)
    throw invalidData(`deletion vector: expected at least 20 bytes, found ${blob.length}`, { rule: RULE })
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const end = blob.length - 4
  expectEqual('length', end - 4, view.getUint32(0))
  expectEqual('magic', MAGIC, view.getUint32(4))
  expectEqual('CRC-32', crc32(blob.subarray(4, end)), view.getUint32(end))
  const positions = decodeRoaring(blob.subarray(8, end))
  if (cardinality !== undefined) expectEqual('cardinality', cardinality, BigInt(positions.cardinality))
  return positions
}

function expectEqual<T extends number | bigint>(what: string, expected: T, found: T): void {
  if (found === expected) return
  throw invalidData(`deletion vector: expected ${what} ${expected}, found ${found}`, { rule: RULE })
}
