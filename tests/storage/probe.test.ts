import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MoraineError } from '../../format/errors.ts'
import { FileStore } from '../../storage/file-store.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { probeFully, probeQuickly } from '../../storage/probe/probe-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { denied, losingStore, unprovenStore } from '../simulation/losing-store.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'

const WAREHOUSE = 'memory://lake/wh'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-probe-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

function probed(store: ObjectStore, warehouse = WAREHOUSE) {
  return { store, warehouse, environment: { ...testEnvironment(), now: Date.now } }
}

async function resultsOf(store: ObjectStore, warehouse = WAREHOUSE) {
  const { checks, isGreen } = await probeFully(probed(store, warehouse))
  return { isGreen, ...Object.fromEntries(checks.map(({ name, result }) => [name, result])) }
}

async function locationsIn(store: ObjectStore, warehouse = WAREHOUSE): Promise<string[]> {
  const locations: string[] = []
  for await (const { location } of store.list(`${warehouse}/`)) locations.push(location)
  for await (const name of store.listFolders(`${warehouse}/`)) locations.push(name)
  return locations
}

describe('a probe of a store that keeps its word', () => {
  it('is green, and leaves nothing behind', async () => {
    const memory = new MemoryStore()
    expect(await resultsOf(memory)).toMatchObject({ isGreen: true, 'if-match races': 'green' })
    expect(await locationsIn(memory)).toEqual([])
    const files = new FileStore({ root: folder, durability: 'os' })
    expect(await resultsOf(files, `file://${folder}`)).toMatchObject({
      isGreen: true,
      'create races': 'green',
      'delete and create': 'green',
      multipart: 'green',
      'if-match races': 'skipped',
    })
    expect(await locationsIn(files, `file://${folder}`)).toEqual([])
  })

  it('asks for 20 keys × 16 creates before a commit, and for 200 × 16 in full, each 16 at once', async () => {
    for (const [probe, keys] of [
      [probeQuickly, 20],
      [probeFully, 200],
    ] as const) {
      let under = 0
      let most = 0
      const creates = new Map<string, number>()
      const watched = wrappedStore(new MemoryStore(), async (call, [location], apply) => {
        if (call !== 'put' || !location!.includes('/create-')) return apply()
        creates.set(location!, (creates.get(location!) ?? 0) + 1)
        most = Math.max(most, ++under)
        await new Promise(setImmediate)
        try {
          return await apply()
        } finally {
          under--
        }
      })
      await probe(probed(watched))
      expect(creates.size).toBe(keys)
      expect([...creates.values()].every((count) => count === 16)).toBe(true)
      expect(most).toBeGreaterThanOrEqual(16)
    }
  })

  it('takes away in full what a killed probe has left, once it is a day old', async () => {
    const day = 24 * 60 * 60 * 1000
    let age = 2 * day
    const store = new MemoryStore({ now: () => Date.now() - age })
    await store.put(`${WAREHOUSE}/_moraine/probe/a/create-0`, new Uint8Array(1))
    await store.put(`${WAREHOUSE}/shop/orders/data/a.parquet`, new Uint8Array(1))
    age = day / 2
    await store.put(`${WAREHOUSE}/_moraine/probe/b/create-0`, new Uint8Array(1))
    age = 0
    const { checks } = await probeFully(probed(store))
    expect(checks.at(-1)).toMatchObject({ result: 'green', seen: expect.stringMatching(/and 1 objects/) })
    const left: string[] = []
    for await (const { location } of store.list(`${WAREHOUSE}/`)) left.push(location.slice(WAREHOUSE.length))
    expect(left).toEqual(['/_moraine/probe/b/create-0', '/shop/orders/data/a.parquet'])
  })

  it('bears creates whose answers are lost, also of the one that won', async () => {
    for (const when of ['before', 'after']) {
      let puts = 0
      const lossy = wrappedStore(new MemoryStore(), async (call, _, apply) => {
        if (call !== 'put' || puts++ % 5 !== 0) return apply()
        if (when === 'after') await apply()
        throw new MoraineError('UNAVAILABLE', 'no answer')
      })
      expect(await probeQuickly(probed(lossy))).toMatchObject({ isGreen: true })
    }
  })
})

