import type { Schema as ArrowSchema } from 'apache-arrow'
import type { ScratchFile } from '../../storage/scratch-file.ts'
import { mergeRuns } from './merge-runs.ts'
import type { Run } from './run-rows.ts'
import type { SortKeyEncoder } from './sort-keys.ts'
import { readRun, type SpilledRun, spillRun } from './spilled-run.ts'

export interface SpilledRunsOptions {
  readonly schema: ArrowSchema
  readonly keysOf: SortKeyEncoder
  readonly openScratch: () => Promise<ScratchFile>
  readonly signal: AbortSignal | undefined
}

/** So many runs of a level become one of the next: few files are open at a time, and few parts in memory. */
const RUNS_OF_LEVEL = 32

/** The runs of one sort, on disk until `close`. */
export class SpilledRuns {
  readonly #options: SpilledRunsOptions
  /** By how often their rows were merged: the lowest level has the newest rows. */
  readonly #levels: SpilledRun[][] = [[]]

  constructor(options: SpilledRunsOptions) {
    this.#options = options
  }

  async add(run: Run): Promise<void> {
    this.#levels[0]!.push(await this.#spill(run))
    for (let level = 0; this.#levels[level]!.length === RUNS_OF_LEVEL; level++) await this.#lift(level)
  }

  /** In the order in which they were added. */
  all(): readonly Run[] {
    return this.#read([...this.#levels].reverse().flat())
  }

  async close(): Promise<void> {
    await Promise.all(this.#levels.flat().map(({ file }) => file.close()))
  }

  async #lift(level: number): Promise<void> {
    const runs = this.#levels[level]!
    const { schema, keysOf } = this.#options
    const merged = await this.#spill(mergeRuns(this.#read(runs), schema, keysOf))
    this.#levels[level] = []
    this.#levels[level + 1] = [...(this.#levels[level + 1] ?? []), merged]
    await Promise.all(runs.map(({ file }) => file.close()))
  }

  async #spill(run: Run): Promise<SpilledRun> {
    const { openScratch, signal } = this.#options
    return spillRun(run, await openScratch(), signal)
  }

  #read(runs: readonly SpilledRun[]): readonly Run[] {
    return runs.map((run) => readRun(run, this.#options.schema))
  }
}
