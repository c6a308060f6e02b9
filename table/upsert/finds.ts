import type { DataFile } from '../../format/manifest.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import type { Standing } from './row-comparer.ts'
import type { RowsBefore } from './rows-before.ts'
import type { Candidate } from './sought-keys.ts'

/** Rows of one data file that are to be deleted. */
export interface RowsToDelete {
  readonly task: ScanTask
  /** Or all of its rows. */
  readonly positions: PositionSet | 'all'
  /** Rows that are live so far. */
  readonly count: number
}

/**
 * Writes what is new of the key index, of `files` too, which have all rows of the input, where there are any. Resolves to
 * what the snapshot's summary is to say of it.
 */
export type FinishIndex = (files?: readonly DataFile[]) => Promise<Readonly<Record<string, string>>>

export interface FoundRows {
  readonly deleted: readonly RowsToDelete[]
  /** By number of a keyed row, how many rows have its key. */
  readonly timesFound: Uint32Array
  /** By number of a keyed row the id of the row that it takes the place of; −1 for none. Undefined when there is none. */
  readonly rowIds: BigInt64Array | undefined
  /** Numbers of keyed rows that are there as they are, or came late; what is there is not among those to be deleted. */
  readonly unchanged: ReadonlySet<number>
  /** What the rows had, where it was asked for. */
  readonly before: RowsBefore | undefined
  readonly finishIndex: FinishIndex
}

interface FoundInFile {
  readonly task: ScanTask
  readonly positions: number[]
  readonly numbers: number[]
}

/** Gathers what is found of the rows that have a sought key. */
export class Finds {
  readonly #timesFound: Uint32Array
  readonly #files: FoundInFile[] = []
  readonly #same = new Set<number>()
  readonly #newer = new Set<number>()
  #rowIds: BigInt64Array | undefined

  constructor(count: number) {
    this.#timesFound = new Uint32Array(count)
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
    if (this.#timesFound[number]!++ > 0) {
      // One row takes the place of both.
      this.#same.delete(number)
      return
    }
    if (standing === 'same') this.#same.add(number)
    if (rowId === undefined) return
    this.#rowIds ??= new BigInt64Array(this.#timesFound.length).fill(-1n)
    this.#rowIds[number] = rowId
  }

  result(): Omit<FoundRows, 'finishIndex' | 'before'> {
    const deleted: RowsToDelete[] = []
    const unchanged = new Set([...this.#same, ...this.#newer])
    for (const { task, positions, numbers } of this.#files) {
      const gone = positions.filter((_, i) => !unchanged.has(numbers[i]!))
      if (gone.length > 0) deleted.push({ task, positions: PositionSet.of(gone), count: gone.length })
    }
    return { deleted, timesFound: this.#timesFound, rowIds: this.#rowIds, unchanged }
  }
}
