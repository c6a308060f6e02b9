import { AvroInput } from '../avro/avro-input.ts'
import { invalidData } from '../errors.ts'
import type { MeasuredFile, MetricsById } from '../expressions/metrics-evaluator.ts'
import type { DataFile, EntryStatus, FileContent, FileFormat, PartitionTuple } from '../manifest.ts'
import type { MetricsProjection } from '../manifest-columns.ts'
import { SLOTS, Slot } from './layout.ts'
import type { PackedEntries } from './pack-block.ts'

/**
 * One entry of a packed manifest at a time: `moveTo` the next, then ask. What is asked for is decoded then, so that
 * a filter costs what it looks at. The metrics are those of the entry that it stands at.
 */
export class PackedFile implements MeasuredFile {
  #entries: PackedEntries
  #input: AvroInput
  #row = 0
  readonly #valueCounts = new CountsAt()
  readonly #nullValueCounts = new CountsAt()
  readonly #nanValueCounts = new CountsAt()
  readonly #lowerBounds = new BoundsAt()
  readonly #upperBounds = new BoundsAt()

  constructor(entries: PackedEntries) {
    this.#entries = entries
    this.#input = new AvroInput(entries.bytes)
  }

  moveTo(entries: PackedEntries, index: number): void {
    if (entries.bytes !== this.#entries.bytes) this.#input = new AvroInput(entries.bytes)
    this.#entries = entries
    this.#row = index * SLOTS
  }

  get status(): EntryStatus {
    return STATUSES[this.#entries.slots[this.#row + Slot.status]!]!
  }
  get content(): FileContent {
    const content = this.#entries.slots[this.#row + Slot.content]!
    return content < 0 ? 'data' : CONTENTS[content]!
  }
  /** Index of the partition tuple among those of the manifest. */
  get partition(): number {
    return this.#entries.slots[this.#row + Slot.partition]!
  }
  get snapshotId(): bigint | undefined {
    return this.#optionalLong(Slot.snapshotId)
  }
  get sequenceNumber(): bigint | undefined {
    return this.#optionalLong(Slot.sequenceNumber)
  }
  get fileSequenceNumber(): bigint | undefined {
    return this.#optionalLong(Slot.fileSequenceNumber)
  }
  get filePath(): string {
    return this.#at(Slot.filePath, 'file_path').readString()
  }
  get recordCount(): bigint {
    return this.#at(Slot.recordCount, 'record_count').readLong()
  }
  get firstRowId(): bigint | undefined {
    return this.#optionalLong(Slot.firstRowId)
  }
  get valueCounts(): MetricsById<bigint> | undefined {
    return this.#map(this.#valueCounts, Slot.valueCounts)
  }
  get nullValueCounts(): MetricsById<bigint> | undefined {
    return this.#map(this.#nullValueCounts, Slot.nullValueCounts)
  }
  get nanValueCounts(): MetricsById<bigint> | undefined {
    return this.#map(this.#nanValueCounts, Slot.nanValueCounts)
  }
  get lowerBounds(): MetricsById<Uint8Array> | undefined {
    return this.#map(this.#lowerBounds, Slot.lowerBounds)
  }
  get upperBounds(): MetricsById<Uint8Array> | undefined {
    return this.#map(this.#upperBounds, Slot.upperBounds)
  }

  /** The file as data, with those metrics that are asked for, and the row id that it has or inherits. */
  toDataFile(
    specId: number,
    partition: PartitionTuple,
    metrics: MetricsProjection,
    firstRowId: bigint | undefined,
  ): DataFile {
    const counts = (slot: number) => this.#counts(slot, metrics)
    const bounds = (slot: number) => this.#bounds(slot, metrics)
    return {
      content: this.content,
      filePath: this.filePath,
      fileFormat: this.#fileFormat(),
      specId,
      partition,
      recordCount: this.recordCount,
      fileSizeInBytes: this.#at(Slot.fileSizeInBytes, 'file_size_in_bytes').readLong(),
      columnSizes: counts(Slot.columnSizes),
      valueCounts: counts(Slot.valueCounts),
      nullValueCounts: counts(Slot.nullValueCounts),
      nanValueCounts: counts(Slot.nanValueCounts),
      lowerBounds: bounds(Slot.lowerBounds),
      upperBounds: bounds(Slot.upperBounds),
      keyMetadata: this.#optional(Slot.keyMetadata)?.readBytes(),
      splitOffsets: this.#list(Slot.splitOffsets, (input) => input.readLong()),
      equalityIds: this.#list(Slot.equalityIds, (input) => input.readInt()),
      sortOrderId: this.#optional(Slot.sortOrderId)?.readInt(),
      firstRowId,
      referencedDataFile: this.#optional(Slot.referencedDataFile)?.readString(),
      contentOffset: this.#optionalLong(Slot.contentOffset),
      contentSizeInBytes: this.#optionalLong(Slot.contentSizeInBytes),
    } as DataFile
  }

  #optional(slot: number): AvroInput | undefined {
    const position = this.#entries.slots[this.#row + slot]!
    if (position < 0) return undefined
    this.#input.position = position
    return this.#input
  }

  #at(slot: number, name: string): AvroInput {
    const input = this.#optional(slot)
    if (input !== undefined) return input
    throw invalidData(`record.data_file.${name}: expected a value, found null`)
  }

