import type { RecordBatch } from 'apache-arrow'
import { MoraineError } from '../format/errors.ts'
import { resolveLocation } from '../format/location.ts'
import type { DataFile, PartitionTuple } from '../format/manifest.ts'
import {
  addRowGroup,
  draftFooter,
  finishParquetFile,
  PARQUET_HEAD,
  type ParquetDraft,
  splitOffsets,
} from '../format/parquet/file-builder.ts'
import { footerMetrics } from '../format/parquet/metrics.ts'
import { unsortedOrder } from '../format/sort-order.ts'
import type { ObjectWriter } from '../storage/object-store.ts'
import type { FileSettings } from './file-settings.ts'
import { addNanCounts } from './nan-counts.ts'
import { uniqueColumns } from './unique-columns.ts'

/** One Parquet file in the making, a row group at a time. Nothing is visible before `close`. */
export class DataFileWriter {
  readonly location: string
  readonly #settings: FileSettings
  readonly #partition: PartitionTuple
  readonly #writer: ObjectWriter
  readonly #nanCounts = new Map<number, bigint>()
  #draft: ParquetDraft
  #withoutDictionary: ReadonlySet<string> | undefined

  /** Opens the file; `location` is stored in manifests as it is. */
  static async open(
    settings: FileSettings,
    location: string,
    partition: PartitionTuple,
  ): Promise<DataFileWriter> {
    const { store, signal } = settings
    const writer = await store.openWrite(resolveLocation(location), signal === undefined ? {} : { signal })
    try {
      await writer.write(PARQUET_HEAD)
    } catch (error) {
      await writer.abort()
      throw error
    }
    return new DataFileWriter(settings, location, partition, writer)
  }

  private constructor(
    settings: FileSettings,
    location: string,
    partition: PartitionTuple,
    writer: ObjectWriter,
  ) {
    this.#settings = settings
    this.location = location
    this.#partition = partition
    this.#writer = writer
    this.#draft = settings.empty
  }

  /** Of the file so far. */
  get bytesWritten(): number {
    return this.#draft.length
  }

  /** Writes the rows of the batch, one at least, as a row group; returns its encoded size in bytes. */
  async writeRowGroup(batch: RecordBatch): Promise<number> {
    const { codec, encode, schema } = this.#settings
    this.#withoutDictionary ??= uniqueColumns(schema.fields, batch)
    const encoded = codec.encodeRowGroup(batch, { ...encode, withoutDictionary: this.#withoutDictionary })
    addNanCounts(this.#nanCounts, schema.fields, batch)
    const draft = addRowGroup(this.#draft, encoded)
    await this.#writer.write(encoded.bytes)
    this.#draft = draft
    return encoded.bytes.length
  }

  /** Ends the file, which has a row group at least, and makes it visible. */
  async close(): Promise<DataFile> {
    const { schema, spec, finish, metricsMode } = this.#settings
    const draft = this.#draft
    const end = finishParquetFile(draft, finish)
    await this.#writer.write(end)
    const { size } = await this.#writer.close()
    if (size !== draft.length + end.length) {
      throw new MoraineError(
        'INVALID_DATA',
        `${this.location}: the store holds ${size} bytes of ${draft.length + end.length} written`,
        { context: { file: this.location } },
      )
    }
    const footer = draftFooter(draft, finish)
    return {
      content: 'data',
      filePath: this.location,
      fileFormat: 'parquet',
      specId: spec.specId,
      partition: this.#partition,
      recordCount: footer.numRows,
      fileSizeInBytes: BigInt(size),
      ...footerMetrics(footer, schema, { mode: metricsMode, nanCounts: this.#nanCounts }),
      splitOffsets: splitOffsets(draft),
      sortOrderId: unsortedOrder.orderId,
    }
  }

  async abort(): Promise<void> {
    await this.#writer.abort()
  }
}
