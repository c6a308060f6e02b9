import { describe, expect, it } from 'vitest'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import { and, gtEq, lt, MemoryStore, schema, type Table, t } from '../../index.ts'
import { COMMIT_ID } from '../../snapshot/commit-id.ts'
import { sharedCodec } from '../../table/connect.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { lakeOver, loadUntilThere, randomFaults } from './random-faults.ts'
import { newSchedule } from './schedule.ts'
import { checkInvariants } from './table-invariants.ts'

const WAREHOUSE = 'memory://lake/wh'
const NAME = 'shop.orders'
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 2)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const ACTORS = 8
const COMMITS = 6
/** All actors write the same few keys. */
const KEYS = 24
const MAX_REPEATS = 3

type Model = Map<number, string>

/** A commit, which says what it does by its id alone. */
interface Step {
  readonly id: string
  make(table: Table): Promise<Table>
  apply(model: Model): void
}

interface Told {
  readonly acknowledged: Set<string>
  readonly failed: Set<string>
  faults: number
  landed: number
}

describe('eight that upsert, delete and append to one table, in any order of their storage calls, with faults', () => {
  it('leave what their commits do one after the other, each once', async () => {
    await sharedCodec()
    const total = { acknowledged: 0, failed: 0, faults: 0, landed: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const told = await simulate(seed)
      total.acknowledged += told.acknowledged.size
      total.failed += told.failed.size
      total.faults += told.faults
      total.landed += told.landed
    }
    if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
    // The runs must have had something to lose, and something to lose it by.
    expect(total.acknowledged).toBeGreaterThan(SEEDS * ACTORS * 2)
    expect(total.faults).toBeGreaterThan(SEEDS * 10)
  }, 3_600_000)

  it('happen again by their seed, call by call', async () => {
    const [once, again] = [await simulate(77, 1), await simulate(77, 1)]
    expect(again).toEqual(once)
  })
})

async function simulate(seed: number, commits = COMMITS): Promise<Told> {
  const environment = testEnvironment(seed)
  const store = new MemoryStore({ now: environment.now })
  const told: Told = { acknowledged: new Set(), failed: new Set(), faults: 0, landed: 0 }
  const healthy = lakeOver(WAREHOUSE, store, environment)
  const mode = seed % 2 === 0 ? 'copy-on-write' : 'merge-on-read'
  await healthy.createTable(NAME, {
    schema: schema({ id: t.long().required(), name: t.string() }),
    identifierFields: ['id'],
    properties: {
      'format-version': String((seed % 3) + 1),
      'write.merge.mode': mode,
      'write.delete.mode': mode,
      'write.delete.granularity': seed % 5 < 3 ? 'file' : 'partition',
      'commit.retry.num-retries': '6',
      'commit.manifest.min-count-to-merge': String(2 + (seed % 4)),
      'commit.status-check.num-retries': seed % 2 === 0 ? '0' : '3',
    },
  })
  const schedule = newSchedule({ random: environment.random, deathRate: 0 })
  const ghosts: (() => Promise<unknown>)[] = []
  const onFault = () => {
    told.faults++
  }
  const steps = new Map<string, Step>()
  const actors = Object.fromEntries(
    Array.from({ length: ACTORS }, (_, i) => {
      const actor = `actor ${i}`
      const turn = () => schedule.turn(actor)
      const faulty = schedule.storeFor(actor, randomFaults(store, environment, { onFault, ghosts }))
      const lake = lakeOver(WAREHOUSE, faulty, { ...environment, sleep: turn })
      const mine = Array.from({ length: commits }, (_, n) => stepOf(i, n, environment.random))
      for (const step of mine) steps.set(step.id, step)
      return [
        actor,
        async () => {
          let table = await loadUntilThere(lake, NAME, turn)
          for (const step of mine) table = await commit(table, step, told)
        },
      ]
    }),
  )
  try {
    await schedule.run(actors)
    for (const land of ghosts) await land()
    await check(await healthy.loadTable(NAME), store, { steps, told })
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
  }
  return told
}

async function commit(table: Table, step: Step, told: Told): Promise<Table> {
  for (let call = 0; ; call++) {
    try {
      const next = await step.make(table)
      told.acknowledged.add(step.id)
      return next
    } catch (error) {
      if (!isMoraineError(error)) throw error
      // An earlier call of this commit may have been the one that lands.
      if (error.cleanable && call === 0) told.failed.add(step.id)
      if (call === MAX_REPEATS || (call === 0 && error.cleanable)) return table
    }
  }
}

function stepOf(actor: number, n: number, random: () => number): Step {
  const id = `${actor}/${n}`
  const keys = Array.from({ length: 1 + Math.floor(random() * 5) }, () => Math.floor(random() * KEYS))
  const rows = keys.map((key, i) => ({ id: key, name: `${id} ${i}` }))
  switch (actor % 4) {
    case 1: {
      // Keys that nobody else has: a key stands in the table once.
      const own = keys.map((_, i) => ({ id: 1000 * (actor + 1) + 10 * n + i, name: `${id} ${i}` }))
      return {
        id,
        make: (table) => table.append(own, { commitId: id }),
        apply: (model) => {
          for (const { id: key, name } of own) model.set(key, name)
        },
      }
    }
    case 2:
      return {
        id,
        make: (table) =>
          table.delete(
            keys.map((key) => ({ id: key })),
            { commitId: id },
          ),
        apply: (model) => {
          for (const key of keys) model.delete(key)
        },
      }
    case 3: {
      const [from, to] = [keys[0]!, keys[0]! + 3]
      return {
        id,
        make: (table) => table.delete(and(gtEq('id', BigInt(from)), lt('id', BigInt(to))), { commitId: id }),
        apply: (model) => {
          for (let key = from; key < to; key++) model.delete(key)
        },
      }
    }
    default:
      return {
        id,
        make: (table) => table.upsert(rows, { commitId: id }),
        apply: (model) => {
          for (const { id: key, name } of rows) model.set(key, name)
        },
      }
  }
}

interface Run {
  readonly steps: ReadonlyMap<string, Step>
  readonly told: Told
}

async function check(table: Table, store: MemoryStore, { steps, told }: Run): Promise<void> {
  const model: Model = new Map()
  const made = new Set<string>()
  for (const { summary } of table.snapshots) {
    const id = summary[COMMIT_ID]!
    expect(made.has(id), `${id} twice`).toBe(false)
    made.add(id)
    steps.get(id)!.apply(model)
  }
  told.landed = made.size
  for (const id of told.acknowledged) expect(made.has(id), `acknowledged ${id}`).toBe(true)
  for (const id of told.failed) expect(made.has(id), `failed ${id}`).toBe(false)
  const found: string[] = []
  for await (const row of table.scan().rows()) found.push(`${row['id']} ${row['name']}`)
  expect(found.sort()).toEqual([...model].map(([id, name]) => `${id} ${name}`).sort())
  await checkInvariants(table, store)
}
