import { alwaysTrue } from '../../format/expressions/build.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import type { IndexedVersion } from './indexed-version.ts'
import type { Candidate } from './sought-keys.ts'

/** A data file of which all rows with a sought key are known, deleted or not. */
export interface WholeTask {
  readonly task: ScanTask
  readonly candidates: Candidate[]
}

/** Tells files that the index covers, and those that it takes up, from others. */
export class SplitTasks {
  readonly #indexed: IndexedVersion | undefined
  readonly #covered: WholeTask[] = []
  /** By what is read in their place. */
  readonly #whole = new Map<ScanTask, WholeTask>()
  /** Neither covered nor taken up. */
  readonly #others: ScanTask[] = []
  readonly #positions = new Map<ScanTask, PositionSet>()

  constructor(indexed: IndexedVersion | undefined) {
    this.#indexed = indexed
  }

  /** Those that are read as they are, and those of which the index takes up the rows. */
  async *toRead(tasks: AsyncIterable<ScanTask>): AsyncGenerator<ScanTask> {
    for await (const task of tasks) yield* this.#readOf(task)
  }

  /** Those of which the index takes up the rows; others are left to `toCompare`. */
  async *toIndex(tasks: AsyncIterable<ScanTask>): AsyncGenerator<ScanTask> {
    for await (const task of tasks) {
      for (const read of this.#readOf(task)) {
        if (this.#whole.has(read)) yield read
        else this.#others.push(task)
      }
    }
  }

  /** When `toIndex` is through: the tasks with a row that may have a sought key. */
  async *toCompare(): AsyncGenerator<ScanTask> {
    for (const { task, candidates } of this.withCandidates()) {
      const chosen: ScanTask = { ...task, residual: alwaysTrue }
      this.#positions.set(chosen, PositionSet.of(candidates.map(({ position }) => position)))
      yield chosen
    }
    yield* this.#others
  }

  /** Where the rows are that may have a sought key; undefined where that is not known. */
  positionsIn(task: ScanTask): PositionSet | undefined {
    return this.#positions.get(task)
  }

  /** Undefined for a task that is read as it is. */
  wholeOf(task: ScanTask): WholeTask | undefined {
    return this.#whole.get(task)
  }

  *#readOf(task: ScanTask): Generator<ScanTask> {
    // Whether an equality delete hits a row is seen by reading the row.
    const isByPosition = task.deletes.every(({ file }) => file.content === 'position-deletes')
    if (this.#indexed === undefined || !isByPosition) {
      yield task
      return
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

  *withCandidates(): Generator<WholeTask> {
    yield* this.#covered
    for (const whole of this.#whole.values()) if (whole.candidates.length > 0) yield whole
  }
}
