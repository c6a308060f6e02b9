/** Copy-on-write: data files with rows that go are written anew without them. */
import type { RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { takeRows } from '../../format/arrow/take.ts'
import { alwaysTrue } from '../../format/expressions/build.ts'
import type { PositionSet } from '../../format/puffin/position-set.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { liveRows } from '../../readers/live-rows.ts'
import { LAST_UPDATED_COLUMN, ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { type WriteResult, writeDataFiles } from '../../writers/write-data-files.ts'
import { scanSource } from '../scan-source.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { RowsToDelete } from './finds.ts'
import { isWhole, ofOneFile, type RowRemover } from './row-remover.ts'

/** Rows that stay keep their ids and who last wrote them (spec: "Row Lineage"). */
export function fileRewriter(context: WritingContext, operationId: string): RowRemover {
  let written: WriteResult | undefined
  let attempts = 0
  const discard = async () => {
    // A courtesy: what cannot be deleted now is left to orphan removal.
    await written?.abort().catch(() => undefined)
    written = undefined
  }
  return {
    discard,
    async write(metadata, deleted) {
      await discard()
      const lineage = metadata.formatVersion >= 3 ? [ROW_ID_COLUMN, LAST_UPDATED_COLUMN] : []
      written = await writeDataFiles({
        ...(await dataFileOptions(context, metadata)),
        metadataFields: lineage,
        batches: keptRows(context, metadata, deleted),
        operationId: `${operationId}-kept-${++attempts}`,
      })
      const remove = deleted.flatMap(({ task }) => [task.dataFile, ...ofOneFile(task)])
      return { addData: written.files, addDeletes: [], remove }
    },
  }
}

async function* keptRows(
  context: WritingContext,
  metadata: TableMetadata,
  deleted: readonly RowsToDelete[],
): AsyncGenerator<RecordBatch> {
  const lineage = metadata.formatVersion >= 3 ? [ROW_ID_COLUMN, LAST_UPDATED_COLUMN] : []
  const schema = currentSchema(metadata)
  const fields = [...schema.fields, ...lineage]
  const arrowSchema = arrowSchemaOf(fields)
  const gone = new Map<ScanTask, PositionSet>()
  for (const each of deleted) {
    if (each.positions !== 'all' && !isWhole(each)) {
      // All of its rows, not those alone that a filter found.
      gone.set({ ...each.task, residual: alwaysTrue }, each.positions)
    }
  }
  const { signal } = context
  const tasks = eachOf([...gone.keys()])
  const source = scanSource(context, metadata)
  for await (const { task, length, columns, positions } of liveRows(source, tasks, {
    schema,
    fields,
    signal,
  })) {
    const deletedHere = gone.get(task)!
    const kept = Int32Array.from(positions.keys()).filter((row) => !deletedHere.has(Number(positions[row])))
    if (kept.length === 0) continue
    yield takeRows(batchOf(arrowSchema, columns, length), kept)
  }
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
