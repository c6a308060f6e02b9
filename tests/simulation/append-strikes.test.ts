import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { MemoryStore, schema, t, truncate } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { sharedCodec } from '../../table/connect.ts'
import type { WritableContext } from '../../table/context.ts'
import { Lake } from '../../table/lake.ts'
import { Table } from '../../table/table.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { type Blow, CRASHES, FAULTS, strikeStore } from './strike.ts'
import { checkInvariants } from './table-invariants.ts'

const NAME = 'shop.orders'
const TABLE = { namespace: ['shop'], name: 'orders' }

/** Of the append that is struck. */
const COMMIT_ID = 'job-7/checkpoint-42'

/** Three rows, which fall into two partitions. */
const rows = (first: number) => [0, 1, 2].map((i) => ({ id: first + i }))

const folder = mkdtempSync(join(tmpdir(), 'moraine-strikes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What was told, with what files there were then: checked once, for most calls change nothing. */
const checked = new Set<string>()

const cases = (['1', '2', '3'] as const).flatMap((version) =>
  (['memory', 'file'] as const).map((kind) => ({ version, kind })),
)

describe.each(cases)('an append to a v$version table in a $kind store', ({ version, kind }) => {
  // What the loop does with a fault does not depend on the store; what a crash leaves behind does.
  const blows = kind === 'memory' ? [...CRASHES, ...FAULTS] : CRASHES

  it.each(blows)('struck by %s at every call, is there whole or not at all, as was told', async (blow) => {
    for (const race of kind === 'memory' ? (['won', 'lost'] as const) : (['won'] as const)) {
      const world = await newWorld(kind, version, race)
      let strikes = 0
      while (await strike(world, blow, strikes)) strikes++
      expect(strikes).toBeGreaterThan(CRASHES.includes(blow) ? 23 : 5)
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
  const mine = new Table(contextOver(world, struck.store, 1), world.stale)
  const outcome = await mine.append(rows(20), { commitId: COMMIT_ID }).then(
    () => 'acknowledged' as const,
    (error: unknown) =>
      isMoraineError(error) && error.cleanable && !CRASHES.includes(blow) ? 'failed' : 'unknown',
  )
  if (struck.struck() === undefined) return false
  try {
    const key = `${outcome} ${blow === 'ghost' ? at : await digest(store)}`
    if (!checked.has(key)) {
      checked.add(key)
      const lake = new Lake(contextOver(world, store, 2), world.warehouse)
      await check(lake, store, { before: world.before, outcome, landGhost: struck.landGhost })
    }
  } catch (error) {
    const where = `v${world.stale.metadata.formatVersion}, ${world.warehouse}, before [${world.before}]`
    throw new Error(`${where}: ${blow} at call ${at} (${struck.struck()}): ${outcome}`, { cause: error })
  }
  await struck.release()
  return true
}

async function digest(store: ObjectStore): Promise<string> {
  const hash = createHash('sha1')
  for await (const { location } of store.list(
    store instanceof MemoryStore ? 'memory://' : `file://${folder}/live/`,
  )) {
    hash.update(location).update(await store.get(location))
  }
  return hash.digest('hex')
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

function contextOver(
  { warehouse }: Pick<World, 'warehouse'>,
  store: ObjectStore,
  seed: number,
): WritableContext {
  const environment = testEnvironment(seed)
  return {
    store,
    environment,
    codec: sharedCodec,
    catalog: objectStoreCatalog({ store, warehouse, environment }),
  }
}

async function newWorld(kind: 'memory' | 'file', version: string, race: 'won' | 'lost'): Promise<World> {
  const files = kind === 'memory' ? memoryFiles() : localFiles()
  const { warehouse, store } = files
  const lake = new Lake(contextOver({ warehouse }, store, 3), warehouse)
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

function memoryFiles() {
  const store = new MemoryStore()
  const copied = async () => {
    const files: [string, Uint8Array][] = []
    for await (const { location } of store.list('memory://'))
      files.push([location, await store.get(location)])
    return async () => {
      const copy = new MemoryStore()
      for (const [location, body] of files) await copy.put(location, body)
      return copy
    }
  }
  return { warehouse: 'memory://lake/wh', store, copied }
}

function localFiles() {
  const live = join(folder, 'live')
  const kept = join(folder, 'kept')
  rmSync(live, { recursive: true, force: true })
  const open = () => new FileStore({ root: live, durability: 'os' })
  const copied = async () => {
    rmSync(kept, { recursive: true, force: true })
    cpSync(live, kept, { recursive: true })
    return async () => {
      rmSync(live, { recursive: true, force: true })
      cpSync(kept, live, { recursive: true })
      return open()
    }
  }
  return { warehouse: `file://${live}`, store: open(), copied }
}
