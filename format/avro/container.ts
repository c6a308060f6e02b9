import { createHash } from 'node:crypto'
import { invalidData } from '../errors.ts'
import { parseJson } from '../lossless-json.ts'
import { AvroInput } from './avro-input.ts'
import { AvroOutput } from './avro-output.ts'
import { type AvroType, constantSize, parseAvroType } from './avro-type.ts'
import { type AvroCodecName, compressBlock, decompressBlock } from './block-codec.ts'
import { type AvroCodec, renderSchema } from './codec.ts'
import { withIdsByName } from './ids-by-name.ts'

/*
 * An object container file (Avro specification, "Object Container Files"):
 *
 * 1. magic `Obj` 1
 * 2. a map of string to bytes: `avro.schema` (JSON), `avro.codec`, and what the application adds
 * 3. a sync marker of 16 bytes
 * 4. blocks: record count (long), stored bytes (long), the records packed by the codec, the sync marker
 */
const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1)
const SYNC_LENGTH = 16
/** Bytes of records, before packing, after which a block is closed. */
const BLOCK_BYTES = 64 * 1024

export interface AvroFile {
  /** The header's entries as text. */
  readonly metadata: ReadonlyMap<string, string>
  /** The schema that the file was written with. */
  readonly schema: AvroType
  /** The blocks, unpacked as they are pulled. */
  blocks(): Generator<AvroBlock, void, undefined>
  /** Decodes the records block by block as they are pulled; by names where the file has no field ids. */
  records<T>(codec: AvroCodec<T>): Generator<T, void, undefined>
}

export interface AvroBlock {
  /** Records. */
  readonly count: number
  readonly bytes: Uint8Array
}

/** What stands in front of the blocks. */
export interface AvroHeader {
  /** The entries as text. */
  readonly metadata: ReadonlyMap<string, string>
  readonly schema: AvroType
  /** Name of the codec of the blocks. */
  readonly codec: string
  readonly sync: Uint8Array
  /** Where the first block begins, bytes. */
  readonly end: number
}

/** Reads a header out of the first bytes of a container. Errors: `INVALID_DATA`. */
export function decodeAvroHeader(bytes: Uint8Array): AvroHeader {
  const input = new AvroInput(bytes)
  if (input.remaining < MAGIC.length || !equal(input.readFixed(MAGIC.length), MAGIC)) {
    throw invalidData('expected an Avro file, found other magic bytes', {
      rule: 'Avro: Object Container Files',
    })
  }
  const metadata = readMetadata(input)
  const sync = input.readFixed(SYNC_LENGTH)
  const schemaText = metadata.get('avro.schema')
  if (schemaText === undefined) throw invalidData("Avro header: expected 'avro.schema'")
  const schema = parseAvroType(parseJson(schemaText))
  return { metadata, schema, codec: metadata.get('avro.codec') ?? 'null', sync, end: input.position }
}

/** Opens a container that is in memory. Errors: `INVALID_DATA`, and `UNSUPPORTED` for a codec when records are read. */
export function openAvro(bytes: Uint8Array): AvroFile {
  const header = decodeAvroHeader(bytes)
  const { metadata, schema } = header
  const blocks = () => readBlocks(bytes, header)
  return {
    metadata,
    schema,
    blocks,
    *records(codec) {
      const read = codec.reader(withIdsByName(schema, codec.schema), 'record')
      for (const block of blocks()) {
        const records = new AvroInput(block.bytes)
        for (let i = 0; i < block.count; i++) yield read(records)
        checkBlockEnd(records)
      }
    },
  }
}

/** Throws INVALID_DATA when a block holds more than its records. */
export function checkBlockEnd(records: AvroInput): void {
  if (records.remaining > 0)
    throw invalidData(`Avro block: ${records.remaining} bytes behind its last record`)
}

/** Bytes that the count and the length of a block take at most. */
export const BLOCK_HEAD_LENGTH = 20

