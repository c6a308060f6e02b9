/** What is asked of those who write which rows of data files are deleted, by position. */
import type { Environment } from '../format/environment.ts'
import type { DataFile } from '../format/manifest.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { SpecInSchema } from '../format/partition-type.ts'
import type { PositionSet } from '../format/puffin/position-set.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Rows of one data file. */
export interface DeletedRows {
  readonly dataFile: DataFile
  readonly positions: PositionSet
}

export interface WriteDeletes {
  readonly store: ObjectStore
  /** The table's location, as its metadata has it. */
  readonly location: string
  /** The table's. */
  readonly properties: Readonly<Record<string, string>>
  readonly specById: (specId: number) => SpecInSchema
  readonly codec: ParquetCodec
  readonly environment: Environment
  /** A name that no other file has. */
  readonly fileName: (count: number, ending: string) => string
  /** Told of each file before it is written, so that it can be taken back. */
  readonly onFile: (location: string) => void
  readonly signal?: AbortSignal | undefined
}
