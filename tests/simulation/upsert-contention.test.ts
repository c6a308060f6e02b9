import { describe, expect, it } from 'vitest'
import { messageOf } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import { MemoryStore, schema, type Table, t } from '../../index.ts'
import { sharedCodec } from '../../table/connect.ts'
import type { Lake } from '../../table/lake.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { commitStep, commitsOf, newTold, type Told } from './commit-step.ts'
import { COUNT, filling, ID, KEYS, type Model, NAME, SPARE, type Step, stepOf } from './contending-steps.ts'
import { ADDED_DEFAULT, evolveMany } from './evolving-actor.ts'
import { lakeOver, loadUntilThere, randomFaults } from './random-faults.ts'
import { newSchedule } from './schedule.ts'
import { checkInvariants } from './table-invariants.ts'

const WAREHOUSE = 'memory://lake/wh'
const TABLE = 'shop.orders'
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 1)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const ACTORS = 8
const COMMITS = 6
const EVOLUTIONS = 6

interface Tally extends Told {
  /** Schemas that were acknowledged. */
  readonly evolved: Schema[]
  faults: number
  landed: number
}

describe('eight that upsert, update, delete and append to one table, in any order of their storage calls, with faults', () => {
  it.each([
    ['leave what their commits do one after the other, each once', 0],
    ['do so while another evolves the table, and what is refused leaves nothing', EVOLUTIONS],
  ])(
    '%s',
    async (_, evolutions) => {
      await sharedCodec()
      const total = { acknowledged: 0, failed: 0, refused: 0, evolved: 0, faults: 0, landed: 0 }
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
        const told = await simulate(seed, { commits: COMMITS, evolutions })
        total.acknowledged += told.acknowledged.size
        total.failed += told.failed.size
        total.refused += told.refused.size
        total.evolved += told.evolved.length
        total.faults += told.faults
        total.landed += told.landed
      }
      if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
      // The runs must have had something to lose, and something to lose it by.
      expect(total.acknowledged).toBeGreaterThan(SEEDS * ACTORS * (evolutions === 0 ? 2 : 1))
      expect(total.faults).toBeGreaterThan(SEEDS * 10)
      if (evolutions === 0) expect([total.refused, total.evolved]).toEqual([0, 0])
      else expect([total.refused > SEEDS, total.evolved > SEEDS * 2]).toEqual([true, true])
    },
    3_600_000,
  )

  it('happen again by their seed, call by call', async () => {
    const size = { commits: 1, evolutions: 1 }
    const [once, again] = [await simulate(77, size), await simulate(77, size)]
    expect(again).toEqual(once)
  })
})

interface Size {
  /** Of each writer. */
  readonly commits: number
  readonly evolutions: number
}

