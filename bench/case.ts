/** What a bench is: one job, done by several contenders on the same data, ours first. */

export interface BenchCase {
  readonly name: string
  /** The job, in a line. */
  readonly about: string
  /** What a contender counts: rows, files, commits. */
  readonly unit: string
  /** Makes what the contenders share: data, tables. Not timed. */
  prepare(settings: Settings): Promise<readonly Round[]>
}

/** A bench without contenders: one job that goes on, and how its cost goes with it. */
export interface BenchSeries {
  readonly name: string
  readonly about: string
  run(settings: Settings): Promise<readonly SeriesTable[]>
}

export interface SeriesTable {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

/** Contenders that are compared. Each is measured in a process of its own, and they take turns. */
export interface Round {
  readonly title: string
  /** The first is ours; ratios say how many times as fast it is as the others. */
  readonly contenders: readonly Contender[]
  /** Stops what was started for it. */
  readonly close?: () => Promise<void>
}

export interface Contender {
  readonly label: string
  /** The program: it speaks the protocol of `contender.ts`. */
  readonly command: readonly string[]
  /** Its time is part of a note, or another of ours: it stands in no ratio. */
  readonly unrated?: boolean
  /** Repetitions before the clock counts. Default: 1; a JVM needs more. */
  readonly warmUps?: number
  /** A new process for every repetition, and no warm-up: the first call of a process is the job. */
  readonly fresh?: boolean
}

export interface Settings {
  readonly rows: number
  readonly nestedRows: number
  readonly files: number
  readonly commits: number
  readonly repetitions: number
}

/** One repetition. `count` is in the unit of the case; the rest is left out where it was not measured. */
export interface Measured {
  readonly count: number
  readonly ms: number
  readonly cpuMs: number
  readonly bytesRead?: number
  readonly requests?: number
  readonly note?: string
}

/** Where generated data, tables and results are kept; ignored by git, and safe to delete. */
export const benchFolder = '.tmp/bench'

/** `MORAINE_BENCH_ROWS`, `MORAINE_BENCH_NESTED_ROWS`, `MORAINE_BENCH_FILES`, `MORAINE_BENCH_COMMITS`, `MORAINE_BENCH_REPETITIONS`. */
export function settingsFrom(environment: NodeJS.ProcessEnv): Settings {
  const rows = numberOf(environment, 'ROWS', 10_000_000)
  return {
    rows,
    nestedRows: numberOf(environment, 'NESTED_ROWS', Math.ceil(rows / 10)),
    files: numberOf(environment, 'FILES', 100_000),
    commits: numberOf(environment, 'COMMITS', 2000),
    repetitions: numberOf(environment, 'REPETITIONS', 3),
  }
}

function numberOf(environment: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = environment[`MORAINE_BENCH_${name}`]
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`MORAINE_BENCH_${name}: expected a whole number above 0, found '${text}'`)
}
