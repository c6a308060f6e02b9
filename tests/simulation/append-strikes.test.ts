import { afterAll, describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { schema, t, truncate } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { Lake } from '../../table/lake.ts'
import { Table } from '../../table/table.ts'
import { type Blow, CRASHES, FAULTS, strikeStore } from './strike.ts'
import { contextOver, memoryFiles, StrikeFolder } from './struck-world.ts'
import { checkInvariants } from './table-invariants.ts'

const NAME = 'shop.orders'
const TABLE = { namespace: ['shop'], name: 'orders' }

/** Long runs strike every call, others every second one. */
const STRIDE = process.env['MORAINE_SEEDS'] === undefined ? 2 : 1

/** Of the append that is struck. */
const COMMIT_ID = 'job-7/checkpoint-42'

/** Three rows, which fall into two partitions. */
const rows = (first: number) => [0, 1, 2].map((i) => ({ id: first + i }))

const folder = new StrikeFolder()
afterAll(() => folder.remove())

/** What was told, with what files there were then: checked once, for most calls change nothing. */
const checked = new Set<string>()

const cases = (['1', '2', '3'] as const).flatMap((version) =>
  (['memory', 'file'] as const).map((kind) => ({ version, kind })),
)

describe.each(cases)('an append to a v$version table in a $kind store', ({ version, kind }) => {
  // What the loop does with a fault does not depend on the store; what a crash leaves behind does.
  const blows = kind === 'memory' ? [...CRASHES, ...FAULTS] : CRASHES

  it.each(blows)('struck by %s, is there whole or not at all, as was told', async (blow) => {
    for (const race of kind === 'memory' ? (['won', 'lost'] as const) : (['won'] as const)) {
      const world = await newWorld(kind, version, race)
      let at = blow.length % STRIDE
      while (await strike(world, blow, at)) at += STRIDE
      expect(at).toBeGreaterThan(CRASHES.includes(blow) ? 23 : 5)
    }
  })
})

/** A table with some rows, and a view of it that a rival's append has made stale where the race is to be lost. */
interface World {
  readonly warehouse: string
  readonly stale: LoadedTable
  /** First ids of the appends that are there. */
  readonly before: readonly number[]
  /** Its files, the same each time. */
  fresh(): Promise<ObjectStore>
}

/** False when the append ended before the `at`-th call. */
async function strike(world: World, blow: Blow, at: number): Promise<boolean> {
  const store = await world.fresh()
  const struck = strikeStore(store, blow, at)
  const mine = new Table(contextOver(world.warehouse, struck.store, 1), world.stale)
  const outcome = await mine.append(rows(20), { commitId: COMMIT_ID }).then(
    () => 'acknowledged' as const,
    (error: unknown) =>
      isMoraineError(error) && error.cleanable && !CRASHES.includes(blow) ? 'failed' : 'unknown',
  )
  if (struck.struck() === undefined) return false
  try {
    const key = `${outcome} ${blow === 'ghost' ? at : await folder.digest(store)}`
    if (!checked.has(key)) {
      checked.add(key)
      const lake = new Lake(contextOver(world.warehouse, store, 2), world.warehouse)
      await check(lake, store, { before: world.before, outcome, landGhost: struck.landGhost })
    }
  } catch (error) {
    const where = `v${world.stale.metadata.formatVersion}, ${world.warehouse}, before [${world.before}]`
    throw new Error(`${where}: ${blow} at call ${at} (${struck.struck()}): ${outcome}`, { cause: error })
  }
  await struck.release()
  return true
}

interface Struck {
  /** First ids of the appends that were there before. */
  readonly before: readonly number[]
  readonly outcome: 'acknowledged' | 'failed' | 'unknown'
  readonly landGhost: () => Promise<void>
}

async function check(lake: Lake, store: ObjectStore, { before, outcome, landGhost }: Struck): Promise<void> {
  const found = await lake.loadTable(NAME)
  const whole = [...before, 20]
  const there = await idsOf(found)
  if (outcome === 'acknowledged') expect(there).toEqual(idsFrom(whole))
  else if (outcome === 'failed') expect(there).toEqual(idsFrom(before))
  else expect([idsFrom(before), idsFrom(whole)]).toContainEqual(there)
  // Life goes on, the call is repeated, and what comes late changes nothing.
  await (await found.append(rows(30))).append(rows(20), { commitId: COMMIT_ID })
  await landGhost()
  const later = await lake.loadTable(NAME)
  expect(await idsOf(later)).toEqual(idsFrom([...whole, 30]))
  await checkInvariants(later, store)
}

function idsFrom(firsts: readonly number[]): bigint[] {
  return firsts.flatMap((first) => rows(first).map(({ id }) => BigInt(id)))
}

async function idsOf(table: Table): Promise<bigint[]> {
  const ids: bigint[] = []
  for await (const row of table.scan().rows()) ids.push(row['id'] as bigint)
  return ids.sort((a, b) => Number(a - b))
}

async function newWorld(kind: 'memory' | 'file', version: string, race: 'won' | 'lost'): Promise<World> {
  const files = kind === 'memory' ? memoryFiles() : folder.files()
  const { warehouse, store } = files
  const lake = new Lake(contextOver(warehouse, store, 3), warehouse)
  const created = await lake.createTable(NAME, {
    schema: schema({ id: t.long() }),
    partitionBy: [truncate('id', 2)],
    properties: { 'format-version': version, 'commit.manifest.min-count-to-merge': '2' },
  })
  const { metadata, metadataLocation } = await created.append(rows(0))
  const before = [0]
  if (race === 'lost') {
    await created.append(rows(10))
    before.push(10)
  }
  const stale = { identifier: TABLE, metadata, metadataLocation }
  return { warehouse, stale, before, fresh: await files.copied() }
}
