import { describe, expect, it } from 'vitest'
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata, orders, setProperty } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { FAULTS, type Fault, faultyStore } from '../simulation/faulty-store.ts'

const WAREHOUSE = 'memory://lake/wh'
const RESTORED = { namespace: ['shop'], name: 'restored' }

interface Operation {
  readonly name: string
  /** What there is before it: a table with the property `before`, the remains of one, or nothing. */
  readonly start: 'nothing' | 'table' | 'dropped'
  readonly run: (catalog: Catalog) => Promise<unknown>
  /** The table once it is done: holding these properties, or absent. */
  readonly after: readonly string[] | 'absent'
}

const operations: readonly Operation[] = [
  {
    name: 'create',
    start: 'nothing',
    run: (catalog) =>
      catalog.createTable({ identifier: orders, metadata: firstMetadata({ created: 'yes' }) }),
    after: ['created'],
  },
  {
    name: 'create after a drop',
    start: 'dropped',
    run: (catalog) =>
      catalog.createTable({ identifier: orders, metadata: firstMetadata({ created: 'yes' }) }),
    after: ['created'],
  },
  {
    name: 'commit',
    start: 'table',
    run: (catalog) => setProperty(catalog, orders, { added: 'yes' }),
    after: ['before', 'added'],
  },
  { name: 'drop', start: 'table', run: (catalog) => catalog.dropTable(orders), after: 'absent' },
  {
    name: 'purge',
    start: 'table',
    run: (catalog) => catalog.dropTable(orders, { purge: true }),
    after: 'absent',
  },
]

describe.each(operations)('$name, struck at every call that changes the store', (operation) => {
  it.each(FAULTS)('%s: is done or undone, never half, and never told wrongly', async (fault) => {
    let struck = 0
    for (let at = 0; ; at++) {
      const run = await strike(operation, fault, at)
      if (!run.wasStruck) break
      struck++
      try {
        await check(operation, run)
      } catch (error) {
        throw new Error(`${operation.name}, ${fault} at change ${at}: ${run.outcome}`, { cause: error })
      }
    }
    expect(struck).toBeGreaterThan(1)
  })
})

interface Struck {
  readonly wasStruck: boolean
  readonly outcome: 'acknowledged' | 'failed' | 'unknown'
  readonly store: ObjectStore
  /** Where an earlier drop kept its table's last metadata. */
  readonly keptBefore: string | undefined
  readonly dataFile: string
  readonly landGhost: () => Promise<void>
}

async function strike({ start, run }: Operation, fault: Fault, at: number): Promise<Struck> {
  const store = new MemoryStore()
  const healthy = catalogOver(store)
  let keptBefore: string | undefined
  const dataFile = `${WAREHOUSE}/shop/orders/data/a.parquet`
  if (start !== 'nothing') {
    await healthy.createTable({ identifier: orders, metadata: firstMetadata({ before: 'yes' }) })
    await store.put(dataFile, new Uint8Array(1))
    if (start === 'dropped') ({ keptMetadataLocation: keptBefore } = await healthy.dropTable(orders))
  }
  const faulty = faultyStore(store, fault, at)
  const outcome = await run(catalogOver(faulty.store)).then(
    () => 'acknowledged' as const,
    (error: unknown) =>
      isMoraineError(error) && error.code !== 'COMMIT_STATE_UNKNOWN' && error.code !== 'UNAVAILABLE'
        ? 'failed'
        : 'unknown',
  )
  return {
    wasStruck: faulty.changes() > at,
    outcome,
    store,
    keptBefore,
    dataFile,
    landGhost: faulty.landGhost,
  }
}

async function check({ start, after }: Operation, struck: Struck): Promise<void> {
  const { outcome, store, keptBefore, dataFile } = struck
  const [one, two] = [catalogOver(store), catalogOver(store)]
  const table = await loadIfThere(one)
  expect((await loadIfThere(two))?.metadataLocation).toBe(table?.metadataLocation)
  const listed = (await one.namespaceExists(['shop'])) ? await one.listTables(['shop']) : []
  expect(listed).toEqual(table === undefined ? [] : [orders])

  const found = table === undefined ? 'absent' : Object.keys(table.metadata.properties).filter(isOurs)
  const before = start === 'table' ? ['before'] : 'absent'
  if (outcome === 'acknowledged') expect(found).toEqual(after)
  else if (outcome === 'failed') expect(found).toEqual(before)
  else expect([before, after]).toContainEqual(found)

  if (keptBefore !== undefined) expect(await store.head(keptBefore)).toBeDefined()
  await continues(two, table !== undefined, struck.landGhost)
  if (after === 'absent' && table === undefined) await nothingLostByDrop(store, dataFile)
}

/** Life goes on: a present table takes commits, an absent one can be created, and finishing leaves no tombstone. */
async function continues(catalog: Catalog, present: boolean, landGhost: () => Promise<void>): Promise<void> {
  if (!present) await catalog.createTable({ identifier: orders, metadata: firstMetadata({ again: 'yes' }) })
  await landGhost()
  expect(await setProperty(catalog, orders, { later: 'yes' })).toMatchObject({ status: 'committed' })
  expect((await catalog.loadTable(orders)).metadata.properties).toHaveProperty('later')
}

/** After a drop without purge the data is there and what was kept registers; after a purge neither is. */
async function nothingLostByDrop(store: ObjectStore, dataFile: string): Promise<void> {
  const kept: string[] = []
  for await (const { location } of store.list(`${WAREHOUSE}/shop/orders/metadata/dropped-`))
    kept.push(location)
  expect((await store.head(dataFile)) !== undefined).toBe(kept.length === 1)
  for (const location of kept) {
    const { metadata } = await catalogOver(store).registerTable(RESTORED, location)
    expect(metadata.properties).toHaveProperty('before')
  }
}

function catalogOver(store: ObjectStore): Catalog {
  return objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment() })
}

async function loadIfThere(catalog: Catalog): Promise<LoadedTable | undefined> {
  try {
    return await catalog.loadTable(orders)
  } catch (error) {
    if (isMoraineError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

function isOurs(property: string): boolean {
  return !property.includes('.')
}
