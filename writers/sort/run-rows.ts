import type { RecordBatch } from 'apache-arrow'

/** A part of a run. A run is rows by partition id, and by their keys within a partition. */
export interface RunRows {
  readonly partitionId: number
  /** At least one. */
  readonly rows: RecordBatch
}

export type Run = Iterable<RunRows> | AsyncIterable<RunRows>

/** Arrow bytes of a part, about: few enough that many runs can be merged in memory. */
export const PART_BYTES = 512 * 1024
