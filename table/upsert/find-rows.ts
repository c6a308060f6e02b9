import type { Data } from 'apache-arrow'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { liveRows, snapshotTasks } from '../../readers/live-rows.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import type { KeyedRows } from './keyed-rows.ts'

/** Rows of one data file that are to be deleted. */
export interface RowsToDelete {
  readonly task: ScanTask
  /** Or all of its rows. */
  readonly positions: PositionSet | 'all'
  /** Rows that are live so far. */
  readonly count: number
}

export interface FoundRows {
  readonly deleted: readonly RowsToDelete[]
  /** Of the keyed rows, those whose key was found. */
  readonly count: number
  /** By number of a keyed row the id of the row that it takes the place of; −1 for none. Undefined when there is none. */
  readonly rowIds: BigInt64Array | undefined
}

/** The live rows of a snapshot that have a key of `rows`. */
export async function findRows(
  context: WritingContext,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  rows: KeyedRows,
): Promise<FoundRows> {
  if (snapshot === undefined || rows.size === 0) return { deleted: [], count: 0, rowIds: undefined }
  const found = new Uint8Array(rows.count)
  const deleted: { task: ScanTask; positions: PositionSet; count: number }[] = []
  let count = 0
  let rowIds: BigInt64Array | undefined
  const source = scanSource(context, metadata)
  const schema = currentSchema(metadata)
  const { signal } = context
  const tasks = snapshotTasks(source, snapshot, schema, rows.filter(), signal)
  const keys = rows.keys.map(({ column }) => column)
  const fields = metadata.formatVersion >= 3 ? [...keys, ROW_ID_COLUMN] : keys
  const live = liveRows(source, tasks, { schema, fields, signal })
  for await (const { task, length, columns, positions } of live) {
    const numbers = rows.numbersOf(columns.slice(0, keys.length), length)
    const ids = idsOf(columns[keys.length])
    let ofFile = deleted.at(-1)
    for (let row = 0; row < length; row++) {
      const number = numbers[row]!
      if (number < 0) continue
      if (ofFile?.task !== task) {
        ofFile = { task, positions: new PositionSet(), count: 0 }
        deleted.push(ofFile)
      }
      ofFile.positions.add(Number(positions[row]))
      ofFile.count++
      if (found[number] === 1) continue
      found[number] = 1
      count++
      if (ids === undefined) continue
      rowIds ??= new BigInt64Array(rows.count).fill(-1n)
      rowIds[number] = ids[row]!
    }
  }
  return { deleted, count, rowIds }
}

/** Undefined where the file has none. */
function idsOf(column: Data | undefined): BigInt64Array | undefined {
  return column === undefined || column.nullCount > 0 ? undefined : column.values
}
