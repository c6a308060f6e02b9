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
  /** The first is ours; ratios say how many times as fast it is as the others. Labels of ours begin with `moraine`. */
  readonly contenders: readonly Contender[]
  /** Of rounds that differ in the size of the table alone: the job that should take as long in all of them. */
  readonly steady?: string
  /** Stops what was started for it. */
  readonly close?: () => Promise<void>
}

export interface Contender {
  readonly label: string
  /** The program: it speaks the protocol of `contender.ts`. */
  readonly command: readonly string[]
  /** Makes what its processes find when they start. Not timed. */
  readonly prepare?: () => Promise<void>
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
  /** Of the tables that are upserted into. */
  readonly upsertRows: readonly number[]
  readonly repetitions: number
  /** What the labels of the peers that take part begin with; undefined: all do. */
  readonly peers: readonly string[] | undefined
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

/** From the variables that begin with `MORAINE_BENCH_`; the README lists them. */
export function settingsFrom(environment: NodeJS.ProcessEnv): Settings {
  const rows = numberOf(environment, 'ROWS', 10_000_000)
  return {
    rows,
    nestedRows: numberOf(environment, 'NESTED_ROWS', Math.ceil(rows / 10)),
    files: numberOf(environment, 'FILES', 100_000),
    commits: numberOf(environment, 'COMMITS', 2000),
    upsertRows: numbersOf(environment, 'UPSERT_ROWS', [Math.ceil(rows / 10), rows]),
    repetitions: numberOf(environment, 'REPETITIONS', 3),
    peers: environment['MORAINE_BENCH_PEERS']?.split(',').filter((name) => name !== ''),
  }
}

/** Whether a contender takes part: ours always do. */
export function takesPart({ label }: Contender, { peers }: Settings): boolean {
  return label.startsWith('moraine') || (peers?.some((name) => label.startsWith(name)) ?? true)
}

function numberOf(environment: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = environment[`MORAINE_BENCH_${name}`]
  return text === undefined ? otherwise : wholeNumber(name, text)
}

function numbersOf(
  environment: NodeJS.ProcessEnv,
  name: string,
  otherwise: readonly number[],
): readonly number[] {
  const texts = environment[`MORAINE_BENCH_${name}`]?.split(',')
  return texts?.map((text) => wholeNumber(name, text)) ?? otherwise
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`MORAINE_BENCH_${name}: expected a whole number above 0, found '${text}'`)
}
