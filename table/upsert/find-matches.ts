import type { Expression } from '../../format/expressions/expression.ts'
import { strictMetricsEvaluator } from '../../format/expressions/metrics-evaluator.ts'
import type { DataFile } from '../../format/manifest.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { liveRows, snapshotTasks } from '../../readers/live-rows.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import type { RowsToDelete } from './finds.ts'

/**
 * The live rows of a snapshot that match a filter, in files that are meant. Files of which all rows match, by their partition or their
 * metrics, are not read, unless their rows have to be counted: where some are deleted, or the manifest does not tell.
 */
export async function findMatches(
  context: WritingContext,
  metadata: TableMetadata,
  snapshot: Snapshot,
  where: Expression,
  isMeant: (file: DataFile) => boolean = () => true,
): Promise<readonly RowsToDelete[]> {
  const source = scanSource(context, metadata)
  const schema = currentSchema(metadata)
  const { signal } = context
  const matchesAll = strictMetricsEvaluator(where, schema)
  const found: RowsToDelete[] = []
  /** Files that go whole, of which the rows that are there have to be counted. */
  const counted = new Map<ScanTask, number>()
  const partly = async function* (): AsyncGenerator<ScanTask> {
    for await (const task of snapshotTasks(source, snapshot, schema, where, signal)) {
      const { dataFile, deletes, residual } = task
      if (!isMeant(dataFile)) continue
      const isWhole = residual.op === 'true' || (dataFile.recordCount > 0n && matchesAll(dataFile))
      if (isWhole && deletes.length === 0 && dataFile.recordCount > 0n) {
        found.push({ task, positions: 'all', count: Number(dataFile.recordCount) })
        continue
      }
      if (isWhole) counted.set(task, 0)
      yield task
    }
  }
  let last: { task: ScanTask; positions: PositionSet; count: number } | undefined
  for await (const { task, length, positions } of liveRows(source, partly(), {
    schema,
    fields: [],
    signal,
  })) {
    const before = counted.get(task)
    if (before !== undefined) {
      counted.set(task, before + length)
      continue
    }
    if (last?.task !== task) {
      last = { task, positions: new PositionSet(), count: 0 }
      found.push(last)
    }
    for (let row = 0; row < length; row++) last.positions.add(Number(positions[row]))
    last.count += length
  }
  for (const [task, count] of counted) found.push({ task, positions: 'all', count })
  return found
}
