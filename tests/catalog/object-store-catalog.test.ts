import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { FileStore } from '../../storage/file-store.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { type CatalogUnderTest, catalogContract } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

let top = ''
let made = 0
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'moraine-catalog-'))
})
afterAll(async () => rm(top, { recursive: true, force: true }))

function clientsOf(store: ObjectStore, warehouse: string): CatalogUnderTest {
  return {
    catalog: objectStoreCatalog({ store, warehouse, environment: testEnvironment(1) }),
    other: objectStoreCatalog({ store, warehouse, environment: testEnvironment(2) }),
    store,
  }
}

catalogContract('the object-store catalog in memory', async () =>
  clientsOf(new MemoryStore(), 'memory://lake/wh'),
)

catalogContract('the object-store catalog in a folder', async () => {
  const root = join(top, String(made++))
  return clientsOf(new FileStore({ root, durability: 'os' }), root)
})
