import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError, MoraineError, messageOf } from '../../format/errors.ts'
import { bucket, day, MemoryStore, schema, type Table, type TableEvolution, t } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { sharedCodec } from '../../table/connect.ts'
import { Lake } from '../../table/lake.ts'
import { type TestEnvironment, testEnvironment } from '../contracts/test-environment.ts'
import { everyCall } from './every-call.ts'
import { newSchedule } from './schedule.ts'
import { checkInvariants } from './table-invariants.ts'

const NAME = 'shop.orders'
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 2)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const APPENDERS = 3
const COMMITS = 4
const FAULT_RATE = 0.03

/** What the actors were told. A change is named by what it leaves in the table. */
interface Told {
  readonly acknowledged: Set<string>
  readonly failed: Set<string>
  readonly unknown: Set<string>
  /** Definite refusals, since someone else had evolved the same: tried again on what they left. */
  overtaken: number
}

describe('appends and evolutions of one table at the same time', () => {
  it('lose nothing that was acknowledged, in any order of their storage calls, with faults', async () => {
    await sharedCodec()
    const total = { acknowledged: 0, failed: 0, unknown: 0, overtaken: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const told = await simulate(seed)
      total.acknowledged += told.acknowledged.size
      total.failed += told.failed.size
      total.unknown += told.unknown.size
      total.overtaken += told.overtaken
    }
    if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
    // The runs must have had something to lose, and something to lose it by.
    expect(total.acknowledged).toBeGreaterThan(SEEDS * 15)
    expect(total.overtaken).toBeGreaterThan(SEEDS)
  }, 3_600_000)

  it('happen again by their seed', async () => {
    expect(await simulate(77)).toEqual(await simulate(77))
  })

  it('lose nothing in a folder', async () => {
    const root = await mkdtemp(join(tmpdir(), 'moraine-evolve-'))
    try {
      const environment = { ...testEnvironment(5), sleep: () => new Promise<void>(setImmediate) }
      const store = new FileStore({ root, durability: 'os' })
      const lake = lakeOver(store, `file://${root}/wh`, environment)
      await create(lake, 3)
      const told = newTold()
      const actors = actorsOver(() => lake, told)
      await Promise.all(Object.values(actors).map((act) => act()))
      await check(await lake.loadTable(NAME), store, told)
      expect(told.acknowledged.size).toBeGreaterThan(15)
    } finally {
      await rm(root, { recursive: true })
    }
  })
})

async function simulate(seed: number): Promise<Told> {
  const environment = testEnvironment(seed)
  const store = new MemoryStore({ now: environment.now })
  const told = newTold()
  const warehouse = 'memory://lake/wh'
  const healthy = lakeOver(store, warehouse, environment)
  await create(healthy, (seed % 3) + 1)
  const schedule = newSchedule({ random: environment.random, deathRate: 0 })
  const lakeOf = (actor: string) => {
    const faulty = schedule.storeFor(actor, faultyStore(store, environment))
    return lakeOver(faulty, warehouse, { ...environment, sleep: () => schedule.turn(actor) })
  }
  try {
    await schedule.run(actorsOver(lakeOf, told))
    await check(await healthy.loadTable(NAME), store, told)
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
  }
  return told
}

function newTold(): Told {
  return { acknowledged: new Set(), failed: new Set(), unknown: new Set(), overtaken: 0 }
}

async function create(lake: Lake, version: number): Promise<void> {
  await lake.createTable(NAME, {
    schema: schema({ id: t.long().required(), at: t.timestamptz() }),
    partitionBy: [day('at')],
    properties: { 'format-version': `${version}`, 'commit.retry.num-retries': '20' },
  })
}

function actorsOver(lakeOf: (actor: string) => Lake, told: Told): Record<string, () => Promise<void>> {
  const actors: Record<string, () => Promise<void>> = {}
  for (let i = 0; i < APPENDERS; i++) {
    const actor = `appender ${i}`
    actors[actor] = () => appendMany(lakeOf(actor), i, told)
  }
  for (const [who, change] of Object.entries(evolvers))
    actors[who] = () => evolveMany(lakeOf(who), who, change, told)
  return actors
}

type Change = (update: TableEvolution<Table>, i: number) => TableEvolution<Table>

