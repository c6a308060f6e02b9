import { Schema as ArrowSchema, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { takeRows } from '../../format/arrow/take.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { type WriteResult, writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { ColumnRules } from './column-rules.ts'
import type { FoundRows } from './finds.ts'
import type { KeyedRows } from './keyed-rows.ts'
import { defaultRow, keptColumns, type PartialInput, requireValues, wholeRows } from './partial-rows.ts'

type Found = Pick<FoundRows, 'rowIds' | 'unchanged' | 'before'>

export interface RowWriter {
  /**
   * Data files of the rows that are not unchanged, those that take another's place with its id (spec: "Row Lineage").
   * The same files as before where both are the same.
   */
  write(found: Found): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export interface RowWriterParts {
  readonly operationId: string
  readonly input: PartialInput
  readonly rules?: ColumnRules | undefined
  /** Numbers of rows that are to be deleted, and not written. */
  readonly gone: ReadonlySet<number>
}

export function rowWriter(
  context: WritingContext,
  metadata: TableMetadata,
  rows: KeyedRows,
  parts: RowWriterParts,
): RowWriter {
  const { operationId } = parts
  let written: { readonly found: Found; readonly result: WriteResult } | undefined
  let attempts = 0
  const discard = async () => {
    // A courtesy: what cannot be deleted now is left to orphan removal.
    await written?.result.abort().catch(() => undefined)
    written = undefined
  }
  return {
    async write({ rowIds, unchanged, before }) {
      const found = { rowIds, unchanged, before }
      if (written !== undefined && areSame(written.found, found)) return written.result.files
      await discard()
      const result = await writeDataFiles({
        ...(await dataFileOptions(context, metadata)),
        metadataFields: rowIds === undefined ? [] : [ROW_ID_COLUMN],
        batches: batchesOf(rows, found, parts),
        // A name is used once, so that a late answer to a delete hits nothing new.
        operationId: attempts++ === 0 ? operationId : `${operationId}-${attempts}`,
      })
      written = { found, result }
      return result.files
    },
    discard,
  }
}

function areSame(a: Found, b: Found): boolean {
  if (a.unchanged.size !== b.unchanged.size) return false
  for (const number of a.unchanged) if (!b.unchanged.has(number)) return false
  if (a.before !== undefined && b.before?.equals(a.before) !== true) return false
  if (a.rowIds === undefined || b.rowIds === undefined) return a.rowIds === b.rowIds
  return a.rowIds.every((id, i) => id === b.rowIds![i])
}

async function* batchesOf(
  rows: KeyedRows,
  { rowIds, unchanged, before }: Found,
  { input, rules, gone }: RowWriterParts,
): AsyncGenerator<RecordBatch> {
  const defaults = before && (await defaultRow([...(rules?.fields ?? []), ...keptColumns(input)]))
  for (const [i, all] of rows.batches.entries()) {
    const stays = (number: number) => !unchanged.has(number) && !gone.has(number)
    const numbers = rows.numbers[i]!.filter(stays)
    if (numbers.length === 0) continue
    const staying = () =>
      Int32Array.from(rows.numbers[i]!.keys()).filter((row) => stays(rows.numbers[i]![row]!))
    const batch = numbers.length === all.numRows ? all : takeRows(all, staying())
    const others = defaults && before!.take(numbers, defaults)
    const merged = rules?.merged(batch, numbers, { others: others!, before: before! }) ?? batch
    const kept = others?.data.children.slice(rules?.fields.length ?? 0)
    const whole = wholeRows(input, merged, kept, (row) => before!.isNew(numbers[row]!))
    if (rules !== undefined) requireValues(input, whole)
    yield rowIds === undefined ? whole : withRowIds(whole, numbers, rowIds)
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
