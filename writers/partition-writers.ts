import type { RecordBatch } from 'apache-arrow'
import type { DataFile, PartitionTuple } from '../format/manifest.ts'
import { partitionPath } from '../format/partition-path.ts'
import { isUnpartitioned } from '../format/partition-spec.ts'
import { batchBytes, batchPieces } from './batch-bytes.ts'
import { DataFileWriter } from './data-file-writer.ts'
import { EncodingWindow } from './encoding-window.ts'
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

/**
 * Arrow bytes at which a row group is written, whatever it would encode to: every thread that encodes one holds four
 * times as much.
 */
export const MAX_ROW_GROUP_ARROW_BYTES = 32 * 1024 * 1024
/** Arrow bytes of rows that wait for their row group, over all partitions. */
export const MAX_PENDING_BYTES = 128 * 1024 * 1024
/** The Arrow bytes of a share of the last rows, at least. */
const LEAST_SHARE_BYTES = 4 * 1024 * 1024
/** Larger batches are taken in pieces. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024
/** Encoded size to Arrow size, before any row group tells. */
const FIRST_RATIO = 0.5

interface Partition {
  readonly id: number
  readonly tuple: PartitionTuple
  pending: RecordBatch[]
  pendingBytes: number
  file?: OpenFile | undefined
}

interface OpenFile {
  readonly writer: DataFileWriter
  /** Of row groups that are known to be encoded. */
  encodedBytes: number
  /** Of row groups that are being encoded. */
  arrowBytesBeingEncoded: number
}

/**
 * Fans rows out to the files of their partitions.
 *
 * Rows wait, within bounds, until they make a row group; files roll at the target size. At most `maxOpenWriters`
 * files are open: beyond that the one least recently written to is closed, and its partition starts another. What goes
 * where depends on the rows, the settings and the encoder's parallelism, not on which thread is faster.
 */
export class PartitionWriters {
  /** Every file ever opened, so that a failed write can take all of them back. */
  readonly locations: string[] = []
  readonly #options: PartitionWritersOptions
  readonly #partitions = new Map<number, Partition>()
  /** Partitions with an open file, the least recently written to first. */
  readonly #open = new Set<Partition>()
  readonly #files: DataFile[] = []
  readonly #window: EncodingWindow
  #pendingBytes = 0
  #encodedBytes = 0
  #arrowBytes = 0

  constructor(options: PartitionWritersOptions) {
    this.#options = options
    this.#window = new EncodingWindow(options.settings.encoder.parallelism)
  }

  async add({ partitionId, partition: tuple, rows }: PartitionRows): Promise<void> {
    if (this.#options.clustered) await this.#finishOthers(partitionId)
    const partition = this.#partitions.get(partitionId) ?? newPartition(partitionId, tuple)
    this.#partitions.set(partitionId, partition)
    for (const piece of batchPieces(rows, MAX_PIECE_BYTES)) {
      this.#hold(partition, piece)
      if (partition.pendingBytes >= this.#rowGroupArrowBytes(partition)) await this.#writeRowGroup(partition)
      if (this.#pendingBytes > MAX_PENDING_BYTES) await this.#relieve()
    }
  }

  /** Writes what waits and closes all files, in the order in which partitions began. */
  async finish(): Promise<readonly DataFile[]> {
    const [first, ...others] = this.#partitions.values()
    if (first !== undefined && others.length === 0) await this.#shareOut(first)
    for (const partition of this.#partitions.values()) {
      if (partition.pending.length > 0) await this.#writeRowGroup(partition)
    }
    for (const partition of this.#partitions.values()) await this.#finishPartition(partition)
    return this.#files
  }

  /** Drops the open files. Closed ones are the caller's, in `locations`. */
  async abort(): Promise<void> {
    const files = Array.from(this.#open, (partition) => partition.file!)
    this.#open.clear()
    this.#partitions.clear()
    await Promise.allSettled(files.map(({ writer }) => writer.abort()))
  }

  #hold(partition: Partition, piece: RecordBatch): void {
    const bytes = batchBytes(piece)
    partition.pending.push(piece)
    partition.pendingBytes += bytes
    this.#pendingBytes += bytes
  }

  /** Cuts the last rows into a row group for each thread, where that is worth it: nothing else is left to encode. */
  async #shareOut(partition: Partition): Promise<void> {
    const { pending, pendingBytes } = partition
    const { parallelism } = this.#options.settings.encoder
    const shares = Math.min(parallelism, Math.floor(pendingBytes / LEAST_SHARE_BYTES))
    if (shares < 2) return
    partition.pending = []
    partition.pendingBytes = 0
    this.#pendingBytes -= pendingBytes
    let written = 0
    for (const piece of pending.flatMap((batch) => [...batchPieces(batch, LEAST_SHARE_BYTES / 8)])) {
      this.#hold(partition, piece)
      if (written < shares - 1 && partition.pendingBytes >= pendingBytes / shares) {
        await this.#writeRowGroup(partition)
        written++
      }
    }
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
    // Not less than an eighth, or files would end in ever smaller row groups.
    const left = Math.max(targetFileSize - this.#expectedBytes(file), targetFileSize / 8)
    return Math.min(MAX_ROW_GROUP_ARROW_BYTES, Math.min(rowGroupSize, left) / this.#ratio())
  }

  /** Encoded bytes to Arrow bytes. */
  #ratio(): number {
    return this.#arrowBytes === 0 ? FIRST_RATIO : this.#encodedBytes / this.#arrowBytes
  }

  #expectedBytes(file: OpenFile | undefined): number {
    return file === undefined ? 0 : file.encodedBytes + file.arrowBytesBeingEncoded * this.#ratio()
  }

  async #writeRowGroup(partition: Partition): Promise<void> {
    const file = partition.file ?? (await this.#openFile(partition))
    await this.#window.room()
    this.#open.delete(partition)
    this.#open.add(partition)
    const arrowBytes = partition.pendingBytes
    const started = file.writer.startRowGroup(partition.pending)
    partition.pending = []
    partition.pendingBytes = 0
    this.#pendingBytes -= arrowBytes
    file.arrowBytesBeingEncoded += arrowBytes
    await this.#window.add(started, (encodedBytes) => {
      file.arrowBytesBeingEncoded -= arrowBytes
      file.encodedBytes += encodedBytes
      this.#arrowBytes += arrowBytes
      this.#encodedBytes += encodedBytes
    })
    if (this.#expectedBytes(file) >= this.#options.settings.targetFileSize) await this.#closeFile(partition)
  }

  async #openFile(partition: Partition): Promise<OpenFile> {
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
    const writer = await DataFileWriter.open(settings, location, partition.tuple)
    partition.file = { writer, encodedBytes: 0, arrowBytesBeingEncoded: 0 }
    return partition.file
  }

  async #closeFile(partition: Partition): Promise<void> {
    if (partition.file === undefined) return
    if (partition.file.arrowBytesBeingEncoded > 0) await this.#window.drain()
    this.#files.push(await partition.file.writer.close())
    partition.file = undefined
    this.#open.delete(partition)
  }
}

function newPartition(id: number, tuple: PartitionTuple): Partition {
  return { id, tuple, pending: [], pendingBytes: 0 }
}
