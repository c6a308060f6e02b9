import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { invalidData, messageOf, unsupported } from '../errors.ts'
import { isTooMuch, overLimit, readLimits } from '../read-limits.ts'
import { decompressZstd } from '../zstd.ts'
import { decompressSnappy } from './snappy.ts'

/** Codecs that a container can be written with. */
export type AvroCodecName = 'null' | 'deflate'

export interface DecompressBlock {
  /** A guess that saves copies; blocks of one file are of about one length. */
  readonly expectedLength?: number
}

/** Unpacks one block. Errors: `UNSUPPORTED` names a codec that is not served or a limit, `INVALID_DATA` a broken block. */
export function decompressBlock(
  codec: string,
  bytes: Uint8Array,
  { expectedLength = 16 * 1024 }: DecompressBlock = {},
): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return inflate(bytes, readLimits().blockBytes, expectedLength)
    case 'snappy':
      return unsnappy(bytes)
    case 'zstandard':
      return decompressZstd(bytes)
    default:
      throw unsupported(`Avro codec '${codec}' is not served; rewrite the file with deflate`, { codec })
  }
}

const MAX_CHUNK_BYTES = 1024 * 1024

export function compressBlock(codec: AvroCodecName, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return deflateRawSync(bytes)
  }
}

/** PyIceberg leaves 3 bytes of a zlib checksum behind the stream, so what follows its end is not looked at. */
function inflate(bytes: Uint8Array, maxOutputLength: number, expectedLength: number): Uint8Array {
  // A little more than the last block had: a full buffer makes zlib ask for the next one.
  const chunkSize = Math.max(1024, Math.min(expectedLength + expectedLength / 16, MAX_CHUNK_BYTES))
  try {
    return inflateRawSync(bytes, { maxOutputLength, chunkSize: Math.ceil(chunkSize) })
  } catch (cause) {
    if (isTooMuch(cause)) throw overLimit('Avro block', 'blockBytes')
    throw invalidData(`Avro block: deflate data is broken: ${messageOf(cause)}`, undefined, cause)
  }
}

/** Avro's snappy block ends with the CRC-32 of the unpacked data, big-endian. */
function unsnappy(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4
  if (end < 0) throw invalidData('Avro block: expected a CRC-32 behind the snappy data')
  const unpacked = decompressSnappy(bytes.subarray(0, end))
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0)
  const found = crc32(unpacked)
  if (found === expected) return unpacked
  throw invalidData(`Avro block: expected CRC-32 ${expected.toString(16)}, found ${found.toString(16)}`)
}
