import type { Schema as ArrowSchema, RecordBatch } from 'apache-arrow'
import { concatBatches } from '../../format/arrow/concat.ts'
import { takeRows } from '../../format/arrow/take.ts'
import { batchBytes, batchPieces } from '../batch-bytes.ts'
import { mergeRuns } from './merge-runs.ts'
import { PART_BYTES, type RunRows } from './run-rows.ts'
import type { SortKeyEncoder } from './sort-keys.ts'
import { sortedIndices } from './sorted-indices.ts'

/** Unsorted rows in memory, by partition id, in the order they came. */
export type WaitingRows = Map<number, RecordBatch[]>

/**
 * Rows that are sorted at once: so many that they stay in the processor's cache, where gathering them in a new order
 * is several times as fast. What is more is merged.
 */
const CHUNK_BYTES = 4 * 1024 * 1024

/** The waiting rows as a run. They are taken out of the map, a partition at a time. */
export async function* sortPartitions(
  waiting: WaitingRows,
  schema: ArrowSchema,
  keysOf: SortKeyEncoder,
): AsyncGenerator<RunRows> {
  for (const partitionId of [...waiting.keys()].sort((a, b) => a - b)) {
    const pieces = waiting.get(partitionId)!
    waiting.delete(partitionId)
    const chunks: RunRows[] = []
    while (pieces.length > 0) {
      chunks.push({ partitionId, rows: sortedBatch(concatBatches(schema, takeChunk(pieces)), keysOf) })
    }
    if (chunks.length > 1) {
      const runs = chunks.map((chunk) => [chunk])
      yield* mergeRuns(runs, schema, keysOf)
    } else {
      for (const rows of batchPieces(chunks[0]!.rows, PART_BYTES)) yield { partitionId, rows }
    }
  }
}

/** The first pieces that make a chunk, one at least, which leave the list. */
function takeChunk(pieces: RecordBatch[]): RecordBatch[] {
  let bytes = 0
  const next = pieces.findIndex((piece) => {
    bytes += batchBytes(piece)
    return bytes > CHUNK_BYTES
  })
  return pieces.splice(0, next === -1 ? pieces.length : Math.max(next, 1))
}

function sortedBatch(batch: RecordBatch, keysOf: SortKeyEncoder): RecordBatch {
  const indices = sortedIndices(keysOf(batch))
  return indices === undefined ? batch : takeRows(batch, indices)
}
