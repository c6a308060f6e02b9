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
import { keyColumns } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'
import type { RowComparer } from './unchanged-rows.ts'

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
  /** Numbers of keyed rows that are there as they are; they are not among those to be deleted. */
  readonly unchanged: ReadonlySet<number>
}

const NOTHING: FoundRows = { deleted: [], count: 0, rowIds: undefined, unchanged: new Set() }

/** The live rows of a snapshot that have a key of `rows`. With a comparer, those that would stay as they are, stay. */
export async function findRows(
  context: WritingContext,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  rows: KeyedRows,
  comparer?: RowComparer,
): Promise<FoundRows> {
  if (snapshot === undefined || rows.size === 0) return NOTHING
  const source = scanSource(context, metadata)
  const schema = currentSchema(metadata)
  const { signal } = context
  const tasks = snapshotTasks(source, snapshot, schema, rows.filter(), signal)
  const columns = comparer?.fields ?? rows.keys.map(({ column }) => column)
  const fields = metadata.formatVersion >= 3 ? [...columns, ROW_ID_COLUMN] : columns
  const finds = new Finds(rows.count)
  for await (const live of liveRows(source, tasks, { schema, fields, signal })) {
    const { task, length, positions } = live
    const values = live.columns.slice(0, columns.length)
    const numbers = rows.numbersOf(comparer === undefined ? values : keyColumns(rows.keys, values), length)
    const ids = idsOf(live.columns[columns.length])
    const isSame = comparer?.over(values, length)
    for (let row = 0; row < length; row++) {
      const number = numbers[row]!
      if (number >= 0) {
        finds.add(task, Number(positions[row]), number, ids?.[row], isSame?.(row, number) === true)
      }
    }
  }
  return finds.result()
}

interface FoundInFile {
  readonly task: ScanTask
  readonly positions: number[]
  readonly numbers: number[]
}

class Finds {
  readonly #timesFound: Uint8Array
  readonly #files: FoundInFile[] = []
  readonly #same = new Set<number>()
  #count = 0
  #rowIds: BigInt64Array | undefined

  constructor(count: number) {
    this.#timesFound = new Uint8Array(count)
  }

  /** Rows come file by file. */
  add(task: ScanTask, position: number, number: number, rowId: bigint | undefined, isSame: boolean): void {
    let file = this.#files.at(-1)
    if (file?.task !== task) {
      file = { task, positions: [], numbers: [] }
      this.#files.push(file)
    }
    file.positions.push(position)
    file.numbers.push(number)
    if (this.#timesFound[number] !== 0) {
      // One row takes the place of both.
      this.#same.delete(number)
      return
    }
    this.#timesFound[number] = 1
    this.#count++
    if (isSame) this.#same.add(number)
    if (rowId === undefined) return
    this.#rowIds ??= new BigInt64Array(this.#timesFound.length).fill(-1n)
    this.#rowIds[number] = rowId
  }

  result(): FoundRows {
    const deleted: RowsToDelete[] = []
    for (const { task, positions, numbers } of this.#files) {
      const gone = positions.filter((_, i) => !this.#same.has(numbers[i]!))
      if (gone.length > 0) deleted.push({ task, positions: PositionSet.of(gone), count: gone.length })
    }
    return { deleted, count: this.#count, rowIds: this.#rowIds, unchanged: this.#same }
  }
}

/** Undefined where the file has none. */
function idsOf(column: Data | undefined): BigInt64Array | undefined {
  return column === undefined || column.nullCount > 0 ? undefined : column.values
}
