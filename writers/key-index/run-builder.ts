import { fileRanges } from '../../format/key-index/file-ranges.ts'
import type { KeyCodes } from '../../format/key-index/key-codes.ts'
import {
  concatEntries,
  type KeyEntries,
  pickEntries,
  sortEntries,
} from '../../format/key-index/key-entries.ts'
import type { IndexedFile } from '../../format/key-index/run-file.ts'

/** Entries of a run that is to be written, in order, and the data files that they are of. */
export interface UnwrittenRun {
  readonly entries: KeyEntries
  readonly files: readonly IndexedFile[]
}

/** So many entries are held, and are one run: about 60 MB, and while they are sorted twice that. */
const MAX_RUN_ENTRIES = 2_000_000

type WholeFile = Pick<IndexedFile, 'path' | 'sizeInBytes' | 'recordCount'>

/** Collects the keys of data files, file by file, each from its first row to its last. */
export class RunBuilder {
  readonly #maxEntries: number
  #parts: KeyEntries[] = []
  #files: IndexedFile[] = []
  #entries = 0
  #file: { readonly whole: WholeFile; first: number; rows: number; firstPart: number } | undefined

  constructor(maxEntries = MAX_RUN_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  begin(whole: WholeFile): void {
    this.#endFile()
    this.#file = { whole, first: 0, rows: 0, firstPart: this.#parts.length }
  }

  /** Adds the next rows of the file at hand. Row ids of −1 follow from the file. */
  add(codes: KeyCodes, rowId: Float64Array): void {
    const at = this.#file!
    const { length } = codes
    const position = new Uint32Array(length)
    for (let row = 0; row < length; row++) position[row] = at.first + at.rows + row
    this.#parts.push({ ...codes, file: new Uint32Array(length).fill(this.#files.length), position, rowId })
    this.#entries += length
    at.rows += length
  }

  /** Leaves out the file at hand, whose rows cannot be indexed. */
  drop(): void {
    for (const { length } of this.#parts.splice(this.#file!.firstPart)) this.#entries -= length
    this.#file = undefined
  }

  /** A run of what was added, when it is enough for one; the file at hand goes on in the next. */
  full(): UnwrittenRun | undefined {
    if (this.#entries < this.#maxEntries) return undefined
    const file = this.#file
    const run = this.rest()
    if (file !== undefined) {
      this.#file = { whole: file.whole, first: file.first + file.rows, rows: 0, firstPart: 0 }
    }
    return run
  }

  /** A run of all that is left; undefined when nothing is. */
  rest(): UnwrittenRun | undefined {
    this.#endFile()
    if (this.#entries === 0) return undefined
    const run = { entries: sortEntries(concatEntries(this.#parts)), files: this.#files }
    this.#parts = []
    this.#files = []
    this.#entries = 0
    return run
  }

  #endFile(): void {
    if (this.#file === undefined) return
    const { whole, first, rows } = this.#file
    if (rows > 0) this.#files.push({ ...whole, first, rows })
    this.#file = undefined
  }
}

/** Puts runs together, without what several of them have. */
export function joinRuns(runs: readonly UnwrittenRun[]): UnwrittenRun {
  const ranges = fileRanges(runs.map(({ files }) => files))
  const listed: IndexedFile[] = []
  const parts = runs.map(({ entries, files }, run) => {
    const numbers = files.map((file, i) => {
      const range = ranges.rangeOf(run, i)
      if (range === undefined) return undefined
      return { range, number: listed.push({ ...file, first: range.from, rows: range.to - range.from }) - 1 }
    })
    const kept = new Uint32Array(entries.length)
    let count = 0
    for (let entry = 0; entry < entries.length; entry++) {
      const range = numbers[entries.file[entry]!]?.range
      const position = entries.position[entry]!
      if (range !== undefined && position >= range.from && position < range.to) kept[count++] = entry
    }
    const own = count === entries.length ? entries : pickEntries(entries, kept.subarray(0, count))
    return { ...own, file: own.file.map((file) => numbers[file]!.number) }
  })
  return { entries: sortEntries(concatEntries(parts)), files: listed }
}
