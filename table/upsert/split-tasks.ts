import { alwaysTrue } from '../../format/expressions/build.ts'
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
