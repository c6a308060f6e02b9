import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { alwaysTrue } from '../../format/expressions/build.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { deletedPositions, liveRows, snapshotTasks } from '../../readers/live-rows.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import { keyColumns } from './key-fields.ts'
import type { Candidate, IndexedVersion, KeyIndexSession } from './key-index-session.ts'
import type { KeyedRows } from './keyed-rows.ts'
import type { RowComparer, Standing } from './row-comparer.ts'

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
  /** Numbers of keyed rows that are there as they are, or came late; what is there is not among those to be deleted. */
  readonly unchanged: ReadonlySet<number>
  /** Writes what is new of the key index; resolves to what the snapshot's summary is to say of it. */
  readonly finishIndex: () => Promise<Readonly<Record<string, string>>>
}

const NOTHING: FoundRows = {
  deleted: [],
  count: 0,
  rowIds: undefined,
  unchanged: new Set(),
  finishIndex: async () => ({}),
}

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
  if (snapshot === undefined || rows.size === 0) return NOTHING
  const source = scanSource(context, metadata)
  const schema = currentSchema(metadata)
  const { signal } = context
  const indexed = comparer === undefined ? await index?.open(metadata, snapshot) : undefined
  const tasks = snapshotTasks(source, snapshot, schema, rows.filter(), signal)
  const split = new SplitTasks(indexed)
  const columns = comparer?.fields ?? rows.keys.map(({ column }) => column)
  const fields = metadata.formatVersion >= 3 ? [...columns, ROW_ID_COLUMN] : columns
  const finds = new Finds(rows.count)
  for await (const live of liveRows(source, split.toRead(tasks), { schema, fields, signal })) {
    const { task, length, positions } = live
    const values = live.columns.slice(0, columns.length)
    const rowIds = live.columns[columns.length]
    const keys = comparer === undefined ? values : keyColumns(comparer.keys, values)
    const numbers = rows.numbersOf(keys, length)
    const whole = split.wholeOf(task)
    const standingOf = comparer?.over(values, length)
    for (let row = 0; row < length; row++) {
      const number = numbers[row]!
      if (number < 0) continue
      const found = { position: Number(positions[row]), number, rowId: idAt(rowIds, row) }
      if (whole === undefined) finds.add(task, found, standingOf?.(row, number))
      else whole.candidates.push(found)
    }
    if (whole !== undefined) await indexed!.add(task.dataFile, { keys: values, positions, rowIds })
  }
  for (const { task, candidates } of split.withCandidates()) {
    const deleted = await deletedPositions(source, schema, task, signal)
    for (const found of candidates) {
      if (deleted?.has(found.position) !== true) finds.add(task, withRowId(task, found, metadata))
    }
  }
  return { ...finds.result(), finishIndex: async () => indexed?.finish() ?? {} }
}

/** A data file of which all rows with a sought key are known, deleted or not. */
interface WholeTask {
  readonly task: ScanTask
  readonly candidates: Candidate[]
}

/** Tells files that the index covers, and those that it takes up, from others. */
class SplitTasks {
  readonly #indexed: IndexedVersion | undefined
  readonly #covered: WholeTask[] = []
  /** By what is read in their place. */
  readonly #whole = new Map<ScanTask, WholeTask>()

  constructor(indexed: IndexedVersion | undefined) {
    this.#indexed = indexed
  }

  /** Those whose files have to be read. */
  async *toRead(tasks: AsyncIterable<ScanTask>): AsyncGenerator<ScanTask> {
    for await (const task of tasks) {
      // Whether an equality delete hits a row is seen by reading the row.
      const isByPosition = task.deletes.every(({ file }) => file.content === 'position-deletes')
      if (this.#indexed === undefined || !isByPosition) {
        yield task
        continue
      }
      const candidates = this.#indexed.candidatesIn(task.dataFile)
      if (candidates !== undefined) {
        if (candidates.length > 0) this.#covered.push({ task, candidates: [...candidates] })
      } else if (this.#indexed.takes(task.dataFile)) {
        const whole: ScanTask = { ...task, deletes: [], residual: alwaysTrue }
        this.#whole.set(whole, { task, candidates: [] })
        yield whole
      } else yield task
    }
  }

  /** Undefined for a task that is read as it is. */
  wholeOf(task: ScanTask): WholeTask | undefined {
    return this.#whole.get(task)
  }

  *withCandidates(): Generator<WholeTask> {
    yield* this.#covered
    for (const whole of this.#whole.values()) if (whole.candidates.length > 0) yield whole
  }
}

/** By what the file says of rows without an id of their own (spec: "Row Lineage"). */
function withRowId({ dataFile }: ScanTask, found: Candidate, { formatVersion }: TableMetadata): Candidate {
  if (formatVersion < 3 || found.rowId !== undefined || dataFile.firstRowId === undefined) return found
  return { ...found, rowId: dataFile.firstRowId + BigInt(found.position) }
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
  readonly #newer = new Set<number>()
  #count = 0
  #rowIds: BigInt64Array | undefined

  constructor(count: number) {
    this.#timesFound = new Uint8Array(count)
  }

  /** Rows come file by file. */
  add(task: ScanTask, { position, number, rowId }: Candidate, standing: Standing = 'older'): void {
    let file = this.#files.at(-1)
    if (file?.task !== task) {
      file = { task, positions: [], numbers: [] }
      this.#files.push(file)
    }
    file.positions.push(position)
    file.numbers.push(number)
    if (standing === 'newer') this.#newer.add(number)
    if (this.#timesFound[number] !== 0) {
      // One row takes the place of both.
      this.#same.delete(number)
      return
    }
    this.#timesFound[number] = 1
    this.#count++
    if (standing === 'same') this.#same.add(number)
    if (rowId === undefined) return
    this.#rowIds ??= new BigInt64Array(this.#timesFound.length).fill(-1n)
    this.#rowIds[number] = rowId
  }

  result(): Omit<FoundRows, 'finishIndex'> {
    const deleted: RowsToDelete[] = []
    const unchanged = new Set([...this.#same, ...this.#newer])
    for (const { task, positions, numbers } of this.#files) {
      const gone = positions.filter((_, i) => !unchanged.has(numbers[i]!))
      if (gone.length > 0) deleted.push({ task, positions: PositionSet.of(gone), count: gone.length })
    }
    return { deleted, count: this.#count, rowIds: this.#rowIds, unchanged }
  }
}

function idAt(column: Data | undefined, row: number): bigint | undefined {
  if (column === undefined) return undefined
  const { nullCount, nullBitmap, offset } = column
  if (nullCount > 0 && !bitAt(nullBitmap as Uint8Array, offset + row)) return undefined
  return (column.values as BigInt64Array)[row]
}
