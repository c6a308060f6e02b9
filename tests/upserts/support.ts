import { connect, type MemoryStore, type ObjectStore, type Table } from '../../index.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'

/** A table at hand, of which a rival changes the rows just before it puts a version of its own. */
export async function heldWithRival(
  store: MemoryStore,
  rival: (theirs: Table) => Promise<unknown>,
  { name = 'shop.orders', onWrite }: { name?: string; onWrite?: (location: string) => void } = {},
): Promise<Table> {
  const load = async (over: ObjectStore) =>
    (await (
      await connect('memory://lake/wh', { store: over, parallelism: 0 })
    ).loadTable(name)) as unknown as Table
  let isThrough = false
  const watched = wrappedStore(store, async (call, [location = ''], apply) => {
    if (call === 'openWrite') onWrite?.(location)
    if (call === 'put' && location.endsWith('.metadata.json') && !isThrough) {
      isThrough = true
      await rival(await load(store))
    }
    return apply()
  })
  return load(watched)
}

export async function locations(store: MemoryStore): Promise<string[]> {
  const found: string[] = []
  for await (const { location } of store.list('memory://')) found.push(location)
  return found.sort()
}
