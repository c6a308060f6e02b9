/**
 * The key index as one change of rows uses it: what it covers is looked up, what it does not is read in full and added,
 * so that the next change finds it there. (docs/decisions/key-index.md)
 */
import type { Data, RecordBatch } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { type IndexedKey, isSameKey, KEY_INDEX, type OpenRun } from '../../format/key-index/index-root.ts'
import { concatCodes, type KeyCodes, orderOf, pickCodes } from '../../format/key-index/key-codes.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { readProperty } from '../../format/table-properties.ts'
import { typeToString } from '../../format/types.ts'
import { type KeyCoder, keyCoder, keyFormOf } from '../../readers/key-index/key-coder.ts'
import {
  type KeyIndex,
  keyIndex,
  keyIndexFiles,
  keyIndexFolder,
  openKeyIndex,
} from '../../readers/key-index/key-index.ts'
import { type Hit, lookUp } from '../../readers/key-index/look-up.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { orGone } from '../../storage/or-gone.ts'
import { collectGarbage } from '../../writers/key-index/collect-garbage.ts'
import { KeyIndexWriter } from '../../writers/key-index/key-index-writer.ts'
import { RunBuilder, type UnwrittenRun } from '../../writers/key-index/run-builder.ts'
import type { WritingContext } from '../writing-context.ts'
import { type KeyField, keyColumns } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'

/** Files with more rows are read in full for many keys only: a few are found by reading little. */
const MANY_ROWS = 200_000n
const MANY_KEYS = 200
const MAX_POSITIONS = 2n ** 32n
/** Entries that are never too many. */
const SMALL_INDEX = 100_000

/** A row of a data file that has a sought key, deleted or not. */
export interface Candidate {
  readonly position: number
  /** Undefined where it follows from the file, or there is none. */
  readonly rowId: bigint | undefined
  /** Of the row that seeks it. */
  readonly number: number
}

/** One for each change; `open` for each version that it is tried on. */
export class KeyIndexSession {
  readonly #context: WritingContext
  readonly #rows: KeyedRows
  readonly #operationId: string
  /** Written by this change, of files of one version or another. */
  readonly #own: OpenRun[] = []
  #writer: KeyIndexWriter | undefined

  constructor(context: WritingContext, rows: KeyedRows, operationId: string) {
    this.#context = context
    this.#rows = rows
    this.#operationId = operationId
  }

  /** Looks up all keys. Undefined where the table has an index of other keys, or should have none. */
  async open(metadata: TableMetadata, snapshot: Snapshot): Promise<IndexedVersion | undefined> {
    const { tableUuid, properties, formatVersion } = metadata
    if (tableUuid === undefined || !readProperty(properties, 'moraine.key-index.enabled')) return undefined
    const { store, signal } = this.#context
    const { keys } = this.#rows
    const key = keyOf(keys, formatVersion >= 3)
    const coder = keyCoder(
      keys.map(({ column }) => column),
      key.form,
    )
    const sought = soughtCodes(this.#rows, coder)
    if (sought === undefined) return undefined
    const found = await openKeyIndex({ metadata, store, signal }, snapshot)
    const isSame = found !== undefined && isSameKey(found.root.key, key)
    if (found !== undefined && !isSame && !isIdentifier(metadata, keys)) return undefined
    this.#writer ??= new KeyIndexWriter({
      store,
      operationId: this.#operationId,
      folder: keyIndexFolder(metadata),
      signal,
    })
    const known = isSame && !isBloated(found, snapshot) ? found.runs : []
    const lookups = await Promise.all(
      [...known, ...this.#own].map(async (run) => ({
        run,
        hits: await orGone(() => collect(lookUp(store, run, sought.codes, signal))),
      })),
    )
    // A run that is damaged or gone is not missed: its files are read.
    const whole = lookups.flatMap(({ run, hits }) => (hits === undefined ? [] : [{ run, hits }]))
    const index = keyIndex(
      { tableUuid, key, runs: [] },
      whole.map(({ run }) => run),
    )
    return new IndexedVersion({
      index,
      candidates: candidatesOf(
        index,
        whole.map(({ hits }) => hits),
        sought,
      ),
      isMany: sought.numbers.length > MANY_KEYS,
      coder,
      writer: this.#writer,
      own: this.#own,
      onMerge: () => this.#collectGarbage(metadata),
    })
  }

  /** A courtesy: what cannot be deleted now is deleted another time. */
  async #collectGarbage(metadata: TableMetadata): Promise<void> {
    if (!readProperty(metadata.properties, 'gc.enabled')) return
    const { store, signal, environment } = this.#context
    try {
      await collectGarbage({
        store,
        folder: keyIndexFolder(metadata),
        inUse: await keyIndexFiles({ metadata, store, signal }),
        nowMs: environment.now(),
        signal,
      })
    } catch {
      throwIfAborted(signal)
    }
  }

  /** Deletes what was written. */
  async discard(): Promise<void> {
    this.#own.length = 0
    await this.#writer?.discard()
  }
}

