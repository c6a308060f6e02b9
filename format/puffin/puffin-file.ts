import { invalidData, unsupported } from '../errors.ts'
import { parseJson, stringifyJson } from '../lossless-json.ts'
import { decompressZstd } from '../zstd.ts'
import {
  type PuffinBlob,
  type PuffinFooter,
  puffinFooterFromJson,
  puffinFooterToJson,
} from './puffin-footer-json.ts'

/** A blob to write, uncompressed. */
export interface NewPuffinBlob extends Omit<PuffinBlob, 'offset' | 'length' | 'compressionCodec'> {
  readonly data: Uint8Array
}

/*
 * A Puffin file: magic, the blobs, and the footer:
 *
 * 1. magic `PFA1`
 * 2. payload: JSON, LZ4-compressed when flag 0 is set
 * 3. payload length, 4 bytes, little-endian, signed
 * 4. flags, 4 bytes
 * 5. magic
 */
const MAGIC = Uint8Array.of(0x50, 0x46, 0x41, 0x31)
/** Bytes behind the payload: enough of a file's end to learn the footer's length. */
export const PUFFIN_TAIL_LENGTH = 12
const RULE = 'Puffin file structure'

/** The length of a whole footer, from the last `PUFFIN_TAIL_LENGTH` bytes or more of the file. Errors: `INVALID_DATA`. */
export function puffinFooterLength(tail: Uint8Array, fileLength: number): number {
  if (fileLength < MAGIC.length * 2 + PUFFIN_TAIL_LENGTH || tail.length < PUFFIN_TAIL_LENGTH) {
    throw broken(`expected at least ${MAGIC.length * 2 + PUFFIN_TAIL_LENGTH} bytes, found ${fileLength}`)
  }
  checkMagic(tail, tail.length - MAGIC.length, 'at its end')
  const payload = viewOf(tail).getInt32(tail.length - PUFFIN_TAIL_LENGTH, true)
  const most = fileLength - MAGIC.length * 2 - PUFFIN_TAIL_LENGTH
  if (payload < 0 || payload > most)
    throw broken(`expected a footer payload of 0 to ${most} bytes, found ${payload}`)
  return MAGIC.length + payload + PUFFIN_TAIL_LENGTH
}

/**
 * Reads the footer from the end of a file: at least `puffinFooterLength` bytes of it, up to the whole. Errors:
 * `INVALID_DATA`; `UNSUPPORTED` for a compressed footer.
 */
export function decodePuffinFooter(tail: Uint8Array, fileLength: number): PuffinFooter {
  const length = puffinFooterLength(tail, fileLength)
  if (tail.length < length) throw broken(`expected the ${length} bytes of the footer, found ${tail.length}`)
  if (tail.length === fileLength) checkMagic(tail, 0, 'at its start')
  const footer = tail.subarray(tail.length - length)
  checkMagic(footer, 0, 'before the footer')
  const flags = viewOf(footer).getUint32(length - 8, true)
  if (flags === 1) throw unsupported('a compressed Puffin footer is not served; write it uncompressed')
  if (flags !== 0) throw broken(`expected no flag but the first, found 0x${flags.toString(16)}`)
  const payload = parseJson(footer.subarray(MAGIC.length, length - PUFFIN_TAIL_LENGTH))
  return puffinFooterFromJson(payload, fileLength - length)
}

/** A blob's content out of its stored bytes. Errors: `INVALID_DATA`, `UNSUPPORTED` for a codec that is not served. */
export function decodePuffinBlob(blob: PuffinBlob, stored: Uint8Array): Uint8Array {
  if (stored.length !== blob.length) {
    throw broken(`expected a blob of ${blob.length} bytes, found ${stored.length}`)
  }
  if (blob.compressionCodec === undefined) return stored
  if (blob.compressionCodec === 'zstd') return decompressZstd(stored)
  throw unsupported(`Puffin blobs compressed with ${blob.compressionCodec} are not served`)
}

/** Writes a file, blobs and footer uncompressed; returns the blobs' footer lines in the given order. */
export function encodePuffin(
  blobs: readonly NewPuffinBlob[],
  properties: Readonly<Record<string, string>> = {},
): { readonly bytes: Uint8Array; readonly blobs: readonly PuffinBlob[] } {
  let offset = MAGIC.length
  const placed = blobs.map(({ data, ...blob }): PuffinBlob => {
    offset += data.length
    return { ...blob, offset: offset - data.length, length: data.length }
  })
  const payload = Buffer.from(stringifyJson(puffinFooterToJson({ blobs: placed, properties })))
  const tail = Buffer.alloc(PUFFIN_TAIL_LENGTH)
  tail.writeInt32LE(payload.length)
  tail.set(MAGIC, PUFFIN_TAIL_LENGTH - MAGIC.length)
  const bytes = Buffer.concat([MAGIC, ...blobs.map(({ data }) => data), MAGIC, payload, tail])
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), blobs: placed }
}

function checkMagic(bytes: Uint8Array, at: number, where: string): void {
  if (MAGIC.every((byte, i) => bytes[at + i] === byte)) return
  throw broken(`expected the magic PFA1 ${where}`)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function broken(what: string) {
  return invalidData(`Puffin file: ${what}`, { rule: RULE })
}