  #optionalLong(slot: number): bigint | undefined {
    return this.#optional(slot)?.readLong()
  }

  /** Stored in upper case, as Iceberg Java writes it; read in any case. */
  #fileFormat(): FileFormat {
    const text = this.#at(Slot.fileFormat, 'file_format').readString()
    if (text === 'PARQUET') return 'parquet'
    const format = FORMATS.find((name) => name === text.toLowerCase())
    if (format !== undefined) return format
    throw invalidData(`record.data_file.file_format: expected ${FORMATS.join(', ')}, found '${text}'`)
  }

  #map<M extends CountsAt | BoundsAt>(map: M, slot: number): M | undefined {
    const position = this.#entries.slots[this.#row + slot]!
    if (position < 0) return undefined
    map.input = this.#input
    map.position = position
    return map
  }

  #list<V>(slot: number, read: (input: AvroInput) => V): V[] | undefined {
    const input = this.#optional(slot)
    if (input === undefined) return undefined
    const values: V[] = []
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) values.push(read(input))
    }
    return values
  }

  #counts(slot: number, metrics: MetricsProjection): ReadonlyMap<number, bigint> | undefined {
    const input = metrics === 'none' ? undefined : this.#optional(slot)
    if (input === undefined) return undefined
    const map = new Map<number, bigint>()
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) {
        const key = input.readInt()
        if (metrics === 'all' || (metrics as ReadonlySet<number>).has(key)) map.set(key, input.readLong())
        else input.skipVarints(1)
      }
    }
    return map
  }

  #bounds(slot: number, metrics: MetricsProjection): ReadonlyMap<number, Uint8Array> | undefined {
    const input = metrics === 'none' ? undefined : this.#optional(slot)
    if (input === undefined) return undefined
    const map = new Map<number, Uint8Array>()
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) {
        const key = input.readInt()
        if (metrics === 'all' || (metrics as ReadonlySet<number>).has(key)) map.set(key, input.readBytes())
        else input.skip(input.readLength())
      }
    }
    return map
  }
}

const STATUSES: readonly EntryStatus[] = ['existing', 'added', 'deleted']
const CONTENTS: readonly FileContent[] = ['data', 'position-deletes', 'equality-deletes']
const FORMATS: readonly FileFormat[] = ['avro', 'orc', 'parquet', 'puffin']

/** A map of counts that stands in Avro, looked through for one key. */
class CountsAt implements MetricsById<bigint> {
  input: AvroInput | undefined
  position = 0

  get(fieldId: number): bigint | undefined {
    const input = this.input!
    input.position = this.position
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) {
        if (input.readInt() === fieldId) return input.readLong()
        input.skipVarints(1)
      }
    }
    return undefined
  }
}

/** The same of bounds, which are views: those who ask decode them and let go. */
class BoundsAt implements MetricsById<Uint8Array> {
  input: AvroInput | undefined
  position = 0

  get(fieldId: number): Uint8Array | undefined {
    const input = this.input!
    input.position = this.position
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) {
        if (input.readInt() === fieldId) return input.viewBytes()
        input.skip(input.readLength())
      }
    }
    return undefined
  }
}
