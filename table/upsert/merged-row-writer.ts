import type { RecordBatch } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { bitmapByteLength } from '../../format/arrow/bitmap.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { rowsToBatches } from '../../writers/row-batches.ts'
import { writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import { KeptFiles } from './kept-files.ts'
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
  const kept = new KeptFiles<Written>(
    operationId,
    (a, b) => a.formatVersion === b.formatVersion && a.merged.makesTheSameAs(b.merged),
  )
  return {
    write(metadata, merged) {
      const { formatVersion } = metadata
      const hasRowIds = formatVersion >= 3 && merged.changed.length > 0
      return kept.write({ formatVersion, merged }, async (id) =>
        writeDataFiles({
          ...(await dataFileOptions(context, metadata)),
          metadataFields: hasRowIds ? [ROW_ID_COLUMN] : [],
          batches: batchesOf(merged, hasRowIds),
          operationId: id,
        }),
      )
    },
    discard: () => kept.discard(),
  }
}

interface Written {
  readonly formatVersion: number
  readonly merged: MergedRows
}

async function* batchesOf(merged: MergedRows, hasRowIds: boolean): AsyncGenerator<RecordBatch> {
  const { schema, changed, inserted } = merged
  const withIds = (batch: RecordBatch, rowIds = nullRowIds(batch.numRows)) => {
    if (!hasRowIds) return batch
    const all = arrowSchemaOf([...schema.fields, ROW_ID_COLUMN])
    const children = [...batch.data.children, rowIds]
    return batchOf(all, children, batch.numRows)
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