async function simulate(seed: number, { commits, evolutions }: Size): Promise<Tally> {
  const environment = testEnvironment(seed)
  const { random } = environment
  const store = new MemoryStore({ now: environment.now })
  const told: Tally = { ...newTold(), evolved: [], faults: 0, landed: 0 }
  const healthy = lakeOver(WAREHOUSE, store, environment)
  const first = await create(healthy, seed)
  const schedule = newSchedule({ random: environment.random, deathRate: 0 })
  const ghosts: (() => Promise<unknown>)[] = []
  const onFault = () => {
    told.faults++
  }
  const lakeOf = (actor: string) => {
    const faulty = schedule.storeFor(actor, randomFaults(store, environment, { onFault, ghosts }))
    return lakeOver(WAREHOUSE, faulty, { ...environment, sleep: () => schedule.turn(actor) })
  }
  const steps = new Map<string, Step>([[first.id, first]])
  const actors: Record<string, () => Promise<void>> = {}
  for (let i = 0; i < ACTORS; i++) {
    const actor = `actor ${i}`
    const lake = lakeOf(actor)
    const reload = () => loadUntilThere(lake, TABLE, () => schedule.turn(actor))
    const mine = Array.from({ length: commits }, (_, n) => stepOf(i, n, random))
    for (const step of mine) steps.set(step.id, step)
    actors[actor] = async () => {
      let table = await reload()
      for (const step of mine) {
        // Who waits holds a version on which others go on, and a schema that may be gone.
        for (let turns = evolutions * Math.floor(random() * 10); turns > 0; turns--)
          await schedule.turn(actor)
        table = (await commitStep(table, step, told)) ?? (await reload())
      }
    }
  }
  if (evolutions > 0) {
    const lake = lakeOf('evolver')
    const wait = () => schedule.turn('evolver')
    const reload = () => loadUntilThere(lake, TABLE, wait)
    const onEvolved = async (table: Table, added: number | undefined) => {
      told.evolved.push(table.schema)
      if (added === undefined) return
      for (let n = 0, isFilled = false; n < 5 && !isFilled; n++) {
        const step = filling(`fill ${added}/${n}`, added)
        steps.set(step.id, step)
        await commitStep(table, step, told)
        isFilled = told.acknowledged.has(step.id)
      }
    }
    actors['evolver'] = () => evolveMany({ random, changes: evolutions, wait, reload, onEvolved })
  }
  try {
    await schedule.run(actors)
    for (const land of ghosts) await land()
    await check(await healthy.loadTable(TABLE), store, { steps, told })
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
  }
  return told
}

/** Some rows that have a value in every column. */
async function create(lake: Lake, seed: number): Promise<Step> {
  const mode = seed % 2 === 0 ? 'copy-on-write' : 'merge-on-read'
  const table = await lake.createTable(TABLE, {
    schema: schema({ id: t.long().required(), name: t.string(), count: t.int(), spare: t.string() }),
    identifierFields: ['id'],
    properties: {
      'format-version': String((seed % 3) + 1),
      'write.merge.mode': mode,
      'write.delete.mode': mode,
      'write.update.mode': mode,
      'write.delete.granularity': seed % 5 < 3 ? 'file' : 'partition',
      'commit.retry.num-retries': '6',
      'commit.manifest.min-count-to-merge': String(2 + (seed % 4)),
      'commit.status-check.num-retries': seed % 2 === 0 ? '0' : '3',
    },
  })
  const ids = Array.from({ length: KEYS / 2 }, (_, i) => 2 * i)
  const first: Step = {
    id: 'first',
    make: (to) =>
      to.append(
        ids.map((id) => ({ id, name: 'old', count: 0, spare: 'kept' })),
        { commitId: 'first' },
      ),
    apply: (model) => {
      for (const id of ids) {
        model.set(
          id,
          new Map<number, string | number>([
            [NAME, 'old'],
            [COUNT, 0],
            [SPARE, 'kept'],
          ]),
        )
      }
    },
  }
  await first.make(table as unknown as Table)
  return first
}

interface Run {
  readonly steps: ReadonlyMap<string, Step>
  readonly told: Tally
}

async function check(table: Table, store: MemoryStore, { steps, told }: Run): Promise<void> {
  const model: Model = new Map()
  const made = commitsOf(table, told)
  for (const id of made) steps.get(id)!.apply(model)
  told.landed = made.length
  for (const { fields } of told.evolved) {
    expect(table.metadata.schemas.map((known) => known.fields)).toContainEqual(fields)
  }
  const { fields } = table.schema
  const missing = table.metadata.formatVersion === 3 ? ADDED_DEFAULT : null
  const expected = [...model].map(([key, values]) =>
    fields.map(({ id }) => {
      if (id === ID) return String(key)
      return String(values.get(id) ?? (id > SPARE ? missing : null))
    }),
  )
  const found: string[][] = []
  for await (const row of table.scan().rows()) found.push(fields.map(({ name }) => String(row[name])))
  expect(found.map((row) => row.join()).sort()).toEqual(expected.map((row) => row.join()).sort())
  await checkInvariants(table, store)
}
