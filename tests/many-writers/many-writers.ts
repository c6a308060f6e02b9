/** Processes that write to one table at once while one after another is killed, and what came of it. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type CreateTableOptions, connect, type Table, type TableSchema } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { checkInvariants } from '../simulation/table-invariants.ts'

/** As JSON, since it goes to another process. */
export type WriterOptions = Readonly<Record<string, unknown>>

/** What the writers do, and how to tell that it is there. */
export interface Work {
  /** What `writer-process.mjs` makes of a call's id. */
  readonly verb: 'append' | 'upsert' | 'sink'
  readonly table: CreateTableOptions<TableSchema>
  /** What is wrong with the table after all that was said, and which of the calls are in it. */
  check(
    table: Table,
    said: Said,
  ): Promise<{ readonly violations: readonly string[]; readonly landed: ReadonlySet<number> }>
}

export interface ManyWriters {
  readonly seed: number
  readonly work: Work
  readonly writers: number
  /** Acknowledged commits that each writer goes on for, over all of its lives. */
  readonly commits: number
  /** A writer is killed so often, on the average; undefined: a moment after every fourth call has begun. */
  readonly killEveryMs: number | undefined
  readonly uri: string
  /** Of `connect`. */
  readonly options: WriterOptions
  /** Of the writers' `connect`, where they reach the store by another way. Default: `options`. */
  readonly writerOptions?: WriterOptions
  readonly store: ObjectStore
}

export interface Figures {
  readonly seed: number
  readonly acknowledged: number
  readonly killed: number
  /** Calls of which the writer was killed, or could not tell what became. */
  readonly unknown: number
  /** Of those, the ones that are in the table. */
  readonly unknownLanded: number
  readonly failed: number
  readonly snapshots: number
  readonly seconds: number
  readonly violations: readonly string[]
}

const NAME = 'shop.events'
const LIVES = 1000

/** How many, from the environment: a few by default. */
export const SIZE = {
  writers: Number(process.env['MORAINE_WRITERS'] ?? 3),
  commits: Number(process.env['MORAINE_COMMITS'] ?? 6),
  killEveryMs:
    process.env['MORAINE_KILL_MS'] === undefined ? undefined : Number(process.env['MORAINE_KILL_MS']),
  seed: Number(process.env['MORAINE_SEED'] ?? 1),
}

/** Seeds choose whom to kill and when; the machine does the rest, so that no run is quite like another. */
export async function runManyWriters(settings: ManyWriters): Promise<Figures> {
  const { seed, work, writers, uri, options } = settings
  const startedAt = Date.now()
  const lake = await connect(uri, options)
  await lake.createTable(NAME, {
    ...work.table,
    properties: {
      ...work.table.properties,
      'commit.retry.num-retries': '100',
      'commit.retry.min-wait-ms': '10',
      'commit.retry.max-wait-ms': '1000',
      'commit.status-check.min-wait-ms': '50',
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '3',
    },
  })
  const said = {
    acknowledged: new Set<number>(),
    failed: new Set<number>(),
    open: new Set<number>(),
    begun: new Map<number, unknown>(),
  }
  const killer = newKiller(settings)
  await Promise.all(
    Array.from({ length: writers }, (_, writer) => writeToTheEnd(settings, writer, said, killer.hunt)),
  ).finally(killer.stop)
  const table = await lake.loadTable(NAME)
  const violations: string[] = []
  await checkInvariants(table, settings.store).catch((error: Error) => violations.push(error.message))
  const checked = await work.check(table, said)
  violations.push(...checked.violations)
  // Life goes on.
  await table.append([{ id: -1, part: 0 }])
  await lake.close()
  return {
    seed,
    acknowledged: said.acknowledged.size,
    killed: killer.killed(),
    unknown: said.open.size,
    unknownLanded: [...said.open].filter((id) => checked.landed.has(id)).length,
    failed: said.failed.size,
    snapshots: table.snapshots.length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    violations,
  }
}

/** By the calls' ids. */
export interface Said {
  readonly acknowledged: Set<number>
  readonly failed: Set<number>
  /** Begun, and nothing heard since, or that it is unknown. */
  readonly open: Set<number>
  /** What each call was to do. */
  readonly begun: Map<number, unknown>
}

/** Starts a writer again for as long as it is killed. */
async function writeToTheEnd(
  { uri, options, writerOptions = options, work, commits }: ManyWriters,
  writer: number,
  said: Said,
  hunt: (child: ChildProcess) => void,
): Promise<void> {
  let left = commits
  for (let life = 0; left > 0; life++) {
    const firstId = (writer * LIVES + life) * 1000
    const settings = { uri, options: writerOptions, table: NAME, verb: work.verb, firstId, count: left }
    const child = fork(join(import.meta.dirname, 'writer-process.mjs'), [JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.on('message', ({ id, outcome, change }: { id: number; outcome: string; change?: unknown }) => {
      if (outcome === 'started') {
        said.open.add(id)
        said.begun.set(id, change)
      }
      if (outcome === 'acknowledged' || outcome === 'failed') {
        said.open.delete(id)
        said[outcome].add(id)
      }
      if (outcome === 'acknowledged') left--
    })
    hunt(child)
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      // Not 'exit': what it had said may still be on its way.
      child.once('close', (code, signal) => resolve([code, signal]))
    })
    if (signal === null && code !== 0) throw new Error(`writer ${writer} ended with ${code}`)
  }
}

const CALLS_A_KILL = 4
/** A call takes about so long. */
const MOMENT_MS = 60

/** Kills by the clock one of those that are alive, or by what they say the one that has just begun. */
function newKiller({ seed, killEveryMs }: ManyWriters) {
  const { random } = testEnvironment(seed)
  const alive = new Set<ChildProcess>()
  const timers = new Set<NodeJS.Timeout>()
  let killed = 0
  let begun = 0
  const later = (ms: number, strike: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      strike()
    }, ms)
    timers.add(timer)
  }
  const kill = (victim: ChildProcess | undefined) => {
    if (victim?.exitCode === null && victim.kill('SIGKILL')) killed++
  }
  const killByClock = (everyMs: number) =>
    later(everyMs * (0.5 + random()), () => {
      kill([...alive][Math.floor(random() * alive.size)])
      killByClock(everyMs)
    })
  if (killEveryMs !== undefined) killByClock(killEveryMs)
  return {
    hunt(child: ChildProcess) {
      alive.add(child)
      child.once('exit', () => alive.delete(child))
      child.on('message', ({ outcome }: { outcome: string }) => {
        if (outcome !== 'started' || ++begun % CALLS_A_KILL > 0 || killEveryMs !== undefined) return
        later(MOMENT_MS * random(), () => kill(child))
      })
    },
    stop() {
      for (const timer of timers) clearTimeout(timer)
      // Where one has failed, the others are of no use any more.
      for (const child of alive) child.kill('SIGKILL')
    },
    killed: () => killed,
  }
}

/** Prints the figures, and fails for any violation. */
export function expectNoViolation(kind: string, figures: Figures, { writers, commits }: typeof SIZE): void {
  console.info(`many writers, ${kind}:`, JSON.stringify(figures))
  expect(figures.violations).toEqual([])
  expect(figures.acknowledged).toBe(writers * commits)
}
