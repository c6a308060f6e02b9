import { describe, expect, it } from 'vitest'
import type { Catalog, TableIdentifier } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import { parseJson } from '../../format/lossless-json.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { decodeTableMetadata } from '../../format/table-metadata-json.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { firstMetadata } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { newSchedule } from '../simulation/schedule.ts'

const WAREHOUSE = 'memory://lake/wh'
const TABLE: TableIdentifier = { namespace: ['ns'], name: 't' }
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 60)

const EXPECTED: ReadonlySet<string> = new Set(['NOT_FOUND', 'ALREADY_EXISTS', 'COMMIT_STATE_UNKNOWN'])

/** What clients were told, and may rely on. */
interface Told {
  /** Keys of acknowledged commits, by the version that holds each. */
  readonly committed: Map<number, string>
  /** Keys of commits that were definitely lost. */
  readonly refused: Set<string>
  readonly kept: string[]
  drops: number
}

describe('many clients of one table name, in any order of their storage calls', () => {
  it.each([
    { name: 'without crashes', deathRate: 0, firstSeed: 1 },
    { name: 'with clients that die at any call', deathRate: 0.003, firstSeed: 100_001 },
  ])(
    'keep every acknowledged commit and no refused one, $name',
    async ({ deathRate, firstSeed }) => {
      let commits = 0
      let drops = 0
      for (let seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
        const told = await simulate(seed, deathRate)
        commits += told.committed.size
        drops += told.drops
      }
      // The runs must have had something to lose.
      expect(commits).toBeGreaterThan(SEEDS)
      expect(drops).toBeGreaterThan(SEEDS / 2)
    },
    600_000,
  )
})

async function simulate(seed: number, deathRate: number): Promise<Told> {
  const environment = testEnvironment(seed)
  const store = new MemoryStore({ now: environment.now })
  const schedule = newSchedule({ random: environment.random, deathRate })
  const told: Told = { committed: new Map(), refused: new Set(), kept: [], drops: 0 }
  const actors = Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((actor) => {
      const catalog = objectStoreCatalog({
        store: schedule.storeFor(actor, store),
        warehouse: WAREHOUSE,
        environment: { ...environment, sleep: () => schedule.turn(actor) },
      })
      return [actor, () => act(actor, catalog, environment.random, told)]
    }),
  )
  try {
    await schedule.run(actors)
    await check(store, told)
  } catch (error) {
    throw new Error(`seed ${seed}, death rate ${deathRate}: ${messageOf(error)}`, { cause: error })
  }
  return told
}

async function act(actor: string, catalog: Catalog, random: () => number, told: Told): Promise<void> {
  for (let step = 0; step < 6; step++) {
    try {
      await doSomething(`${actor}${step}`, catalog, random(), told)
    } catch (error) {
      if (isMoraineError(error) && EXPECTED.has(error.code)) continue
      // A purge is refused while the folder holds what an earlier drop kept.
      if (!isMoraineError(error, 'INVALID_ARGUMENT') || !error.message.includes('cannot be purged'))
        throw error
    }
  }
}

async function doSomething(key: string, catalog: Catalog, dice: number, told: Told): Promise<void> {
  if (dice < 0.25) {
    await catalog.createTable({ identifier: TABLE, metadata: firstMetadata() })
  } else if (dice < 0.7) {
    await commit(key, catalog, told)
  } else if (dice < 0.9) {
    const { keptMetadataLocation } = await catalog.dropTable(TABLE, { purge: dice < 0.8 })
    if (keptMetadataLocation !== undefined) told.kept.push(keptMetadataLocation)
    told.drops++
  } else if (told.kept.length > 0) {
    await catalog.registerTable(TABLE, told.kept.at(-1)!)
  }
}

async function commit(key: string, catalog: Catalog, told: Told): Promise<void> {
  const result = await catalog.commitTable({
    identifier: TABLE,
    requirements: [],
    updates: [{ action: 'set-properties', updates: { [key]: 'yes' } }],
  })
  if (result.status === 'conflict') return void told.refused.add(key)
  const version = Number(/\/v(\d+)\./.exec(result.table.metadataLocation)?.[1])
  expect(told.committed.has(version), `version ${version} acknowledged twice`).toBe(false)
  told.committed.set(version, key)
}

/** Each acknowledged commit is in the table, or in what the first drop after it kept, unless that was a purge. */
async function check(store: MemoryStore, told: Told): Promise<void> {
  const catalog = objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment() })
  const live = await loadOrCreate(catalog)
  const drops = await dropsIn(store)
  for (const [version, key] of told.committed) {
    const drop = drops.find((record) => record.version > version)
    if (drop === undefined) expect(live.properties, `commit ${key}`).toHaveProperty([key])
    else if (drop.kept !== undefined) expect(drop.kept.properties, `commit ${key}`).toHaveProperty([key])
    else expect(drops.some((record) => record.purge && record.version >= drop.version)).toBe(true)
  }
  for (const key of told.refused) {
    for (const { properties } of [live, ...drops.flatMap(({ kept }) => kept ?? [])]) {
      expect(properties, `refused ${key}`).not.toHaveProperty([key])
    }
  }
  expect(await catalog.listTables(TABLE.namespace)).toEqual([TABLE])
}

/** Also finishes a drop whose client died. */
async function loadOrCreate(catalog: Catalog): Promise<TableMetadata> {
  try {
    return (await catalog.loadTable(TABLE)).metadata
  } catch (error) {
    if (!isMoraineError(error, 'NOT_FOUND')) throw error
    return (await catalog.createTable({ identifier: TABLE, metadata: firstMetadata() })).metadata
  }
}

interface Drop {
  readonly version: number
  readonly purge: boolean
  readonly kept?: TableMetadata
}

/** The drop log, in order of version, with the metadata that each drop kept and that is still there. */
async function dropsIn(store: MemoryStore): Promise<Drop[]> {
  const drops: Drop[] = []
  for await (const { location } of store.list(`${WAREHOUSE}/_moraine/`)) {
    const { version, purge } = parseJson(await store.get(location)) as { version: number; purge: boolean }
    const prefix = `${WAREHOUSE}/ns/t/metadata/dropped-${version}-`
    let kept: TableMetadata | undefined
    for await (const file of store.list(prefix)) {
      kept = decodeTableMetadata(await store.get(file.location), file.location)
    }
    drops.push(kept === undefined ? { version, purge } : { version, purge, kept })
  }
  return drops.sort((a, b) => a.version - b.version)
}
