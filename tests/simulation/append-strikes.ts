/** Every storage call of an append is struck, and what it was told is what the table then shows. */
import { afterAll, describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { schema, t, truncate } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { Lake } from '../../table/lake.ts'
import { Table } from '../../table/table.ts'
import { type Blow, CRASHES, FAULTS, strikeStore } from './strike.ts'
import { lotOf, STRIKES_ALL } from './strike-share.ts'
import { contextOver, type StruckPlace } from './struck-world.ts'
import { checkInvariants } from './table-invariants.ts'

const NAME = 'shop.orders'
const TABLE = { namespace: ['shop'], name: 'orders' }

/** Of the append that is struck. */
const COMMIT_ID = 'job-7/checkpoint-42'

/** Three rows, which fall into two partitions. */
const rows = (first: number) => [0, 1, 2].map((i) => ({ id: first + i }))

const RACES = ['won', 'lost'] as const

/** A quick run strikes every fourth call in memory, and fewer of fewer cases where it takes longer. */
export function appendStrikes(places: readonly StruckPlace[]): void {
  const cases = (['1', '2', '3'] as const).flatMap((version) =>
    places.map((place) => {
      const chosen = [...CRASHES, ...FAULTS].flatMap((blow) => {
        const lot = lotOf(`${version} ${blow}`)
        const isChosen = STRIKES_ALL || lot % place.cost < 4
        return isChosen ? [{ blow, draw: Math.floor(lot / place.cost) }] : []
      })
      return { name: place.name, version, place, chosen }
    }),
  )
  afterAll(async () => {
    for (const place of places) await place.remove()
  })

  describe.each(cases)('an append to a v$version table in $name', ({ version, place, chosen }) => {
    /** What was told, with what files there were then: checked once, for most calls change nothing. */
    const checked = new Set<string>()

    it.each(chosen)('struck by $blow, is there whole or not at all, as was told', async ({ blow, draw }) => {
      const least = CRASHES.includes(blow) ? 23 : 5
      const stride = STRIKES_ALL ? 1 : 4 * place.cost
      for (const race of STRIKES_ALL || place.cost === 1 ? RACES : [RACES[draw % 2]!]) {
        const world = await newWorld(place, version, race)
        let at = (draw >> 1) % Math.min(stride, least)
        while (await strike(world, blow, at, checked)) at += stride
        expect(at).toBeGreaterThan(least)
      }
    })
  })
}

/** A table with some rows, and a view of it that a rival's append has made stale where the race is to be lost. */
interface World {
  readonly warehouse: string
  readonly stale: LoadedTable
  /** First ids of the appends that are there. */
  readonly before: readonly number[]
  /** Its files, the same each time. */
  fresh(): Promise<ObjectStore>
  digest(store: ObjectStore): Promise<string>
}

/** False when the append ended before the `at`-th call. */
async function strike(world: World, blow: Blow, at: number, checked: Set<string>): Promise<boolean> {
  const store = await world.fresh()
  const struck = strikeStore(store, blow, at)
  const mine = new Table(contextOver(world.warehouse, struck.store, 1), world.stale)
  const outcome = await mine.append(rows(20), { commitId: COMMIT_ID }).then(
    () => 'acknowledged' as const,
    (error: unknown) =>
      isMoraineError(error) && error.cleanable && !CRASHES.includes(blow) ? 'failed' : 'unknown',
  )
  if (struck.struck() === undefined) return false
  await struck.settled()
  try {
    // A ghost is not to be seen in the files.
    const key = `${outcome} ${blow === 'ghost' ? `${world.before} ${at}` : await world.digest(store)}`
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

async function newWorld(place: StruckPlace, version: string, race: 'won' | 'lost'): Promise<World> {
  const files = await place.files()
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
  return { warehouse, stale, before, fresh: await files.copied(), digest: files.digest }
}
