import type { Expression } from '../format/expressions/expression.ts'
import type { DataFile } from '../format/manifest.ts'

/** One data file to read, as plain data that may cross a thread or process border. */
export interface ScanTask {
  readonly dataFile: DataFile
  /** Data sequence number after inheritance. */
  readonly sequenceNumber: bigint
  readonly deletes: readonly DeleteFileRef[]
  /** What is left of the filter for this file's rows, unbound; `{op: 'true'}` when every row matches. */
  readonly residual: Expression
}

/** A delete file that applies to the task's data file. */
export interface DeleteFileRef {
  readonly file: DataFile
  readonly sequenceNumber: bigint
}
