import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import { invalidData, isMoraineError, messageOf } from './errors.ts'
import { isTooMuch, overLimit, readLimits } from './read-limits.ts'

type NativeDecompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

/**
 * Unpacks Zstandard data: with node:zlib where it has it, which is from Node 22.15 on, else in JavaScript, which looks
 * at no checksum. Errors: `INVALID_DATA` for broken data, `UNSUPPORTED` for more than
 * `readLimits().blockBytes`.
 */
export function decompressZstd(bytes: Uint8Array): Uint8Array {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: NativeDecompress }
  try {
    return zstdDecompressSync === undefined
      ? decompressInJavaScript(bytes)
      : zstdDecompressSync(bytes, { maxOutputLength: readLimits().blockBytes })
  } catch (cause) {
    if (isMoraineError(cause)) throw cause
    if (isTooMuch(cause)) throw overLimit('zstd data', 'blockBytes')
    throw invalidData(`broken zstd data: ${messageOf(cause)}`, undefined, cause)
  }
}

/** Piece by piece, so that what is too much is noticed before it is there. */
export function decompressInJavaScript(bytes: Uint8Array): Uint8Array {
  const { blockBytes } = readLimits()
  const pieces: Uint8Array[] = []
  let length = 0
  const { Decompress } = loadFzstd()
  const stream = new Decompress((piece) => {
    pieces.push(piece.slice())
    length += piece.length
    if (length > blockBytes) throw overLimit('zstd data', 'blockBytes')
  })
  for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {
    stream.push(bytes.subarray(at, at + PIECE_LENGTH), at + PIECE_LENGTH >= bytes.length)
  }
  return pieces.length === 1 ? pieces[0]! : new Uint8Array(Buffer.concat(pieces, length))
}

/** Loaded by those who need it, and at once: what unpacks blocks does not wait. */
function loadFzstd(): typeof import('fzstd') {
  return createRequire(import.meta.url)('fzstd')
}

const PIECE_LENGTH = 64 * 1024
