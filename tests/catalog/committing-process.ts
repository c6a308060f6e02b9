/** The body of a process that commits beside others; started by `committing-process.mjs`. */
import type { TableIdentifier } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { FileStore } from '../../storage/file-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

const ORDERS: TableIdentifier = { namespace: ['shop'], name: 'orders' }

/** Commits `count` properties and resolves to the location of each acknowledged version. */
export async function commitMany(warehouse: string, name: string, count: number): Promise<string[]> {
  const catalog = objectStoreCatalog({
    store: new FileStore({ root: warehouse, durability: 'os' }),
    warehouse,
    environment: testEnvironment(process.pid),
  })
  const locations: string[] = []
  while (locations.length < count) {
    const result = await catalog.commitTable({
      identifier: ORDERS,
      requirements: [],
      updates: [{ action: 'set-properties', updates: { [`${name}-${locations.length}`]: 'yes' } }],
    })
    if (result.status === 'committed') locations.push(result.table.metadataLocation)
  }
  return locations
}
