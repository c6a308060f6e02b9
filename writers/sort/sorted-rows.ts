import type { Schema as ArrowSchema } from 'apache-arrow'
import type { PartitionTuple } from '../../format/manifest.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { openScratchFile, type ScratchFile } from '../../storage/scratch-file.ts'
import { batchBytes, batchPieces } from '../batch-bytes.ts'
import type { PartitionRows } from '../partition-router.ts'
import { mergeRuns } from './merge-runs.ts'
import type { SortKeyEncoder } from './sort-keys.ts'
import { sortPartitions, type WaitingRows } from './sort-partitions.ts'
import { SpilledRuns } from './spilled-runs.ts'

export interface SortingLimits {
  /** Arrow bytes of waiting rows, over all partitions, at which they are spilled. Default: `MAX_SORT_BYTES`. */
  readonly maxBytes?: number
  /** Default: `openScratchFile`. */
  readonly openScratch?: () => Promise<ScratchFile>
}

export interface SortedRowsOptions extends SortingLimits {
  /** Of the batches. */
  readonly arrowSchema: ArrowSchema
  readonly keysOf: SortKeyEncoder
  readonly signal: AbortSignal | undefined
}

/** Sorting waiting rows holds them twice for a moment. */
export const MAX_SORT_BYTES = 96 * 1024 * 1024
/** Larger batches are taken in pieces. */
const MAX_PIECE_BYTES = 4 * 1024 * 1024

/**
 * The rows of each partition in the order of their keys, one partition after another; rows of equal keys in the order
 * they came.
 *
 * Rows wait in memory up to `maxBytes`. Beyond that they are spilled to scratch files as sorted runs, which are merged
 * as the result is pulled. Leaving the iteration gives memory and disk back.
 */
export async function* sortedRows(
  input: AsyncIterable<PartitionRows>,
  options: SortedRowsOptions,
): AsyncGenerator<PartitionRows> {
  const { keysOf, signal, maxBytes = MAX_SORT_BYTES, openScratch = openScratchFile } = options
  const { arrowSchema: schema } = options
  const tuples = new Map<number, PartitionTuple>()
  const waiting: WaitingRows = new Map()
  let waitingBytes = 0
  const spilled = new SpilledRuns({ schema, keysOf, openScratch, signal })
  try {
    for await (const { partitionId, partition, rows } of input) {
      tuples.set(partitionId, partition)
      for (const piece of batchPieces(rows, MAX_PIECE_BYTES)) {
        const pieces = waiting.get(partitionId)
        if (pieces === undefined) waiting.set(partitionId, [piece])
        else pieces.push(piece)
        waitingBytes += batchBytes(piece)
        if (waitingBytes < maxBytes) continue
        await spilled.add(sortPartitions(waiting, schema, keysOf))
        waitingBytes = 0
      }
    }
    const rest = sortPartitions(waiting, schema, keysOf)
    const runs = spilled.all()
    for await (const { partitionId, rows } of runs.length === 0
      ? rest
      : mergeRuns([...runs, rest], schema, keysOf)) {
      throwIfAborted(signal)
      yield { partitionId, partition: tuples.get(partitionId)!, rows }
    }
  } finally {
    await spilled.close()
  }
}
