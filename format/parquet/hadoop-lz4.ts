/**
 * Pages of the codec LZ4 as Hadoop's writers pack them: frames that follow one another, each
 *
 *     uncompressed length (4 bytes, big-endian), then blocks until they make up as much:
 *         compressed length (4 bytes, big-endian), an LZ4 block
 *
 * A page above Hadoop's buffer, 256 KiB unless set, has many blocks, which decoders do not take. They become one,
 * which is a page of the codec LZ4_RAW: an LZ4 block is a list of sequences, some literals and a match of what came
 * before, of which the last has literals only. The last of one block and the first of the next make one sequence.
 */
import { crc32 } from 'node:zlib'
import type { ChunkBytes } from './codec.ts'
import { type PageHeader, pageHeader, valuesOfPage } from './page-header.ts'
import { i32, readThrift, writeThrift } from './thrift.ts'

/** The chunk as one of LZ4_RAW; one that is packed otherwise is returned as it is. Its pages must have been checked. */
export function withoutHadoopFrames(chunk: ChunkBytes): ChunkBytes {
  const { column, bytes } = chunk
  if (column.codec !== 'LZ4') return chunk
  const parts: Uint8Array[] = []
  let length = 0
  let { dataPageOffset } = column
  for (let at = 0, values = 0n; at < bytes.length && values < column.numValues; ) {
    const { value: page, end } = readThrift(pageHeader, bytes, at)
    const next = end + page.compressedPageSize
    const raw = rawPage(page, bytes.subarray(at, end), bytes.subarray(end, next))
    if (raw === undefined) return chunk
    parts.push(...raw)
    const rawLength = raw.reduce((sum, part) => sum + part.length, 0)
    if (page.type === DICTIONARY) dataPageOffset += BigInt(rawLength - (next - at))
    length += rawLength
    values += BigInt(valuesOfPage(page))
    at = next
  }
  return {
    column: { ...column, codec: 'LZ4_RAW', dataPageOffset, totalCompressedSize: BigInt(length) },
    bytes: Buffer.concat(parts),
  }
}

const DICTIONARY = 2

/** The header and the bytes of a page; undefined when it is packed otherwise. */
function rawPage(page: PageHeader, header: Uint8Array, stored: Uint8Array): Uint8Array[] | undefined {
  const {
    definitionLevelsByteLength = 0,
    repetitionLevelsByteLength = 0,
    isCompressed = true,
  } = page.dataPageHeaderV2 ?? {}
  if (!isCompressed) return [header, stored]
  const levels = stored.subarray(0, definitionLevelsByteLength + repetitionLevelsByteLength)
  const blocks = blocksOf(stored.subarray(levels.length), page.uncompressedPageSize - levels.length)
  if (blocks === undefined) return undefined
  const body = Buffer.concat([levels, ...joined(blocks)])
  const resized = resizedHeader(header, body)
  return resized === undefined ? undefined : [resized, body]
}

interface Block {
  readonly bytes: Uint8Array
  readonly first: Sequence
  readonly last: Sequence
  /** Of what it unpacks to. */
  readonly length: number
}

interface Sequence {
  /** Of its token. */
  readonly start: number
  readonly token: number
  readonly literals: Uint8Array
  /** Where its literals end. */
  readonly end: number
}

/** The blocks of all frames; undefined when the bytes are not frames of `length` bytes in all. */
function blocksOf(packed: Uint8Array, length: number): Block[] | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const blocks: Block[] = []
  let total = 0
  for (let at = 0; at < packed.length; ) {
    if (packed.length - at < 4) return undefined
    const frameEnd = total + view.getUint32(at)
    at += 4
    while (total < frameEnd) {
      if (packed.length - at < 4 || packed.length - at - 4 < view.getUint32(at)) return undefined
      const end = at + 4 + view.getUint32(at)
      const block = blockOf(packed.subarray(at + 4, end))
      if (block === undefined || blocks.length > A_FEW + length / SMALLEST_BUFFER) return undefined
      blocks.push(block)
      total += block.length
      at = end
    }
    if (total !== frameEnd) return undefined
  }
  return total === length ? blocks : undefined
}

/** Writers' buffers are larger by far: more blocks than that are made up to take memory. */
const SMALLEST_BUFFER = 512
const A_FEW = 16

/** Undefined when the bytes are no LZ4 block of any length. */
function blockOf(bytes: Uint8Array): Block | undefined {
  let at = 0
  let length = 0
  let first: Sequence | undefined
  const extended = (nibble: number): number => {
    let sum = nibble
    for (let byte = nibble === MOST ? 255 : 0; byte === 255; sum += byte) {
      if (at >= bytes.length) return Number.NaN
      byte = bytes[at++]!
    }
    return sum
  }
  while (at < bytes.length) {
    const start = at
    const token = bytes[at++]!
    const count = extended(token >> 4)
    const end = at + count
    if (!(end <= bytes.length)) return undefined
    if (first === undefined || end === bytes.length) {
      const sequence = { start, token, literals: bytes.subarray(at, end), end }
      first ??= sequence
      if (end === bytes.length) {
        length += count
        return length === 0 ? undefined : { bytes, first, last: sequence, length }
      }
    }
    at = end + OFFSET_BYTES
    length += count + extended(token & MOST) + SHORTEST_MATCH
    if (!(at < bytes.length)) return undefined
  }
  return undefined
}

/** What a nibble of a token holds without the bytes behind it. */
const MOST = 15
const OFFSET_BYTES = 2
const SHORTEST_MATCH = 4

/** One block of them all, piece by piece. */
function joined(blocks: readonly Block[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  let carried: Uint8Array[] = []
  const begin = (match: number): void => {
    const count = carried.reduce((sum, literals) => sum + literals.length, 0)
    parts.push(sequenceStart(count, match), ...carried)
    carried = []
  }
  for (const { bytes, first, last } of blocks) {
    carried.push(first.literals)
    if (first === last) continue
    begin(first.token & MOST)
    parts.push(bytes.subarray(first.end, last.start))
    carried.push(last.literals)
  }
  if (blocks.length > 0) begin(0)
  return parts
}

/** A token, and what does not fit it of the count of literals. */
function sequenceStart(literals: number, match: number): Uint8Array {
  if (literals < MOST) return Uint8Array.of((literals << 4) | match)
  const rest = literals - MOST
  const bytes = new Uint8Array(2 + Math.floor(rest / 255)).fill(255)
  bytes[0] = (MOST << 4) | match
  bytes[bytes.length - 1] = rest % 255
  return bytes
}

/** The header with the body's size and checksum; undefined when its first fields are not those of every writer. */
function resizedHeader(header: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  const ends = [0]
  for (let field = 0; field < 4 && header[ends[field]!] === NEXT_I32; field++) {
    ends.push(readThrift(i32, header, ends[field]! + 1).end)
  }
  const [, , start, sizeEnd, crcEnd] = ends
  if (start === undefined || sizeEnd === undefined) return undefined
  const size = [NEXT_I32, ...writeThrift(i32, body.length)]
  const crc = crcEnd === undefined ? [] : [NEXT_I32, ...writeThrift(i32, crc32(body) | 0)]
  return Uint8Array.from([
    ...header.subarray(0, start),
    ...size,
    ...crc,
    ...header.subarray(crcEnd ?? sizeEnd),
  ])
}

/** In Thrift's compact protocol: the field of the next id, an i32. */
const NEXT_I32 = 0x15
