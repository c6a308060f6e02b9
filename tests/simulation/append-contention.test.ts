import { describe, expect, it } from 'vitest'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import { MemoryStore, schema, t } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { sharedCodec } from '../../table/connect.ts'
import type { Lake } from '../../table/lake.ts'
import type { Table } from '../../table/table.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { lakeOver, loadUntilThere, randomFaults } from './random-faults.ts'
import { newSchedule, type Schedule } from './schedule.ts'
import { checkInvariants } from './table-invariants.ts'

const WAREHOUSE = 'memory://lake/wh'
const NAME = 'shop.orders'
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 2)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const APPENDERS = 8
const COMMITS = 10
/** Of a call with a commit id. */
const MAX_REPEATS = 3

interface Told {
  readonly acknowledged: Set<bigint>
  readonly failed: Set<bigint>
  readonly unknown: Set<bigint>
  faults: number
  /** Calls with a commit id that were made again, because the one before had not been acknowledged. */
  repeats: number
}

describe('eight appenders to one table, in any order of their storage calls, with faults', () => {
  it('lose no acknowledged row, double none, and show no failed one', async () => {
    await sharedCodec()
    const total = { acknowledged: 0, failed: 0, unknown: 0, faults: 0, repeats: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const told = await simulate(seed)
      total.acknowledged += told.acknowledged.size
      total.failed += told.failed.size
      total.unknown += told.unknown.size
      total.faults += told.faults
      total.repeats += told.repeats
    }
    if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
    // The runs must have had something to lose, and something to lose it by.
    expect(total.acknowledged).toBeGreaterThan(SEEDS * APPENDERS * 3)
    expect(total.failed + total.repeats).toBeGreaterThan(SEEDS)
    expect(total.repeats).toBeGreaterThan(SEEDS)
    expect(total.faults).toBeGreaterThan(SEEDS * 10)
  }, 3_600_000)

  it('happen again by their seed, call by call', async () => {
    const [once, again] = [await simulate(77, 2), await simulate(77, 2)]
    expect(again).toEqual(once)
  })
})

async function simulate(seed: number, commits = COMMITS): Promise<Told> {
  const environment = testEnvironment(seed)
  const store = new MemoryStore({ now: environment.now })
  const told: Told = { acknowledged: new Set(), failed: new Set(), unknown: new Set(), faults: 0, repeats: 0 }
  const healthy = lakeOver(WAREHOUSE, store, environment)
  await healthy.createTable(NAME, {
    schema: schema({ id: t.long().required() }),
    properties: {
      'format-version': String((seed % 3) + 1),
      'commit.retry.num-retries': '6',
      'commit.manifest.min-count-to-merge': String(2 + (seed % 4)),
      'commit.status-check.num-retries': seed % 2 === 0 ? '0' : '3',
      'write.metadata.delete-after-commit.enabled': String(seed % 4 < 2),
      'write.metadata.previous-versions-max': String(1 + (seed % 3)),
    },
  })
  const schedule = newSchedule({ random: environment.random, deathRate: 0 })
  const ghosts: (() => Promise<unknown>)[] = []
  const onFault = () => {
    told.faults++
  }
  const actors = Object.fromEntries(
    Array.from({ length: APPENDERS }, (_, i) => {
      const actor = `appender ${i}`
      const faulty = schedule.storeFor(actor, randomFaults(store, environment, { onFault, ghosts }))
      const lake = lakeOver(WAREHOUSE, faulty, { ...environment, sleep: () => schedule.turn(actor) })
      return [actor, () => appendMany(lake, { appender: i, commits, told, schedule })]
    }),
  )
  try {
    await schedule.run(actors)
    for (const land of ghosts) await land()
    await check(await healthy.loadTable(NAME), store, told)
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
  }
  return told
}

interface Appender {
  readonly appender: number
  readonly commits: number
  readonly told: Told
  readonly schedule: Schedule
}

/** Of four appenders one has no commit ids, and one writes to a branch. */
async function appendMany(lake: Lake, { appender, commits, told, schedule }: Appender): Promise<void> {
  let table = await loadUntilThere(lake, NAME, () => schedule.turn(`appender ${appender}`))
  const branch = appender % 4 === 3 ? 'audit' : 'main'
  for (let i = 0; i < commits; i++) {
    const id = BigInt(appender * 1000 + i * 2)
    const options = { branch, ...(appender % 4 === 0 ? {} : { commitId: `${appender}/${i}` }) }
    for (let call = 0; ; call++) {
      try {
        table = await table.append([{ id }, { id: id + 1n }], options)
        told.acknowledged.add(id)
        break
      } catch (error) {
        if (!isMoraineError(error)) throw error
        if (options.commitId === undefined || call === MAX_REPEATS) {
          // An earlier call of this commit may have been the one that lands.
          if (error.cleanable && call === 0) told.failed.add(id)
          else told.unknown.add(id)
          break
        }
        told.repeats++
        if (call % 2 === 1)
          table = await loadUntilThere(lake, NAME, () => schedule.turn(`appender ${appender}`))
      }
    }
  }
}

async function check(table: Table, store: ObjectStore, told: Told): Promise<void> {
  await checkInvariants(table, store)
  const seen = new Map<bigint, number>()
  // An appender's rows are counted where they were written: the branch begins with some of main's.
  for (const ref of table.refs.keys()) {
    for await (const row of table.scan({ at: { ref } }).rows()) {
      const id = row['id'] as bigint
      const isOnBranch = (id / 1000n) % 4n === 3n
      if (isOnBranch === (ref === 'audit')) seen.set(id, (seen.get(id) ?? 0) + 1)
    }
  }
  const timesOf = (id: bigint) => [seen.get(id) ?? 0, seen.get(id + 1n) ?? 0]
  for (const id of told.acknowledged) expect(timesOf(id), `acknowledged ${id}`).toEqual([1, 1])
  for (const id of told.failed) expect(timesOf(id), `failed ${id}`).toEqual([0, 0])
  for (const id of told.unknown) {
    expect(
      [
        [0, 0],
        [1, 1],
      ],
      `unknown ${id}`,
    ).toContainEqual(timesOf(id))
  }
  expect(table.snapshots.length).toBeGreaterThanOrEqual(told.acknowledged.size)
}
