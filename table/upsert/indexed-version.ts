import type { Data } from 'apache-arrow'
import { bitAt } from '../../format/arrow/bitmap.ts'
import { type IndexRoot, KEY_INDEX, type OpenRun } from '../../format/key-index/index-root.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { KeyCoder } from '../../readers/key-index/key-coder.ts'
import { type KeyIndex, keyIndex } from '../../readers/key-index/key-index.ts'
import type { KeyIndexWriter } from '../../writers/key-index/key-index-writer.ts'
import { RunBuilder, type UnwrittenRun } from '../../writers/key-index/run-builder.ts'
import type { Candidate } from './sought-keys.ts'

/** Files with more rows are read in full for many keys only: a few are found by reading little. */
const MANY_ROWS = 200_000n
const MAX_POSITIONS = 2n ** 32n

export interface VersionParts {
  /** When runs were merged, some are of no use any more. */
  readonly onMerge: () => Promise<void>
  /** Told of what was written: the name of the root, and what it says. */
  readonly onWrite: (name: string, root: IndexRoot, runs: readonly OpenRun[]) => void
  readonly index: KeyIndex
  /** By path of the data file. */
  readonly candidates: ReadonlyMap<string, readonly Candidate[]>
  /** Whether many keys are sought. */
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

  covers(file: DataFile): boolean {
    return this.#parts.index.covers(file)
  }

  /** The rows of a file that have a sought key; undefined where the index does not cover it. */
  candidatesIn(file: DataFile): readonly Candidate[] | undefined {
    const { candidates } = this.#parts
    return this.covers(file) ? (candidates.get(file.filePath) ?? []) : undefined
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
    const { index, writer, own, onMerge, onWrite } = this.#parts
    if (own.length === 0) return {}
    const { tableUuid, key } = index.root
    const all = keyIndex(index.root, [...new Set([...index.runs, ...own])])
    const useful = all.runs.filter((run, i) =>
      run.footer.files.some((_, file) => all.rangeOf(i, file) !== undefined),
    )
    const runs = await writer.merged(key.form, useful)
    if (runs !== useful) await onMerge()
    const root = { tableUuid, key, runs: runs.map(({ ref }) => ref) }
    const name = await writer.writeRoot(root)
    onWrite(name, root, runs)
    return { [KEY_INDEX]: name }
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
