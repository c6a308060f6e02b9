import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { deletedPositions, liveRows, snapshotTasks } from '../../readers/live-rows.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import { Finds, type FoundRows } from './finds.ts'
import { keyColumns } from './key-fields.ts'
import type { KeyIndexSession } from './key-index-session.ts'
import type { KeyedRows } from './keyed-rows.ts'
import type { RowComparer } from './row-comparer.ts'
import { type FoundRow, RowsBefore } from './rows-before.ts'
import type { Candidate } from './sought-keys.ts'
import { SplitTasks } from './split-tasks.ts'

export interface FindOptions {
  /** Tells rows that stay as they are. The index knows too little for it, and is not asked. */
  readonly comparer?: RowComparer | undefined
  readonly index?: KeyIndexSession | undefined
}

/** The live rows of a snapshot that have a key of `rows`. */
export async function findRows(
  context: WritingContext,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  rows: KeyedRows,
  { comparer, index }: FindOptions = {},
): Promise<FoundRows> {
  const before = comparer?.kept === undefined ? undefined : new RowsBefore(comparer.kept, rows.count)
  const finds = new Finds(rows.count)
  if (snapshot === undefined || rows.size === 0) {
    return { ...finds.result(), before, finishIndex: async () => ({}) }
  }
  const source = scanSource(context, metadata)
  const schema = currentSchema(metadata)
  const { signal } = context
  const indexed = comparer === undefined ? await index?.open(metadata, snapshot) : undefined
  const tasks = snapshotTasks(source, snapshot, schema, rows.filter(), signal)
  const split = new SplitTasks(indexed)
  const columns = comparer?.fields ?? rows.keys.map(({ column }) => column)
  const fields = metadata.formatVersion >= 3 ? [...columns, ROW_ID_COLUMN] : columns
  for await (const live of liveRows(source, split.toRead(tasks), { schema, fields, signal })) {
    const { task, length, positions } = live
    const values = live.columns.slice(0, columns.length)
    const rowIds = live.columns[columns.length]
    const keys = comparer === undefined ? values : keyColumns(comparer.keys, values)
    const numbers = rows.numbersOf(keys, length)
    const whole = split.wholeOf(task)
    const standingOf = comparer?.over(values, length)
    const kept: FoundRow[] = []
    for (let row = 0; row < length; row++) {
      const number = numbers[row]!
      if (number < 0) continue
      const found = { position: Number(positions[row]), number, rowId: idAt(rowIds, row) }
      if (before !== undefined) kept.push({ row, number })
      if (whole === undefined) finds.add(task, found, standingOf?.(row, number))
      else whole.candidates.push(found)
    }
    before?.keep(live, comparer!.keptOf(values), kept)
    if (whole !== undefined) await indexed!.add(task.dataFile, { keys: values, positions, rowIds })
  }
  for (const { task, candidates } of split.withCandidates()) {
    const deleted = await deletedPositions(source, schema, task, signal)
    for (const found of candidates) {
      if (deleted?.has(found.position) !== true) finds.add(task, withRowId(task, found, metadata))
    }
  }
  return { ...finds.result(), before, finishIndex: async () => indexed?.finish() ?? {} }
}

/** By what the file says of rows without an id of their own (spec: "Row Lineage"). */
function withRowId({ dataFile }: ScanTask, found: Candidate, { formatVersion }: TableMetadata): Candidate {
  if (formatVersion < 3 || found.rowId !== undefined || dataFile.firstRowId === undefined) return found
  return { ...found, rowId: dataFile.firstRowId + BigInt(found.position) }
}

function idAt(column: Data | undefined, row: number): bigint | undefined {
  if (column === undefined) return undefined
  const { nullCount, nullBitmap, offset } = column
  if (nullCount > 0 && !bitAt(nullBitmap as Uint8Array, offset + row)) return undefined
  return (column.values as BigInt64Array)[row]
}
