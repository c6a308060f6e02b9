/**
 * Writers of one table that deletes its old metadata, in any order of their storage calls. Sleepers stop before or
 * after the put that commits until the others have long gone on, and their clocks are minutes off.
 */
import { describe, expect, it } from 'vitest'
import type { Catalog, CommitResult, TableIdentifier } from '../../catalog/catalog.ts'
import { SEGMENT } from '../../catalog/object-store/retirement.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { newSchedule } from '../simulation/schedule.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'
import { addSnapshot } from './appending-metadata.ts'

const WAREHOUSE = 'memory://lake/wh'
const TABLE: TableIdentifier = { namespace: ['ns'], name: 't' }
const METADATA = `${WAREHOUSE}/ns/t/metadata/`
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 6)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const KEPT = 2
/** Commits of each of three writers: enough for the names of two segments to be freed. */
const COMMITS = 14
const MINUTE = 60_000

/** What writers were told of their snapshots. */
interface Told {
  readonly acknowledged: Set<bigint>
  readonly refused: Set<bigint>
  readonly unknown: Set<bigint>
  /** Puts of sleepers whose version had been deleted by the time they woke. */
  overslept: number
  /** Of those, the ones that found their own snapshot in the history. */
  found: number
}

describe('sleeping writers of a table that deletes its old metadata', () => {
  it.each([
    { name: 'among writers that live', deathRate: 0, firstSeed: FIRST_SEED },
    { name: 'among writers that die at any call', deathRate: 0.0002, firstSeed: FIRST_SEED + 100_000 },
  ])(
    'never win past its clean-up, and are never told that they lost what they had won, $name',
    async ({ deathRate, firstSeed }) => {
      const total = { acknowledged: 0, refused: 0, unknown: 0, overslept: 0, found: 0 }
      for (let seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
        const told = await simulate(seed, deathRate)
        total.acknowledged += told.acknowledged.size
        total.refused += told.refused.size
        total.unknown += told.unknown.size
        total.overslept += told.overslept
        total.found += told.found
      }
      if (process.env['MORAINE_SEEDS'] !== undefined)
        console.info(SEEDS, 'seeds, death rate', deathRate, total)
      // The runs must have had something to lose, and something to lose it by.
      expect(total.acknowledged).toBeGreaterThan(SEEDS * COMMITS)
      expect(total.overslept).toBeGreaterThan(SEEDS / 4)
      expect(total.found).toBeGreaterThan(0)
    },
    3_600_000,
  )
})

async function simulate(seed: number, deathRate: number): Promise<Told> {
  const environment = testEnvironment(seed)
  const { random } = environment
  const store = new MemoryStore({ now: environment.now })
  const schedule = newSchedule({ random, deathRate })
  const told: Told = {
    acknowledged: new Set(),
    refused: new Set(),
    unknown: new Set(),
    overslept: 0,
    found: 0,
  }
  await create(catalogOver(store))
  let awake = 3
  const clientOf = (actor: string, inner: ObjectStore) => {
    // Clocks are up to ten minutes off, and jump back.
    const now = () => environment.now() + Math.round((random() - 0.5) * 20 * MINUTE)
    const own = { ...environment, now, sleep: () => schedule.turn(actor) }
    return objectStoreCatalog({
      store: schedule.storeFor(actor, inner),
      warehouse: WAREHOUSE,
      environment: own,
    })
  }
  const writers = ['a', 'b', 'c'].map((actor, i) => [
    actor,
    () => commitMany(clientOf(actor, store), BigInt(i * 1000 + 1), COMMITS, told).finally(() => awake--),
  ])
  const sleepers = ['before', 'after', 'before'].map((when, i) => {
    const actor = `sleeper ${i}`
    const nap = sleepingStore(
      store,
      when,
      () => awake > 0,
      () => schedule.turn(actor),
      told,
    )
    return [actor, () => commitMany(clientOf(actor, nap), BigInt((i + 5) * 1000 + 1), 2, told)]
  })
  try {
    await schedule.run(Object.fromEntries([...writers, ...sleepers]))
    await check(store, told)
  } catch (error) {
    const replay = `MORAINE_SEED=${seed % 100_000} MORAINE_SEEDS=1, death rate ${deathRate}`
    throw new Error(`${replay}: ${messageOf(error)}`, { cause: error })
  }
  return told
}

/** A store whose puts of versions wait, before or after they are made, until most of the others' work is done. */
function sleepingStore(
  inner: ObjectStore,
  when: string,
  isAnyoneAwake: () => boolean,
  turn: () => Promise<void>,
  told: Told,
): ObjectStore {
  return wrappedStore(inner, async (call, [location], apply) => {
    if (call !== 'put' || !location!.startsWith(`${METADATA}v`) || location!.endsWith('.text')) return apply()
    const early = when === 'after' ? await apply() : undefined
    const version = Number(/\/v(\d+)\./.exec(location!)![1])
    const isGone = async () => (await tipOf(inner)) > version + 2 * SEGMENT
    while (isAnyoneAwake() && !(await isGone())) await turn()
    if ((await tipOf(inner)) > version + SEGMENT + KEPT) told.overslept++
    return early ?? apply()
  })
}

async function tipOf(store: ObjectStore): Promise<number> {
  return Number(new TextDecoder().decode(await store.get(`${METADATA}version-hint.text`)))
}

async function commitMany(catalog: Catalog, firstId: bigint, count: number, told: Told): Promise<void> {
  for (let attempt = 0, done = 0; done < count; attempt++) {
    const id = firstId + BigInt(attempt)
    const base = await catalog.loadTable(TABLE)
    try {
      const result = await catalog.commitTable(addSnapshot(TABLE, base, id))
      if (result.status === 'conflict') told.refused.add(id)
      else acknowledge(told, id, result)
      // Who sleeps through each attempt must not do so for ever.
      if (result.status === 'committed' || attempt > 2 * COMMITS) done++
    } catch (error) {
      if (!isMoraineError(error, 'COMMIT_STATE_UNKNOWN')) throw error
      told.unknown.add(id)
      done++
    }
  }
}

function acknowledge(told: Told, id: bigint, result: Extract<CommitResult, { status: 'committed' }>): void {
  told.acknowledged.add(id)
  // An answer that holds later snapshots than its own came from the history.
  if (result.table.metadata.currentSnapshotId !== id) told.found++
}

async function check(store: MemoryStore, told: Told): Promise<void> {
  const { metadata, metadataLocation } = await catalogOver(store).loadTable(TABLE)
  const times = (id: bigint) => metadata.snapshots.filter(({ snapshotId }) => snapshotId === id).length
  for (const id of told.acknowledged) expect(times(id), `acknowledged ${id}`).toBe(1)
  for (const id of told.refused) expect(times(id), `refused ${id}`).toBe(0)
  for (const id of told.unknown) expect(times(id), `unknown ${id}`).toBeLessThanOrEqual(1)
  for (const { metadataFile } of metadata.metadataLog) expect(await store.head(metadataFile)).toBeDefined()
  await store.delete([`${METADATA}version-hint.text`])
  const blind: ObjectStore = { ...wrappedStore(store, (_, __, apply) => apply()), async *list() {} }
  for (const found of [
    await catalogOver(store).loadTable(TABLE),
    await catalogOver(blind).loadTable(TABLE),
  ]) {
    expect(found.metadataLocation).toBe(metadataLocation)
  }
}

async function create(catalog: Catalog): Promise<void> {
  const metadata = firstMetadata({
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': String(KEPT),
  })
  await catalog.createTable({ identifier: TABLE, metadata })
}

function catalogOver(store: ObjectStore): Catalog {
  return objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment() })
}
