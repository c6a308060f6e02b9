import { Schema as ArrowSchema, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { type WriteResult, writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { KeyedRows } from './keyed-rows.ts'

export interface RowWriter {
  /**
   * Data files of the rows, those that take another's place with its id (spec: "Row Lineage"). The same files as before
   * where the ids are the same.
   */
  write(rowIds: BigInt64Array | undefined): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export function rowWriter(
  context: WritingContext,
  metadata: TableMetadata,
  rows: KeyedRows,
  operationId: string,
): RowWriter {
  let written: { readonly rowIds: BigInt64Array | undefined; readonly result: WriteResult } | undefined
  let attempts = 0
  const discard = async () => {
    // A courtesy: what cannot be deleted now is left to orphan removal.
    await written?.result.abort().catch(() => undefined)
    written = undefined
  }
  return {
    async write(rowIds) {
      if (written !== undefined && sameIds(written.rowIds, rowIds)) return written.result.files
      await discard()
      const result = await writeDataFiles({
        ...(await dataFileOptions(context, metadata)),
        metadataFields: rowIds === undefined ? [] : [ROW_ID_COLUMN],
        batches: batchesOf(rows, rowIds),
        // A name is used once, so that a late answer to a delete hits nothing new.
        operationId: attempts++ === 0 ? operationId : `${operationId}-${attempts}`,
      })
      written = { rowIds, result }
      return result.files
    },
    discard,
  }
}

function sameIds(a: BigInt64Array | undefined, b: BigInt64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.every((id, i) => id === b[i])
}

async function* batchesOf(rows: KeyedRows, rowIds: BigInt64Array | undefined): AsyncGenerator<RecordBatch> {
  for (const [i, batch] of rows.batches.entries()) {
    yield rowIds === undefined ? batch : withRowIds(batch, rows.numbers[i]!, rowIds)
  }
}

function withRowIds(batch: RecordBatch, numbers: Float64Array, rowIds: BigInt64Array): RecordBatch {
  const { numRows: length } = batch
  const values = new BigInt64Array(length)
  const nullBitmap = new Uint8Array(bitmapByteLength(length))
  for (let row = 0; row < length; row++) {
    const id = rowIds[numbers[row]!]!
    if (id < 0n) continue
    values[row] = id
    setBit(nullBitmap, row)
  }
  const fields = [...batch.schema.fields, ROW_ID]
  const children = [...batch.data.children, arrowData(ROW_ID.type, length, { nullBitmap, values })]
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children })
  return new RecordBatch(new ArrowSchema(fields), data)
}

const ROW_ID = arrowSchemaOf([ROW_ID_COLUMN]).fields[0]!