/** Two that get in each other's way, and three that do not. */
const evolvers: Readonly<Record<string, Change>> = {
  left: (update, i) => update.addColumn(`left${i}`, t.int()),
  right: (update, i) => update.addColumn(`right${i}`, t.struct({ x: t.string() })),
  fields: (update, i) => update.addPartitionField(bucket('id', i + 2, `fields${i}`)),
  properties: (update, i) => update.setProperties({ [`properties${i}`]: 'set' }),
  order: (update, i) => update.replaceSortOrder(i % 2 === 0 ? ['id'] : []),
}

async function appendMany(lake: Lake, appender: number, told: Told): Promise<void> {
  let table = await patiently(() => lake.loadTable(NAME))
  for (let i = 0; i < COMMITS; i++) {
    const id = appender * 1000 + i
    await note(`row ${id}`, told, async () => {
      table = await table.append([{ id, at: BigInt(i) * 100_000_000_000n }])
    })
  }
}

/** Like a person: refreshes and tries again when someone else was faster. */
async function evolveMany(lake: Lake, who: string, change: Change, told: Told): Promise<void> {
  let table = await patiently(() => lake.loadTable(NAME))
  for (let i = 0; i < COMMITS; i++) {
    for (let again = true; again; ) {
      again = false
      try {
        await note(`${who}${i}`, told, async () => {
          table = await change(table.update(), i).commit()
        })
      } catch (error) {
        if (!isMoraineError(error, 'COMMIT_CONFLICT') || error.retryable) throw error
        told.overtaken++
        table = await patiently(() => table.refresh())
        again = true
      }
    }
  }
}

/** Throws only what says that someone else was faster. */
async function note(name: string, told: Told, job: () => Promise<void>): Promise<void> {
  try {
    await job()
    told.acknowledged.add(name)
  } catch (error) {
    if (!isMoraineError(error)) throw error
    if (error.code === 'COMMIT_CONFLICT' && !error.retryable) throw error
    if (error.cleanable) told.failed.add(name)
    else told.unknown.add(name)
  }
}

async function patiently<T>(job: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await job()
    } catch (error) {
      if (!isMoraineError(error, 'UNAVAILABLE')) throw error
    }
  }
}

function faultyStore(inner: ObjectStore, { random }: TestEnvironment): ObjectStore {
  return everyCall(inner, async (call, _, apply) => {
    if (call !== 'put' || random() >= FAULT_RATE) return apply()
    const dice = random()
    if (dice < 0.5) await apply()
    throw new MoraineError('UNAVAILABLE', 'no answer')
  })
}

async function check(table: Table, store: ObjectStore, told: Told): Promise<void> {
  await checkInvariants(table, store)
  const { metadata } = table
  const there = new Map<string, number>()
  const see = (name: string) => there.set(name, (there.get(name) ?? 0) + 1)
  for await (const { id } of table.scan().rows()) see(`row ${id}`)
  for (const { name } of table.schema.fields) see(name)
  for (const { name } of table.partitionSpec.fields) see(name)
  for (const name of Object.keys(table.properties)) see(name)
  for (const name of told.acknowledged) {
    if (!name.startsWith('order')) expect(there.get(name), `acknowledged ${name}`).toBe(1)
  }
  for (const name of told.failed) expect(there.get(name), `failed ${name}`).toBeUndefined()
  for (const name of told.unknown) expect(there.get(name) ?? 0, `unknown ${name}`).toBeLessThan(2)
  // Nothing that the ids once meant has changed.
  const meanings = new Map<string, string>()
  for (const field of metadata.schemas.flatMap((known) => known.fields))
    sameMeaning(meanings, `column ${field.id}`, field.name)
  for (const field of metadata.partitionSpecs.flatMap((spec) => spec.fields)) {
    sameMeaning(meanings, `partition field ${field.fieldId}`, field.name)
  }
  expect(new Set(metadata.schemas.map(({ schemaId }) => schemaId)).size).toBe(metadata.schemas.length)
  expect(metadata.sortOrders.length).toBeLessThanOrEqual(2)
}

function sameMeaning(meanings: Map<string, string>, id: string, name: string): void {
  expect(meanings.get(id) ?? name, id).toBe(name)
  meanings.set(id, name)
}

function lakeOver(store: ObjectStore, warehouse: string, environment: TestEnvironment): Lake {
  const catalog = objectStoreCatalog({ store, warehouse, environment })
  return new Lake({ store, environment, catalog, codec: sharedCodec }, warehouse)
}