describe('a probe of a store that looks before it writes', () => {
  it('sees what one request after another does not', async () => {
    const store = losingStore(new MemoryStore())
    const location = `${WAREHOUSE}/one`
    const put = () => store.put(location, new Uint8Array(1), { mode: 'create' })
    expect([(await put()).status, (await put()).status]).toEqual(['written', 'precondition-failed'])
    expect(await resultsOf(losingStore(new MemoryStore()))).toMatchObject({
      isGreen: false,
      'create races': 'red',
      'delete and create': 'red',
      'if-match races': 'red',
      'if-match stale': 'green',
      'put and get': 'green',
    })
  })

  it('says how many keys were decided wrongly, and leaves nothing behind', async () => {
    const inner = new MemoryStore()
    const { checks } = await probeQuickly(probed(losingStore(inner)))
    expect(checks).toEqual([
      {
        name: 'create races',
        result: 'red',
        seen: expect.stringMatching(/20 keys × 16 creates at once: 20 keys .*\(16 of 16 were told/),
      },
    ])
    expect(await locationsIn(inner)).toEqual([])
  })

  it('sees a winner whose object is another’s', async () => {
    const inner = new MemoryStore()
    let first: string | undefined
    const swapped = wrappedStore(inner, async (call, [location], apply) => {
      const result = await apply()
      if (call === 'put' && first === undefined) {
        first = location
        await inner.put(location!, new TextEncoder().encode('writer 1 .'))
      }
      return result
    })
    const { checks } = await probeQuickly(probed(swapped))
    expect(checks[0]!.seen).toMatch(/1 keys were decided wrongly \(the object is not that of the winner\)/)
  })
})

describe('a store that does not let us', () => {
  it('is told from one that is not there', async () => {
    const closed = wrappedStore(new MemoryStore(), async () => {
      throw denied()
    })
    expect(await resultsOf(closed)).toMatchObject({
      isGreen: false,
      reachable: 'green',
      credentials: 'red',
      'create races': 'skipped',
      'clean-up': 'skipped',
    })
    const readOnly = wrappedStore(new MemoryStore(), async (call, _, apply) => {
      if (call === 'put') throw denied()
      return apply()
    })
    expect(await resultsOf(readOnly)).toMatchObject({
      reachable: 'green',
      credentials: 'red',
      'put and get': 'skipped',
      'clean-up': 'skipped',
    })
    const silent = wrappedStore(new MemoryStore(), async () => {
      throw new MoraineError('UNAVAILABLE', 'no route')
    })
    expect(await resultsOf(silent)).toMatchObject({ isGreen: false, reachable: 'red' })
    await expect(probeQuickly(probed(silent))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('for want of a bucket says so once, and is asked nothing more', async () => {
    const noBucket = wrappedStore(new MemoryStore(), async (call) => {
      if (call === 'head') return undefined as never
      throw new MoraineError('INVALID_ARGUMENT', 'there is no bucket')
    })
    const { checks } = await probeFully(probed(noBucket))
    expect(checks.filter(({ result }) => result !== 'skipped')).toEqual([
      { name: 'reachable', result: 'red', seen: 'there is no bucket' },
    ])
  })

  it('delete is red for what stays behind', async () => {
    const keeper = unprovenStore(new MemoryStore(), (call) => {
      if (call === 'delete') throw denied()
    })
    expect(await resultsOf(keeper)).toMatchObject({
      isGreen: false,
      'create races': 'green',
      'clean-up': 'red',
    })
    await expect(probeQuickly(probed(keeper))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('have its clock wrong is red beyond a minute', async () => {
    const late = new MemoryStore({ now: () => Date.now() - 90_000 })
    expect(await resultsOf(late)).toMatchObject({ isGreen: false, clock: 'red' })
    const soon = new MemoryStore({ now: () => Date.now() + 30_000 })
    expect(await resultsOf(soon)).toMatchObject({ isGreen: true, clock: 'green' })
  })
})
