import type { BoundExpression } from '../format/expressions/bound.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { RowWindow } from './assemble.ts'
import type { DecodingWorkers } from './decode-rows.ts'
import type { TaskDeletes } from './deletes/load-deletes.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import type { RowPlan } from './row-plan.ts'
import type { ScanTask } from './scan-task.ts'

/**
 * Opens a data file of one format: the seam behind which formats differ. Throws INVALID_DATA, naming the file, when
 * it is not what its manifest says.
 */
export type OpenDataFile = (opening: Opening) => Promise<OpenFile>

export interface Opening {
  readonly task: ScanTask
  readonly location: string
  /** Bound to the table's schema. */
  readonly filter: BoundExpression
  /** What is deleted in it: it is loaded while the file is opened. */
  readonly deletes: Promise<TaskDeletes | undefined>
  readonly options: FilePlanOptions
  readonly store: ObjectStore
  readonly signal: AbortSignal
}

/** A data file of which as much has been read as tells what to read of its rows. */
export interface OpenFile {
  readonly task: ScanTask
  readonly location: string
  /** What is made of its rows. */
  readonly plan: RowPlan
  /** In order; those without a wanted row are left out. */
  readonly pieces: readonly FilePiece[]
}

/** Rows that are fetched at once: a row group, or a whole file that is fetched as it is decoded. */
export interface FilePiece {
  /** Encoded bytes that it holds when it is fetched, about. */
  readonly bytes: number
  fetch(signal: AbortSignal): Promise<readonly Decoding[]>
}

/** Rows to be decoded. */
export interface Decoding {
  /** Encoded. */
  readonly bytes: number
  /** The rows in order, with their positions in the file. */
  windows(options: DecodeOptions): Iterable<RowWindow> | AsyncIterable<RowWindow>
}

export interface DecodeOptions {
  readonly codec: ParquetCodec
  readonly workers: DecodingWorkers | undefined
  readonly batchSize: number
  /** Encoded bytes of the whole scan, up to these rows and with them. */
  readonly bytesSoFar: number
  readonly signal: AbortSignal
}
