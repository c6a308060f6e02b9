import { AvroInput } from '../../format/avro/avro-input.ts'
import {
  type AvroBlock,
  type AvroHeader,
  BLOCK_HEAD_LENGTH,
  blockTailLength,
  decodeAvroHeader,
  readBlockHead,
  unpackBlock,
} from '../../format/avro/container.ts'
import { invalidData, namingFile } from '../../format/errors.ts'
import { overLimit, readLimits } from '../../format/read-limits.ts'
import { getReferenced } from '../../storage/get-referenced.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/** An Avro file whose header has been read. */
export interface AvroSource {
  readonly location: string
  /** Bytes. */
  readonly length: number
  readonly header: AvroHeader
  /** The blocks, fetched a few MiB at a time and unpacked as they are pulled. */
  blocks(signal: AbortSignal): AsyncGenerator<AvroBlock, void, undefined>
}

/** What the first request asks for: a header rarely needs more. */
const HEAD_LENGTH = 64 * 1024
const MAX_HEAD_LENGTH = 16 * 2 ** 20
/** What one request asks for, unless a block is longer. */
const PIECE_LENGTH = 4 * 2 ** 20

/**
 * Reads a file's header. How long the file is the store is asked, since an Avro file does not say where it ends: a
 * manifest with a wrong size would leave rows out. Throws INVALID_DATA when it is not there, or is no Avro file.
 */
export async function openAvroFile(
  store: ObjectStore,
  location: string,
  signal: AbortSignal,
): Promise<AvroSource> {
  try {
    const info = await store.head(location, { signal })
    // Its absence is told by the first read.
    const file = { store, location, length: info?.size ?? HEAD_LENGTH }
    const { header, head } = await readHeader(file, signal)
    return { location, length: file.length, header, blocks: (stop) => readBlocks(file, header, head, stop) }
  } catch (error) {
    throw namingFile(location, error)
  }
}

interface StoredFile {
  readonly store: ObjectStore
  readonly location: string
  readonly length: number
}

async function readHeader(
  file: StoredFile,
  signal: AbortSignal,
): Promise<{ readonly header: AvroHeader; readonly head: Uint8Array }> {
  for (let wanted = HEAD_LENGTH; ; wanted *= 16) {
    const head = await read(file, 0, Math.min(wanted, file.length), signal)
    try {
      return { header: decodeAvroHeader(head), head }
    } catch (error) {
      if (head.length === file.length || wanted >= MAX_HEAD_LENGTH) throw error
    }
  }
}

async function* readBlocks(
  file: StoredFile,
  header: AvroHeader,
  head: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<AvroBlock, void, undefined> {
  let piece = head
  let pieceStart = 0
  let expectedLength: number | undefined
  /** At least `count` bytes of the file from `at`, or all that there are. */
  const from = async (at: number, count: number) => {
    const end = Math.min(file.length, at + count)
    if (at < pieceStart || end > pieceStart + piece.length) {
      piece = await read(file, at, Math.min(file.length, at + Math.max(count, PIECE_LENGTH)), signal)
      pieceStart = at
    }
    return piece.subarray(at - pieceStart)
  }
  try {
    for (let at = header.end; at < file.length; ) {
      const input = new AvroInput(await from(at, BLOCK_HEAD_LENGTH))
      const { count, length } = readBlockHead(input)
      at += input.position
      const tailLength = blockTailLength(length)
      if (length > readLimits().blockBytes) throw overLimit(`Avro block of ${length} bytes`, 'blockBytes')
      if (tailLength > file.length - at) {
        throw invalidData(
          `Avro block: ${length} bytes at offset ${at} of a file of ${file.length} are too many`,
        )
      }
      const tail = (await from(at, tailLength)).subarray(0, tailLength)
      at += tailLength
      const block = unpackBlock(header, count, tail, expectedLength)
      expectedLength = block.bytes.length
      yield block
    }
  } catch (error) {
    throw namingFile(file.location, error)
  }
}

async function read(
  { store, location }: StoredFile,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await getReferenced(store, location, { range: { start, end }, signal })
  if (bytes.length === end - start) return bytes
  throw invalidData(`expected ${end - start} bytes from offset ${start}, found ${bytes.length}`)
}
