import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength } from '../../format/arrow/bitmap.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { type WriteResult, writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { MergedRows } from './merged-rows.ts'
import { changedRows } from './set-values.ts'

export interface MergedRowWriter {
  /** Data files of the rows that are changed or new. The same files as before where the rows are the same. */
  write(metadata: TableMetadata, merged: MergedRows): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

/** Changed rows keep their ids (spec: "Row Lineage"). */
export function mergedRowWriter(context: WritingContext, operationId: string): MergedRowWriter {
  let written:
    | { readonly formatVersion: number; readonly merged: MergedRows; readonly result: WriteResult }
    | undefined
  let attempts = 0
  const discard = async () => {
    // A courtesy: what cannot be deleted now is left to orphan removal.
    await written?.result.abort().catch(() => undefined)
    written = undefined
  }
  return {
    async write(metadata, merged) {
      const { formatVersion } = metadata
      if (written?.formatVersion === formatVersion && written.merged.makesTheSameAs(merged)) {
        return written.result.files
      }
      await discard()
      const hasRowIds = formatVersion >= 3 && merged.changed.length > 0
      const result = await writeDataFiles({
        ...(await dataFileOptions(context, metadata)),
        metadataFields: hasRowIds ? [ROW_ID_COLUMN] : [],
        batches: batchesOf(merged, hasRowIds),
        // A name is used once, so that a late answer to a delete hits nothing new.
        operationId: attempts++ === 0 ? operationId : `${operationId}-${attempts}`,
      })
      written = { formatVersion, merged, result }
      return result.files
    },
    discard,
  }
}

async function* batchesOf(merged: MergedRows, hasRowIds: boolean): AsyncGenerator<RecordBatch> {
  const { schema, changed, inserted } = merged
  const withIds = (batch: RecordBatch, rowIds = nullRowIds(batch.numRows)) => {
    if (!hasRowIds) return batch
    const all = arrowSchemaOf([...schema.fields, ROW_ID_COLUMN])
    const children = [...batch.data.children, rowIds]
    const type = new Struct(all.fields)
    return new RecordBatch(all, makeData({ type, length: batch.numRows, nullCount: 0, children }))
  }
  for (const { batch, rowIds, changes, sources } of changed) {
    yield withIds(await changedRows(schema, batch, changes, (row) => sources[row]!), rowIds)
  }
  const numberOf = (row: number) => inserted.sources[row]!
  for await (const batch of rowsToBatches(schema.fields, inserted.rows, { numberOf })) yield withIds(batch)
}

function nullRowIds(length: number) {
  const { type } = arrowSchemaOf([ROW_ID_COLUMN]).fields[0]!
  const nullBitmap = new Uint8Array(bitmapByteLength(length))
  return arrowData(type, length, { nullBitmap, values: new BigInt64Array(length) })
}
