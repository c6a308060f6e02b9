import { AvroInput } from '../avro/avro-input.ts'
import type { AvroBlock } from '../avro/container.ts'
import { invalidData } from '../errors.ts'
import { type Layout, SLOTS, Slot, type Step, StepKind } from './layout.ts'
import type { PartitionKeys } from './partition-keys.ts'

/** Some records of an Avro block, and of each record `SLOTS` numbers: see `Slot`; -1 for a null. */
export interface PackedEntries {
  /** The whole block. */
  readonly bytes: Uint8Array
  readonly length: number
  /** May be longer than the entries need. */
  readonly slots: Int32Array
}

/** Gives an array of at least this length, whatever is in it. */
export type AllocateSlots = (length: number) => Int32Array

/** Memory is taken for as many entries as there are bytes for, so a count that lies costs little. */
const MAX_ENTRIES = 4096

/**
 * Walks the records once and notes where their fields stand; nothing is decoded that can wait. The bounds are those
 * of `AvroInput`: no length or count beyond the bytes that are there. Errors: `INVALID_DATA`.
 */
export function* packBlock(
  { steps }: Layout,
  { bytes, count }: AvroBlock,
  partitions: PartitionKeys,
  allocate: AllocateSlots,
): Generator<PackedEntries, void, undefined> {
  const input = new AvroInput(bytes)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let left = count; left > 0; left -= MAX_ENTRIES) {
    const length = Math.min(left, MAX_ENTRIES)
    const slots = allocate(length * SLOTS).fill(-1, 0, length * SLOTS)
    for (let entry = 0; entry < length; entry++)
      packEntry(steps, input, slots, entry * SLOTS, text, partitions)
    yield { bytes, length, slots }
  }
  if (input.remaining > 0) throw invalidData(`Avro block: ${input.remaining} bytes behind its last record`)
}

function packEntry(
  steps: readonly Step[],
  input: AvroInput,
  slots: Int32Array,
  row: number,
  text: Buffer,
  partitions: PartitionKeys,
): void {
  let partitionStart = 0
  for (let i = 0; i < steps.length; i++) {
    const { kind, nullBranch, slot, size, skip } = steps[i]!
    if (nullBranch >= 0 && isNull(input, nullBranch)) continue
    if (slot >= 0) slots[row + slot] = input.position
    switch (kind) {
      case StepKind.varint:
        input.skipVarints(1)
        break
      case StepKind.bytes:
        input.skip(input.readLength())
        break
      case StepKind.fixed:
        input.skip(size)
        break
      case StepKind.varintItems:
        for (let count = input.readCount(); count > 0; count = input.readCount())
          input.skipVarints(count * size)
        break
      case StepKind.bytesItems:
        for (let count = input.readCount(); count > 0; count = input.readCount()) input.skipKeyedBytes(count)
        break
      case StepKind.value:
        slots[row + slot] = smallValue(input.readInt(), slot)
        break
      case StepKind.partitionStart:
        partitionStart = input.position
        break
      case StepKind.partitionEnd:
        slots[row + Slot.partition] = partitions.indexOf(text, partitionStart, input.position)
        break
      default:
        skip!(input)
    }
  }
}

function isNull(input: AvroInput, nullBranch: number): boolean {
  const branch = input.readInt()
  if (branch === nullBranch) return true
  if (branch === 1 - nullBranch) return false
  throw invalidData(`manifest entry: expected union branch 0 or 1, found ${branch}`)
}

/** `status` and `content` are 0, 1 or 2. */
function smallValue(value: number, slot: number): number {
  if (value >= 0 && value <= 2) return value
  const name = slot === Slot.status ? 'status' : 'content'
  throw invalidData(`manifest_entry.${name}: expected 0 to 2, found ${value}`)
}
