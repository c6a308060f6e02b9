import type { Offsets } from '../../snapshot/offsets.ts'
import type { RowCounts } from '../upsert/row-counts.ts'

export interface SinkCommit {
  /** Rows that were written, and what became of them. */
  readonly rows: number
  readonly counts: RowCounts
  /** Of the rows in memory. */
  readonly bytes: number
  /** From the end of the rows to the end of the commit. */
  readonly commitMs: number
  /** From the first row of the commit to its end. */
  readonly lagMs: number
  readonly snapshotId: bigint | undefined
  readonly offsets: Offsets
}