interface VersionParts {
  /** When runs were merged, some are of no use any more. */
  readonly onMerge: () => Promise<void>
  readonly index: KeyIndex
  /** By path of the data file. */
  readonly candidates: ReadonlyMap<string, readonly Candidate[]>
  readonly isMany: boolean
  readonly coder: KeyCoder
  readonly writer: KeyIndexWriter
  readonly own: OpenRun[]
}

/** The index of the files of one version, which grows as files are read. */
export class IndexedVersion {
  readonly #parts: VersionParts
  readonly #builder = new RunBuilder()
  #file: DataFile | undefined
  #isDropped = false

  constructor(parts: VersionParts) {
    this.#parts = parts
  }

  /** The rows of a file that have a sought key; undefined where the index does not cover it. */
  candidatesIn(file: DataFile): readonly Candidate[] | undefined {
    const { index, candidates } = this.#parts
    return index.covers(file) ? (candidates.get(file.filePath) ?? []) : undefined
  }

  /** Whether a file that is not covered is worth reading in full, so that it is: not one whose rows nobody has counted. */
  takes({ recordCount }: DataFile): boolean {
    if (recordCount <= 0n) return false
    return recordCount <= MANY_ROWS || (this.#parts.isMany && recordCount < MAX_POSITIONS)
  }

  /** Adds rows, all of a file one batch after the other. */
  async add(file: DataFile, rows: IndexedRows): Promise<void> {
    if (file !== this.#file) {
      this.#file = file
      this.#isDropped = false
      this.#builder.begin({
        path: file.filePath,
        sizeInBytes: Number(file.fileSizeInBytes),
        recordCount: Number(file.recordCount),
      })
    }
    if (this.#isDropped) return
    const codes = this.#parts.coder(rows.keys, rows.positions.length)
    const rowIds = ownRowIds(file, rows)
    if (codes === undefined || rowIds === undefined) {
      this.#isDropped = true
      this.#builder.drop()
      return
    }
    this.#builder.add(codes, rowIds)
    await this.#write(this.#builder.full())
  }

  /** Writes what was added; resolves to what the snapshot's summary is to say. */
  async finish(): Promise<Readonly<Record<string, string>>> {
    await this.#write(this.#builder.rest())
    const { index, writer, own, onMerge } = this.#parts
    if (own.length === 0) return {}
    const { tableUuid, key } = index.root
    const all = keyIndex(index.root, [...new Set([...index.runs, ...own])])
    const useful = all.runs.filter((run, i) =>
      run.footer.files.some((_, file) => all.rangeOf(i, file) !== undefined),
    )
    const runs = await writer.merged(key.form, useful)
    if (runs !== useful) await onMerge()
    return { [KEY_INDEX]: await writer.writeRoot({ tableUuid, key, runs: runs.map(({ ref }) => ref) }) }
  }

