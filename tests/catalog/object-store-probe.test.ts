import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MoraineError } from '../../format/errors.ts'
import { connect } from '../../index.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata, orders, setProperty } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { denied, losingStore, unprovenStore } from '../simulation/losing-store.ts'

const WAREHOUSE = 'memory://lake/wh'
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

function catalogOver(store: ObjectStore, probe?: boolean): Catalog {
  const environment = testEnvironment()
  return objectStoreCatalog({
    store,
    warehouse: WAREHOUSE,
    environment,
    ...(probe === undefined ? {} : { probe }),
  })
}

describe('a store whose probe is red', () => {
  it('is read, and not written: every verb says what failed and what to do', async () => {
    const inner = new MemoryStore()
    const { metadataLocation } = await catalogOver(inner).createTable({
      identifier: orders,
      metadata: firstMetadata(),
    })
    const catalog = catalogOver(losingStore(inner))
    const other = { namespace: ['other'], name: 't' }
    for (const refused of [
      catalog.createTable({ identifier: other, metadata: firstMetadata() }),
      catalog.registerTable(other, metadataLocation),
      setProperty(catalog, orders, { a: '1' }),
      catalog.dropTable(orders),
    ]) {
      await expect(refused).rejects.toEqual(code('UNSUPPORTED'))
      await expect(refused).rejects.toThrow(/create races: 20 keys × 16 .*If-None-Match.*moraine doctor/)
    }
    expect((await catalog.loadTable(orders)).metadataLocation).toBe(metadataLocation)
    expect(await catalog.listTables(['shop'])).toEqual([orders])
    expect(await catalog.namespaceExists(['other'])).toBe(false)
  })

  it('is written all the same where the probe is left out', async () => {
    const store = losingStore(new MemoryStore())
    const catalog = catalogOver(store, false)
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const lake = await connect(WAREHOUSE, { store, probe: false })
    expect(await lake.tableExists('shop.orders')).toBe(true)
    await lake.dropTable('shop.orders')
  })
})

describe('the probe before a write', () => {
  it('is made once for a store, however many write first, and not for those that only read', async () => {
    const inner = new MemoryStore()
    await catalogOver(inner).createTable({ identifier: orders, metadata: firstMetadata() })
    let probes = 0
    const store = unprovenStore(inner, (call, location) => {
      if (call === 'put' && location.endsWith('/create-0')) probes++
    })
    await catalogOver(store).loadTable(orders)
    await catalogOver(store).listTables(['shop'])
    expect(probes).toBe(0)
    const catalogs = [catalogOver(store), catalogOver(store), catalogOver(store)]
    await Promise.all(catalogs.map((catalog, i) => setProperty(catalog, orders, { [`a${i}`]: '1' })))
    await setProperty(catalogOver(store), orders, { b: '1' })
    expect(probes).toBe(16)
  })

  it('is not made of stores whose creates are exclusive as they are built', async () => {
    const store = new MemoryStore()
    await catalogOver(store).createTable({ identifier: orders, metadata: firstMetadata() })
    expect(store.counters.puts).toBeLessThan(10)
  })

  it('that could not be made fails the write, and is made for the next', async () => {
    let isDown = true
    const store = unprovenStore(new MemoryStore(), () => {
      if (isDown) throw new MoraineError('UNAVAILABLE', 'no route')
    })
    const create = () => catalogOver(store).createTable({ identifier: orders, metadata: firstMetadata() })
    await expect(create()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true, cleanable: true })
    isDown = false
    await create()
  })

  it('tells a role that may not delete how to go on', async () => {
    const store = unprovenStore(new MemoryStore(), (call) => {
      if (call === 'delete') throw denied()
    })
    const create = catalogOver(store).createTable({ identifier: orders, metadata: firstMetadata() })
    await expect(create).rejects.toEqual(code('UNAUTHORIZED'))
    await expect(create).rejects.toThrow(/_moraine\/probe.*probe: false/)
  })
})
