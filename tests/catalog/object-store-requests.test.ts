import { describe, expect, it } from 'vitest'
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata, orders, setProperty, tableOf } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'

const WAREHOUSE = 'memory://lake/wh'

function catalogOver(store: ObjectStore): Catalog {
  return objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment() })
}

/** A store that answers in waves: all that was asked before it fell silent, at once. A wave is a round trip. */
function inWaves(inner: ObjectStore) {
  const waiting: (() => void)[] = []
  const seen = { requests: 0, roundTrips: 0 }
  const store = wrappedStore(inner, async (_, __, apply) => {
    seen.requests++
    await new Promise<void>((resolve) => void waiting.push(resolve))
    return apply()
  })
  async function count(work: () => Promise<unknown>) {
    Object.assign(seen, { requests: 0, roundTrips: 0 })
    let isDone = false
    const done = work().finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise(setImmediate)
      if (waiting.length === 0) continue
      seen.roundTrips++
      for (const go of waiting.splice(0)) go()
    }
    await done
    return { ...seen }
  }
  return { store, count }
}

async function table(versions: number) {
  const inner = new MemoryStore()
  const catalog = catalogOver(inner)
  await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
  for (let version = 2; version <= versions; version++) await setProperty(catalog, orders, { version: '' })
  return { inner, ...inWaves(inner) }
}

const updates = [{ action: 'set-properties' as const, updates: { a: 'x' } }]

describe('the requests of a commit', () => {
  it('are 8 in 3 round trips on a version that is held, and the same after a hundred more', async () => {
    const { store, count } = await table(3)
    const catalog = catalogOver(store)
    let base: LoadedTable | undefined
    await count(async () => {
      base = await catalog.loadTable(orders)
    })
    for (let i = 0; i < 100; i++) {
      const seen = await count(async () => {
        base = tableOf(
          await catalog.commitTable({ identifier: orders, requirements: [], updates, base: base! }),
        )
      })
      expect(seen, `commit ${i}`).toEqual({ requests: 8, roundTrips: 3 })
    }
  })

  it('are 14 in 5 round trips where nothing is held', async () => {
    const { store, count } = await table(3)
    const seen = await count(() => setProperty(catalogOver(store), orders, { a: 'x' }))
    expect(seen).toEqual({ requests: 14, roundTrips: 5 })
  })
})

describe('the requests of a load', () => {
  it.each([3, 120])('are 10 in 3 round trips at version %i', async (versions) => {
    const { store, count } = await table(versions)
    const seen = await count(() => catalogOver(store).loadTable(orders))
    expect(seen).toEqual({ requests: 10, roundTrips: 3 })
  })

  it('read no metadata again that is held and still current', async () => {
    const { inner, store, count } = await table(3)
    const catalog = catalogOver(store)
    let base: LoadedTable | undefined
    await count(async () => {
      base = await catalog.loadTable(orders)
    })
    const before = inner.counters.bytesRead
    const seen = await count(async () => {
      expect((await catalog.loadTable(orders, { base: base! })).metadata).toBe(base!.metadata)
    })
    expect(seen).toEqual({ requests: 9, roundTrips: 3 })
    expect(inner.counters.bytesRead - before).toBeLessThan(10)
  })

  it('grow with the logarithm of how stale the hint is', async () => {
    const { inner, store, count } = await table(400)
    await inner.put(`${WAREHOUSE}/shop/orders/metadata/version-hint.text`, new TextEncoder().encode('1'))
    const { requests } = await count(() => catalogOver(store).loadTable(orders))
    expect(requests).toBeLessThan(70)
  })
})
