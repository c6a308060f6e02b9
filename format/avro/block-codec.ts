import * as zlib from 'node:zlib'
import { invalidData, messageOf, unsupported } from '../errors.ts'
import { decompressSnappy } from './snappy.ts'

/** Codecs that a container can be written with. */
export type AvroCodecName = 'null' | 'deflate'

/** No block may unpack to more than this. */
export const MAX_BLOCK_BYTES = 256 * 1024 * 1024

/** Unpacks one block. Errors: `UNSUPPORTED` names a codec that is not served, `INVALID_DATA` a broken block. */
export function decompressBlock(codec: string, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      // PyIceberg leaves 3 bytes of a zlib checksum behind the stream, so what follows the end is not looked at.
      return guarded(codec, () => zlib.inflateRawSync(bytes, { maxOutputLength: MAX_BLOCK_BYTES }))
    case 'snappy':
      return unsnappy(bytes)
    case 'zstandard':
      return guarded(codec, () => zstd()(bytes, { maxOutputLength: MAX_BLOCK_BYTES }))
    default:
      throw unsupported(`Avro codec '${codec}' is not served; rewrite the file with deflate`, { codec })
  }
}

export function compressBlock(codec: AvroCodecName, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return zlib.deflateRawSync(bytes)
  }
}

/** Avro's snappy block ends with the CRC-32 of the unpacked data, big-endian. */
function unsnappy(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4
  if (end < 0) throw invalidData('Avro block: expected a CRC-32 behind the snappy data')
  const unpacked = decompressSnappy(bytes.subarray(0, end), MAX_BLOCK_BYTES)
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0)
  const found = zlib.crc32(unpacked)
  if (found !== expected) {
    throw invalidData(`Avro block: expected CRC-32 ${expected.toString(16)}, found ${found.toString(16)}`)
  }
  return unpacked
}

type ZstdDecompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array

/** node:zlib has zstd from Node 22.15 on. */
function zstd(): ZstdDecompress {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: ZstdDecompress }
  if (zstdDecompressSync !== undefined) return zstdDecompressSync
  throw unsupported("Avro codec 'zstandard' needs Node 22.15 or later; rewrite the file with deflate", {
    codec: 'zstandard',
  })
}

function guarded(codec: string, run: () => Uint8Array): Uint8Array {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error || 'code' in error) || error.name === 'MoraineError')
      throw error
    throw invalidData(`Avro block: ${codec} data is broken: ${messageOf(error)}`, undefined, error)
  }
}