/** How many records and stored bytes a block has, and how many bytes of `input` said so. Errors: `INVALID_DATA`. */
export function readBlockHead(input: AvroInput): { readonly count: number; readonly length: number } {
  const count = input.readInt()
  const length = input.readInt()
  if (count < 0) throw invalidData(`Avro block: expected a record count, found ${count}`)
  if (length < 0) throw invalidData(`Avro block: expected a length, found ${length}`)
  return { count, length }
}

/** Bytes of a block behind its head. */
export function blockTailLength(length: number): number {
  return length + SYNC_LENGTH
}

/** Unpacks a block out of its stored bytes, the sync marker at their end. Errors: `INVALID_DATA`, `UNSUPPORTED`. */
export function unpackBlock(
  { codec, sync, schema }: AvroHeader,
  count: number,
  tail: Uint8Array,
  expectedLength = BLOCK_BYTES,
): AvroBlock {
  const length = tail.length - SYNC_LENGTH
  if (!equal(tail.subarray(length), sync)) throw invalidData('Avro block: the sync marker does not match')
  const unpacked = decompressBlock(codec, tail.subarray(0, length), { expectedLength })
  if (count > unpacked.length && constantSize(schema) !== 0) {
    throw invalidData(
      `Avro block: expected at most ${unpacked.length} records in as many bytes, found ${count}`,
    )
  }
  return { count, bytes: unpacked }
}

/**
 * Writes a container. The sync marker is a hash of the content, so that equal input gives equal bytes.
 * `metadata` goes into the header beside the schema and codec.
 */
export function encodeAvro<T>(
  codec: AvroCodec<T>,
  records: Iterable<T>,
  metadata: Readonly<Record<string, string>>,
  compression: AvroCodecName = 'deflate',
): Uint8Array {
  const header = { 'avro.schema': renderSchema(codec.schema), 'avro.codec': compression, ...metadata }
  const blocks = [...writeBlocks(codec, records, compression)]
  const hash = createHash('sha256').update(JSON.stringify(header))
  for (const block of blocks) hash.update(block.bytes)
  const sync = hash.digest().subarray(0, SYNC_LENGTH)

  const output = new AvroOutput(blocks.reduce((sum, block) => sum + block.bytes.length + 64, 4096))
  output.writeFixed(MAGIC)
  writeMetadata(output, header)
  output.writeFixed(sync)
  for (const block of blocks) {
    output.writeInt(block.count)
    output.writeBytes(block.bytes)
    output.writeFixed(sync)
  }
  return new Uint8Array(output.view())
}

function* readBlocks(bytes: Uint8Array, header: AvroHeader): Generator<AvroBlock, void, undefined> {
  const input = new AvroInput(bytes, header.end)
  let expectedLength = BLOCK_BYTES
  while (input.remaining > 0) {
    const { count, length } = readBlockHead(input)
    const start = input.position
    input.skip(blockTailLength(length))
    const block = unpackBlock(header, count, bytes.subarray(start, input.position), expectedLength)
    expectedLength = block.bytes.length
    yield block
  }
}

function* writeBlocks<T>(
  codec: AvroCodec<T>,
  records: Iterable<T>,
  compression: AvroCodecName,
): Generator<AvroBlock, void, undefined> {
  const output = new AvroOutput(BLOCK_BYTES + BLOCK_BYTES / 4)
  let count = 0
  // A block that is not packed must not share the buffer that the next one is written to.
  const close = () => ({ count, bytes: compressBlock(compression, new Uint8Array(output.view())) })
  for (const record of records) {
    codec.write(output, record)
    count++
    if (output.length < BLOCK_BYTES) continue
    yield close()
    output.clear()
    count = 0
  }
  if (count > 0) yield close()
}

function readMetadata(input: AvroInput): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>()
  for (let count = input.readCount(); count > 0; count = input.readCount()) {
    for (let i = 0; i < count; i++) metadata.set(input.readString(), input.readString())
  }
  return metadata
}

function writeMetadata(output: AvroOutput, header: Readonly<Record<string, string>>): void {
  const entries = Object.entries(header)
  output.writeInt(entries.length)
  for (const [key, value] of entries) {
    output.writeString(key)
    output.writeString(value)
  }
  output.writeInt(0)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
