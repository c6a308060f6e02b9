import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import type { Schema } from '../../format/schema.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import type { NestedField } from '../../format/types.ts'
import { deletedPositions, type LiveRows, liveRows, snapshotTasks } from '../../readers/live-rows.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanSource } from '../../readers/scan.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { mapJobs } from '../../threads/map-jobs.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import { Finds, type FinishIndex, type FoundRows } from './finds.ts'
import { indexWritten } from './index-written.ts'
import type { IndexedVersion } from './indexed-version.ts'
import { type KeyField, keyColumns } from './key-fields.ts'
import type { KeyIndexSession } from './key-index-session.ts'
import type { KeyedRows } from './keyed-rows.ts'
import type { RowComparer } from './row-comparer.ts'
import { type FoundRow, RowsBefore } from './rows-before.ts'
import type { Candidate } from './sought-keys.ts'
import { SplitTasks, type WholeTask } from './split-tasks.ts'

export interface FindOptions {
  /** Tells rows that stay as they are: by more than their keys, so that rows are read where the index says that they are. */
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
  const search = await openSearch(context, metadata, snapshot, rows, index)
  if (comparer === undefined) await findByKeys(search, finds)
  else {
    await visitRows(search, comparer, ({ live, values, rowIds, found }) => {
      const standingOf = comparer.over(values, live.length)
      for (const { row, number } of found) {
        const candidate = { position: Number(live.positions[row]), number, rowId: idAt(rowIds, row) }
        finds.add(live.task, candidate, standingOf(row, number))
      }
      before?.keep(live, comparer.keptOf(values), found)
    })
  }
  const result = finds.result()
  const finishIndex: FinishIndex = async (files = []) => {
    if (search.indexed !== undefined) await indexWritten(search.indexed, rows, result.rowIds, files)
    return search.finishIndex()
  }
  return { ...result, before, finishIndex }
}

/** Looking for the rows of a snapshot that have one of some keys. */
export interface Search {
  /** Writes what is new of the key index; resolves to what the snapshot's summary is to say of it. */
  readonly finishIndex: () => Promise<Readonly<Record<string, string>>>
  readonly source: ScanSource
  readonly schema: Schema
  readonly metadata: TableMetadata
  readonly rows: KeyedRows
  readonly tasks: AsyncIterable<ScanTask>
  readonly indexed: IndexedVersion | undefined
  readonly split: SplitTasks
  readonly signal: AbortSignal | undefined
}

export async function openSearch(
  context: WritingContext,
  metadata: TableMetadata,
  snapshot: Snapshot,
  rows: KeyedRows,
  index: KeyIndexSession | undefined,
): Promise<Search> {
  const indexed = await index?.open(metadata, snapshot)
  const { signal } = context
  const [source, schema] = [scanSource(context, metadata), currentSchema(metadata)]
  return {
    finishIndex: async () => indexed?.finish() ?? {},
    source,
    schema,
    metadata,
    rows,
    tasks: snapshotTasks(source, snapshot, schema, rows.filter(), signal),
    indexed,
    split: new SplitTasks(indexed),
    signal,
  }
}

/** Files of which it is asked at once what is deleted in them. */
const LOADED_AT_ONCE = 16

/** Reads keys, and of files that the index covers nothing. */
async function findByKeys(search: Search, finds: Finds): Promise<void> {
  const { source, schema, metadata, tasks, split, signal } = search
  await readKeys(search, split.toRead(tasks), finds)
  const deletedIn = await deletedPositions(source, schema, signal)
  const load = async ({ task, candidates }: WholeTask) => ({
    task,
    candidates,
    deleted: await deletedIn(task),
  })
  const loaded = mapJobs(split.withCandidates(), load, { window: LOADED_AT_ONCE })
  for await (const { task, candidates, deleted } of loaded) {
    for (const found of candidates) {
      if (deleted?.has(found.position) !== true) finds.add(task, withRowId(task, found, metadata))
    }
  }
}

/** Rows of one batch that have a sought key. */
export interface VisitedRows {
  readonly live: LiveRows
  /** Columns as asked for. */
  readonly values: readonly Data[]
  /** Of version 3. */
  readonly rowIds: Data | undefined
  readonly found: readonly FoundRow[]
}

/** Reads `fields` of the rows, the `keys` among them, of files that the index covers where it says that they are. */
export async function visitRows(
  search: Search,
  { fields, keys }: { readonly fields: readonly NestedField[]; readonly keys: readonly KeyField[] },
  visit: (rows: VisitedRows) => void,
): Promise<void> {
  const { source, schema, metadata, rows, tasks, indexed, split, signal } = search
  if (indexed !== undefined) await readKeys(search, split.toIndex(tasks))
  const onlyOf = (task: ScanTask) => split.positionsIn(task)
  const toRead = indexed === undefined ? tasks : split.toCompare()
  const request = { schema, fields: withLineage(metadata, fields), onlyOf, signal }
  for await (const live of liveRows(source, toRead, request)) {
    const values = live.columns.slice(0, fields.length)
    const numbers = rows.numbersOf(keyColumns(keys, values), live.length)
    const found = [...numbers.keys()].flatMap((row) =>
      numbers[row]! < 0 ? [] : [{ row, number: numbers[row]! }],
    )
    visit({ live, values, rowIds: live.columns[fields.length], found })
  }
}

/** Finds the rows of tasks by their keys, or adds all of them to the index. */
async function readKeys(search: Search, tasks: AsyncIterable<ScanTask>, finds?: Finds): Promise<void> {
  const { source, schema, metadata, rows, indexed, split, signal } = search
  const columns = rows.keys.map(({ column }) => column)
  const fields = withLineage(metadata, columns)
  for await (const live of liveRows(source, tasks, { schema, fields, signal })) {
    const { task, length, positions } = live
    const keys = live.columns.slice(0, columns.length)
    const rowIds = live.columns[columns.length]
    const numbers = rows.numbersOf(keys, length)
    const whole = split.wholeOf(task)
    for (let row = 0; row < length; row++) {
      const number = numbers[row]!
      if (number < 0) continue
      const found = { position: Number(positions[row]), number, rowId: idAt(rowIds, row) }
      if (whole === undefined) finds!.add(task, found)
      else whole.candidates.push(found)
    }
    if (whole !== undefined) await indexed!.add(task.dataFile, { keys, positions, rowIds })
  }
}

function withLineage(
  { formatVersion }: TableMetadata,
  fields: readonly NestedField[],
): readonly NestedField[] {
  return formatVersion >= 3 ? [...fields, ROW_ID_COLUMN] : fields
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
