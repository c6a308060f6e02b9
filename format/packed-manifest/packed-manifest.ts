/**
 * A manifest in the form in which planning reads it: the unpacked records, and where their fields stand. A file that
 * a filter rules out costs no objects, and a manifest that is kept takes little more than its bytes.
 */
import type { AvroFile } from '../avro/container.ts'
import { formatVersionOf } from '../manifest-format-version.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type AllocateSlots, type PackedEntries, packBlock } from './pack-block.ts'
import { PartitionKeys } from './partition-keys.ts'

export interface PackedManifest {
  readonly layout: Layout
  /** Of the entries that were pulled so far. */
  readonly partitions: PartitionKeys
  /** In the order of the file; unless the manifest is kept, pulled once, and good until the next is pulled. */
  readonly entries: Iterable<PackedEntries>
}

/**
 * Packs block by block as entries are pulled, each in the memory of the ones before. Undefined for a schema of a form
 * that only `decodeManifest` reads. Errors: as of `decodeManifest`.
 */
export function packManifest(file: AvroFile): PackedManifest | undefined {
  let slots = new Int32Array(0)
  return pack(file, (length) => {
    if (length > slots.length) slots = new Int32Array(length)
    return slots
  })
}

export interface KeptManifest {
  /** Its entries can be pulled again and again. */
  readonly manifest: PackedManifest
  /** Memory that it takes, by a fair estimate. */
  readonly byteLength: number
}

/**
 * Packs the whole manifest, to be kept; undefined too when that would take more than `maxBytes`, which is noticed
 * before much more memory is taken. As `packManifest` otherwise.
 */
export function keepManifest(file: AvroFile, maxBytes: number): KeptManifest | undefined {
  const packed = pack(file, (length) => new Int32Array(length))
  if (packed === undefined) return undefined
  const entries: PackedEntries[] = []
  const blocks = new Set<ArrayBufferLike>()
  let byteLength = 0
  for (const some of packed.entries) {
    entries.push(some)
    byteLength += some.slots.byteLength + (blocks.has(some.bytes.buffer) ? 0 : some.bytes.buffer.byteLength)
    blocks.add(some.bytes.buffer)
    if (byteLength > maxBytes) return undefined
  }
  for (const tuple of packed.partitions.tuples) byteLength += TUPLE_OVERHEAD + 2 * tuple.length
  return { manifest: { ...packed, entries }, byteLength }
}

/** What an array in the heap takes, and the key it is found by; an estimate. */
const TUPLE_OVERHEAD = 200

function pack(file: AvroFile, allocate: AllocateSlots): PackedManifest | undefined {
  const layout = layoutOf(file.schema, formatVersionOf(file))
  if (layout === undefined) return undefined
  const partitions = new PartitionKeys()
  return { layout, partitions, entries: packBlocks(file, layout, partitions, allocate) }
}

function* packBlocks(
  file: AvroFile,
  layout: Layout,
  partitions: PartitionKeys,
  allocate: AllocateSlots,
): Generator<PackedEntries, void, undefined> {
  for (const block of file.blocks()) yield* packBlock(layout, block, partitions, allocate)
}