  async #write(run: UnwrittenRun | undefined): Promise<void> {
    if (run === undefined) return
    const { index, writer, own } = this.#parts
    own.push(await writer.writeRun(index.root.key.form, run))
  }
}

export interface IndexedRows {
  readonly keys: readonly Data[]
  readonly positions: BigInt64Array
  /** Of version 3. */
  readonly rowIds: Data | undefined
}

/** −1 for those that follow from the file; undefined where one cannot be held exactly. */
function ownRowIds({ firstRowId }: DataFile, { positions, rowIds }: IndexedRows): Float64Array | undefined {
  const own = new Float64Array(positions.length).fill(-1)
  if (rowIds === undefined) return own
  const { nullCount, nullBitmap, offset } = rowIds
  const values: BigInt64Array = rowIds.values
  for (let row = 0; row < own.length; row++) {
    if (nullCount > 0 && !bitAt(nullBitmap as Uint8Array, offset + row)) continue
    const id = values[row]!
    if (firstRowId !== undefined && id === firstRowId + positions[row]!) continue
    own[row] = Number(id)
    if (!Number.isSafeInteger(own[row])) return undefined
  }
  return own
}

/** More than half of the entries are of data files that are gone: the index is made anew, in the time that made it so. */
function isBloated({ root }: KeyIndex, { summary }: Snapshot): boolean {
  const records = Number(summary['total-records'] ?? Number.NaN)
  const entries = root.runs.reduce((sum, run) => sum + run.entries, 0)
  return entries > 2 * records + SMALL_INDEX
}

/** Codes in order, and of each the number of its row. */
interface Sought {
  readonly codes: KeyCodes
  readonly numbers: Float64Array
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** By path of the data file. */
function candidatesOf(
  { runs, rangeOf }: KeyIndex,
  hits: readonly (readonly Hit[])[],
  { numbers }: Sought,
): ReadonlyMap<string, readonly Candidate[]> {
  const candidates = new Map<string, Candidate[]>()
  for (const [run, ofRun] of hits.entries()) {
    const { files } = runs[run]!.footer
    for (const { file, position, rowId, row } of ofRun) {
      const range = rangeOf(run, file)
      if (range === undefined || position < range.from || position >= range.to) continue
      const { path } = files[file]!
      const ofFile = candidates.get(path) ?? []
      candidates.set(path, ofFile)
      ofFile.push({ position, rowId: rowId === undefined ? undefined : BigInt(rowId), number: numbers[row]! })
    }
  }
  return candidates
}

function soughtCodes(rows: KeyedRows, coder: KeyCoder): Sought | undefined {
  const coded = rows.batches.map((batch: RecordBatch) =>
    coder(keyColumns(rows.keys, batch.data.children), batch.numRows),
  )
  if (!coded.every((codes) => codes !== undefined)) return undefined
  const codes = concatCodes(coded)
  const numbers = new Float64Array(codes.length)
  let at = 0
  for (const part of rows.numbers) {
    numbers.set(part, at)
    at += part.length
  }
  const order = orderOf(codes)
  if (order === undefined) return { codes, numbers }
  return { codes: pickCodes(codes, order), numbers: Float64Array.from(order, (row) => numbers[row]!) }
}

function keyOf(keys: readonly KeyField[], hasRowIds: boolean): IndexedKey {
  return {
    fieldIds: keys.map(({ field }) => field.id),
    types: keys.map(({ field }) => typeToString(field.type)),
    form: keyFormOf(keys.map(({ column }) => column)),
    hasRowIds,
  }
}

function isIdentifier(metadata: TableMetadata, keys: readonly KeyField[]): boolean {
  const ids = new Set(currentSchema(metadata).identifierFieldIds)
  return ids.size === keys.length && keys.every(({ field }) => ids.has(field.id))
}
