import { createHash } from 'node:crypto'
import { invalidData } from '../errors.ts'
import { parseJson } from '../lossless-json.ts'
import { AvroInput } from './avro-input.ts'
import { AvroOutput } from './avro-output.ts'
import { type AvroType, parseAvroType } from './avro-type.ts'
import { type AvroCodecName, compressBlock, decompressBlock } from './block-codec.ts'
import { type AvroCodec, renderSchema } from './codec.ts'

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
  /** Decodes the records block by block as they are pulled. */
  records<T>(codec: AvroCodec<T>): Generator<T, void, undefined>
}

export interface AvroBlock {
  /** Records. */
  readonly count: number
  readonly bytes: Uint8Array
}

/** Reads the header of a container. Errors: `INVALID_DATA`, and `UNSUPPORTED` for a codec when records are read. */
export function openAvro(bytes: Uint8Array): AvroFile {
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
  const firstBlock = input.position
  const blocks = () => readBlocks(bytes, firstBlock, metadata.get('avro.codec') ?? 'null', sync)
  return {
    metadata,
    schema,
    blocks,
    *records(codec) {
      const read = codec.reader(schema, 'record')
      for (const block of blocks()) {
        const records = new AvroInput(block.bytes)
        for (let i = 0; i < block.count; i++) yield read(records)
        if (records.remaining > 0)
          throw invalidData(`Avro block: ${records.remaining} bytes behind its last record`)
      }
    },
  }
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

function* readBlocks(
  bytes: Uint8Array,
  start: number,
  codec: string,
  sync: Uint8Array,
): Generator<AvroBlock, void, undefined> {
  const input = new AvroInput(bytes, start)
  let expectedLength = BLOCK_BYTES
  while (input.remaining > 0) {
    const count = input.readInt()
    if (count < 0) throw invalidData(`Avro block: expected a record count, found ${count}`)
    const length = input.readLength()
    const stored = bytes.subarray(input.position, input.position + length)
    input.skip(length)
    if (!equal(input.readFixed(SYNC_LENGTH), sync))
      throw invalidData('Avro block: the sync marker does not match')
    const unpacked = decompressBlock(codec, stored, { expectedLength })
    expectedLength = unpacked.length
    if (count > unpacked.length) {
      throw invalidData(
        `Avro block: expected at most ${unpacked.length} records in as many bytes, found ${count}`,
      )
    }
    yield { count, bytes: unpacked }
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
