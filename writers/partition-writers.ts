import type { Schema as ArrowSchema, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { concatBatches } from '../format/arrow/concat.ts'
import type { DataFile, PartitionTuple } from '../format/manifest.ts'
import { partitionPath } from '../format/partition-path.ts'
import { isUnpartitioned } from '../format/partition-spec.ts'
import { batchBytes, batchPieces } from './batch-bytes.ts'
import { DataFileWriter } from './data-file-writer.ts'
import type { FileSettings } from './file-settings.ts'
import type { PartitionRows } from './partition-router.ts'

export interface PartitionWritersOptions {
  readonly settings: FileSettings
  /** The location of a new file of the partition with this path, a new one at each call. */
  readonly newLocation: (partitionPath: string) => string
  readonly maxOpenWriters: number
  /** Rows come partition by partition: one is finished when the next begins. */
  readonly clustered: boolean
}

/** Arrow bytes at which a row group is written, whatever it would encode to: encoding holds a few times as much. */
export const MAX_ROW_GROUP_ARROW_BYTES = 64 * 1024 * 1024
/** Arrow bytes of rows that wait for their row group, over all partitions. */
export const MAX_PENDING_BYTES = 128 * 1024 * 1024
/** Larger batches are taken in pieces. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024
/** Encoded size to Arrow size, before any row group tells. */
const FIRST_RATIO = 0.5

interface Partition {
  readonly id: number
  readonly tuple: PartitionTuple
  pending: RecordBatch[]
  pendingBytes: number
  file?: DataFileWriter | undefined
}

/**
 * Fans rows out to the files of their partitions.
 *
 * Rows wait, within bounds, until they make a row group; files roll at the target size. At most `maxOpenWriters`
 * files are open: beyond that the one least recently written to is closed, and its partition starts another.
 */
export class PartitionWriters {
  /** Every file ever opened, so that a failed write can take all of them back. */
  readonly locations: string[] = []
  readonly #options: PartitionWritersOptions
  readonly #schema: ArrowSchema
  readonly #partitions = new Map<number, Partition>()
  /** Partitions with an open file, the least recently written to first. */
  readonly #open = new Set<Partition>()
  readonly #files: DataFile[] = []
  #pendingBytes = 0
  #encodedBytes = 0
  #arrowBytes = 0

  constructor(options: PartitionWritersOptions) {
    this.#options = options
    this.#schema = arrowSchemaOf(options.settings.schema.fields)
  }

  async add({ partitionId, partition: tuple, rows }: PartitionRows): Promise<void> {
    if (this.#options.clustered) await this.#finishOthers(partitionId)
    const partition = this.#partitions.get(partitionId) ?? newPartition(partitionId, tuple)
    this.#partitions.set(partitionId, partition)
    for (const piece of batchPieces(rows, MAX_PIECE_BYTES)) {
      const bytes = batchBytes(piece)
      partition.pending.push(piece)
      partition.pendingBytes += bytes
      this.#pendingBytes += bytes
      if (partition.pendingBytes >= this.#rowGroupArrowBytes(partition)) await this.#writeRowGroup(partition)
      if (this.#pendingBytes > MAX_PENDING_BYTES) await this.#relieve()
    }
  }

  /** Writes what waits and closes all files, in the order in which partitions began. */
  async finish(): Promise<readonly DataFile[]> {
    for (const partition of this.#partitions.values()) await this.#finishPartition(partition)
    return this.#files
  }

  /** Drops the open files. Closed ones are the caller's, in `locations`. */
  async abort(): Promise<void> {
    const files = Array.from(this.#open, (partition) => partition.file!)
    this.#open.clear()
    this.#partitions.clear()
    await Promise.allSettled(files.map((file) => file.abort()))
  }

  async #finishOthers(partitionId: number): Promise<void> {
    for (const partition of this.#partitions.values()) {
      if (partition.id !== partitionId) await this.#finishPartition(partition)
    }
  }

  async #finishPartition(partition: Partition): Promise<void> {
    if (partition.pending.length > 0) await this.#writeRowGroup(partition)
    await this.#closeFile(partition)
    this.#partitions.delete(partition.id)
  }

  /** Writes the largest heaps of waiting rows until a quarter of the room is free again. */
  async #relieve(): Promise<void> {
    const largestFirst = [...this.#partitions.values()].sort((a, b) => b.pendingBytes - a.pendingBytes)
    for (const partition of largestFirst) {
      if (this.#pendingBytes <= MAX_PENDING_BYTES * 0.75) return
      await this.#writeRowGroup(partition)
    }
  }

  /** The Arrow bytes that should encode to a row group, or to what is left of the file. */
  #rowGroupArrowBytes({ file }: Partition): number {
    const { targetFileSize, rowGroupSize } = this.#options.settings
    const ratio = this.#arrowBytes === 0 ? FIRST_RATIO : this.#encodedBytes / this.#arrowBytes
    // Not less than an eighth, or files would end in ever smaller row groups.
    const left = Math.max(targetFileSize - (file?.bytesWritten ?? 0), targetFileSize / 8)
    return Math.min(MAX_ROW_GROUP_ARROW_BYTES, Math.min(rowGroupSize, left) / ratio)
  }

  async #writeRowGroup(partition: Partition): Promise<void> {
    const batch = concatBatches(this.#schema, partition.pending)
    const arrowBytes = partition.pendingBytes
    partition.pending = []
    partition.pendingBytes = 0
    this.#pendingBytes -= arrowBytes
    const file = partition.file ?? (await this.#openFile(partition))
    this.#open.delete(partition)
    this.#open.add(partition)
    this.#encodedBytes += await file.writeRowGroup(batch)
    this.#arrowBytes += arrowBytes
    if (file.bytesWritten >= this.#options.settings.targetFileSize) await this.#closeFile(partition)
  }

  async #openFile(partition: Partition): Promise<DataFileWriter> {
    const { settings, newLocation, maxOpenWriters } = this.#options
    for (const leastRecent of this.#open) {
      if (this.#open.size < maxOpenWriters) break
      if (leastRecent.pending.length > 0) await this.#writeRowGroup(leastRecent)
      await this.#closeFile(leastRecent)
    }
    const { spec, schema } = settings
    const path = isUnpartitioned(spec) ? '' : partitionPath(spec, schema, partition.tuple)
    const location = newLocation(path)
    this.locations.push(location)
    partition.file = await DataFileWriter.open(settings, location, partition.tuple)
    return partition.file
  }

  async #closeFile(partition: Partition): Promise<void> {
    if (partition.file === undefined) return
    this.#files.push(await partition.file.close())
    partition.file = undefined
    this.#open.delete(partition)
  }
}

function newPartition(id: number, tuple: PartitionTuple): Partition {
  return { id, tuple, pending: [], pendingBytes: 0 }
}
