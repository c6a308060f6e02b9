import { Schema as ArrowSchema, type Data, type RecordBatch } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { takeRows } from '../../format/arrow/take.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { LateValues } from '../../writers/late-column.ts'
import { writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { ColumnRules } from './column-rules.ts'
import type { FoundRows } from './finds.ts'
import { KeptFiles } from './kept-files.ts'
import type { KeyedRows } from './keyed-rows.ts'
import { defaultRow, keptColumns, type PartialInput, requireValues, wholeRows } from './partial-rows.ts'
import { ROW_ID, ROW_ID_SCHEMA, rowIdColumn } from './row-id-column.ts'

type Found = Pick<FoundRows, 'rowIds' | 'unchanged' | 'before'>

export interface RowWriter {
  /**
   * Data files of the rows that are not unchanged, those that take another's place with its id (spec: "Row Lineage"),
   * if there may be ids. The same files as before where both are the same. Rejects where `finding` does.
   */
  write(finding: Promise<Found>, mayHaveIds: boolean): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export interface RowWriterParts {
  readonly operationId: string
  readonly input: PartialInput
  readonly rules?: ColumnRules | undefined
  /** Numbers of rows that are to be deleted, and not written. */
  readonly gone: ReadonlySet<number>
  /** Whether all rows are written as they are, whatever is found: then that begins before it is known. */
  readonly isAll: boolean
}

export function rowWriter(
  context: WritingContext,
  metadata: TableMetadata,
  rows: KeyedRows,
  parts: RowWriterParts,
): RowWriter {
  const files = new KeptFiles<Found>(parts.operationId, areSame)
  const writeAll = async (finding: Promise<Found>, mayHaveIds: boolean, operationId: string) => {
    const ids = () => ({ metadataFields: [ROW_ID_COLUMN], lateValues: handled(finding.then(rowIdsFor)) })
    return writeDataFiles({
      ...(await dataFileOptions(context, metadata)),
      ...(mayHaveIds ? ids() : {}),
      batches: allBatches(rows, parts.input, mayHaveIds),
      operationId,
    })
  }
  const writeSome = async (finding: Promise<Found>, operationId: string) => {
    const found = await finding
    return writeDataFiles({
      ...(await dataFileOptions(context, metadata)),
      metadataFields: found.rowIds === undefined ? [] : [ROW_ID_COLUMN],
      batches: batchesOf(rows, found, parts),
      operationId,
    })
  }
  return {
    write(finding, mayHaveIds) {
      const kept = handled(finding.then(({ rowIds, unchanged, before }) => ({ rowIds, unchanged, before })))
      return files.write(kept, (operationId) =>
        parts.isAll ? writeAll(kept, mayHaveIds, operationId) : writeSome(kept, operationId),
      )
    },
    discard: () => files.discard(),
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

/** Whoever waits for it is told that it has failed; nobody may have got there yet. */
function handled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

/** All rows, with the number of each where its id goes if there may be ids. */
async function* allBatches(
  { batches, numbers }: KeyedRows,
  input: PartialInput,
  mayHaveIds: boolean,
): AsyncGenerator<RecordBatch> {
  for (const [i, batch] of batches.entries()) {
    const whole = wholeRows(input, batch)
    yield mayHaveIds ? withColumn(whole, numberColumn(numbers[i]!)) : whole
  }
}

function numberColumn(numbers: Float64Array): Data {
  const values = new BigInt64Array(numbers.length)
  for (let row = 0; row < values.length; row++) values[row] = BigInt(numbers[row]!)
  return arrowData(ROW_ID.type, values.length, { values })
}

/** Puts ids in place of numbers. */
function rowIdsFor({ rowIds }: Found): LateValues {
  return ({ data: { children }, numRows }) => {
    const numbers: BigInt64Array = children[0]!.values
    const ids = rowIdColumn(numRows, (row) => rowIds?.[Number(numbers[row])] ?? -1n)
    return batchOf(ROW_ID_SCHEMA, [ids], numRows)
  }
}

function withRowIds(batch: RecordBatch, numbers: Float64Array, rowIds: BigInt64Array): RecordBatch {
  return withColumn(
    batch,
    rowIdColumn(batch.numRows, (row) => rowIds[numbers[row]!]!),
  )
}

function withColumn({ schema, data, numRows }: RecordBatch, ids: Data): RecordBatch {
  return batchOf(new ArrowSchema([...schema.fields, ROW_ID]), [...data.children, ids], numRows)
}
