import { expect, it } from 'vitest'
import { MemoryStore } from '../../storage/memory-store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'

objectStoreContract('MemoryStore', async () => ({ store: new MemoryStore(), base: 'memory://test/base/' }))

it('a memory store takes its timestamps from the clock it is given', async () => {
  const store = new MemoryStore({ now: () => 42 })
  await store.put('memory://m/a', new Uint8Array(1))
  expect(await store.head('memory://m/a')).toMatchObject({ lastModifiedMs: 42 })
})

it('a memory store says that another thread cannot have it', () => {
  expect(() => new MemoryStore().describe()).toThrow(/one thread/)
})
