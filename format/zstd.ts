import * as zlib from 'node:zlib'
import { invalidData, messageOf, unsupported } from './errors.ts'

type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

/**
 * Unpacks Zstandard data with node:zlib, which has it from Node 22.15 on. Errors: `UNSUPPORTED` before that,
 * `INVALID_DATA` for broken data and for more than `maxLength` bytes.
 */
export function decompressZstd(bytes: Uint8Array, maxLength: number): Uint8Array {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Decompress }
  if (zstdDecompressSync === undefined)
    throw unsupported('zstd data needs Node 22.15 or later', { codec: 'zstd' })
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: maxLength })
  } catch (cause) {
    throw invalidData(`broken zstd data: ${messageOf(cause)}`, undefined, cause)
  }
}
