import { Schema as ArrowSchema, type RecordBatch } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { takeRows } from '../../format/arrow/take.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import { writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { ColumnRules } from './column-rules.ts'
import type { FoundRows } from './finds.ts'
import { KeptFiles } from './kept-files.ts'
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
  const kept = new KeptFiles<Found>(parts.operationId, areSame)
  return {
    write({ rowIds, unchanged, before }) {
      const found = { rowIds, unchanged, before }
      return kept.write(found, async (operationId) =>
        writeDataFiles({
          ...(await dataFileOptions(context, metadata)),
          metadataFields: rowIds === undefined ? [] : [ROW_ID_COLUMN],
          batches: batchesOf(rows, found, parts),
          operationId,
        }),
      )
    },
    discard: () => kept.discard(),
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
  return batchOf(new ArrowSchema(fields), children, length)
}

const ROW_ID = arrowSchemaOf([ROW_ID_COLUMN]).fields[0]!
