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
import type { ObjectWriter } from '../storage/object-store.ts'
import type { FileSettings } from './file-settings.ts'
import { addNanCounts } from './nan-counts.ts'
import type { LentRowGroup } from './row-group-encoder.ts'
import { uniqueColumns } from './unique-columns.ts'

/** A row group on its way into its file. */
export interface StartedRowGroup {
  /** Its size, once it is encoded. */
  readonly encodedBytes: Promise<number>
  /** Once it and all before it are in the file. */
  readonly written: Promise<void>
}

/** One Parquet file in the making, a row group at a time, in the order in which they start. Nothing is visible before `close`. */
export class DataFileWriter {
  readonly location: string
  readonly #settings: FileSettings
  readonly #partition: PartitionTuple
  readonly #writer: ObjectWriter
  readonly #nanCounts = new Map<number, bigint>()
  #draft: ParquetDraft
  #withoutDictionary: ReadonlySet<string> | undefined
  /** Until all row groups so far are written; fails with the first of them. */
  #written: Promise<void> = Promise.resolve()

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

  /** Starts to encode the rows, one at least, as the next row group. */
  startRowGroup(rows: readonly RecordBatch[]): StartedRowGroup {
    const { encoder, encode, schema, signal } = this.#settings
    this.#withoutDictionary ??= uniqueColumns(schema.fields, rows)
    for (const batch of rows) addNanCounts(this.#nanCounts, schema.fields, batch)
    const options = { ...encode, withoutDictionary: this.#withoutDictionary }
    const encoded = encoder.encode(rows, options, signal)
    const written = this.#writeAfter(this.#written, encoded)
    this.#written = written
    const encodedBytes = encoded.then(({ rowGroup }) => rowGroup.bytes.length)
    // Whoever waits for them is told; nobody may have got there yet.
    for (const outcome of [written, encodedBytes]) outcome.catch(() => undefined)
    return { encodedBytes, written }
  }

  async #writeAfter(previous: Promise<void>, encoded: Promise<LentRowGroup>): Promise<void> {
    const { rowGroup, release } = await encoded
    try {
      await previous
      const draft = addRowGroup(this.#draft, rowGroup)
      await this.#writer.write(rowGroup.bytes)
      this.#draft = draft
    } finally {
      release()
    }
  }

  /** Ends the file, which has a row group at least, and makes it visible. */
  async close(): Promise<DataFile> {
    const { schema, spec, finish, metricsMode, sortOrderId } = this.#settings
    await this.#written
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
      sortOrderId,
    }
  }

  async abort(): Promise<void> {
    await this.#written.catch(() => undefined)
    await this.#writer.abort()
  }
}
