import { describe, expect, it } from 'vitest'
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts'
import { SEGMENT } from '../../catalog/object-store/retirement.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MoraineError } from '../../format/errors.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata, orders, setProperty, tableOf } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { FAULTS, faultyStore } from '../simulation/faulty-store.ts'
import { gatedStore } from '../simulation/gated-store.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'
import { addSnapshot } from './appending-metadata.ts'

const WAREHOUSE = 'memory://lake/wh'
const METADATA = `${WAREHOUSE}/shop/orders/metadata/`
const HINT = `${METADATA}version-hint.text`
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const KEPT = 2
const DELETING = {
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': String(KEPT),
}

function catalogOver(store: ObjectStore): Catalog {
  return objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment() })
}

/** A table at version `versions`, which deletes its old metadata. */
async function tableAt(versions: number, properties: Readonly<Record<string, string>> = DELETING) {
  const store = new MemoryStore()
  const catalog = catalogOver(store)
  await catalog.createTable({ identifier: orders, metadata: firstMetadata(properties) })
  await commitTo(catalog, versions)
  return { store, catalog }
}

/** Commits until the table is at version `versions`. */
async function commitTo(catalog: Catalog, versions: number): Promise<void> {
  for (let at = 0; at < versions; ) {
    const { metadataLocation } = await catalog.loadTable(orders)
    at = Number(/\/v(\d+)\./.exec(metadataLocation)?.[1])
    if (at < versions) await setProperty(catalog, orders, { at: String(at + 1) })
  }
}

async function versionsIn(store: ObjectStore): Promise<number[]> {
  const versions: number[] = []
  for await (const { location } of store.list(`${METADATA}v`)) {
    const digits = /\/v(\d+)\.(?:gz\.)?metadata\.json$/.exec(location)?.[1]
    if (digits !== undefined) versions.push(Number(digits))
  }
  return versions.sort((a, b) => a - b)
}

/** A store whose listings show nothing. */
function blind(store: ObjectStore): ObjectStore {
  return { ...wrappedStore(store, (_, __, apply) => apply()), async *list() {} }
}

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

describe('a table that deletes its old metadata', () => {
  it('commits, and deletes nothing, where the property is nonsense', async () => {
    const { store, catalog } = await tableAt(1, { 'write.metadata.previous-versions-max': String(KEPT) })
    const nonsense = { 'write.metadata.delete-after-commit.enabled': 'yes' }
    expect(await setProperty(catalog, orders, nonsense)).toMatchObject({ status: 'committed' })
    await commitTo(catalog, SEGMENT + KEPT + 2)
    expect(await versionsIn(store)).toEqual(from(1, SEGMENT + KEPT + 2))
  })

  it('keeps what its log names and less than a segment more, and its readers find the tip', async () => {
    const { store, catalog } = await tableAt(SEGMENT + KEPT)
    expect(await versionsIn(store)).toEqual(from(1, SEGMENT + KEPT))
    for (let version = SEGMENT + KEPT + 1; version < 60; version++) {
      await setProperty(catalog, orders, { a: String(version) })
      const { metadata, metadataLocation } = await catalogOver(store).loadTable(orders)
      expect(metadataLocation).toBe(`${METADATA}v${version}.metadata.json`)
      for (const { metadataFile } of metadata.metadataLog)
        expect(await store.head(metadataFile)).toBeDefined()
      const left = await versionsIn(store)
      expect(left).toEqual(from(left[0]!, version))
      expect(left.length).toBeLessThanOrEqual(SEGMENT + KEPT + 1)
      expect(new TextDecoder().decode(await store.get(HINT))).toBe(String(version))
    }
  })

  it('deletes gzipped versions too', async () => {
    const { store } = await tableAt(40, { ...DELETING, 'write.metadata.compression-codec': 'gzip' })
    expect(await versionsIn(store)).toEqual(from(2 * SEGMENT + 1, 40))
  })

  it('deletes nothing unless it is asked to, and then nothing that had left the log before', async () => {
    const { store, catalog } = await tableAt(40, { 'write.metadata.previous-versions-max': String(KEPT) })
    expect(await versionsIn(store)).toEqual(from(1, 40))
    await setProperty(catalog, orders, DELETING)
    await commitTo(catalog, 70)
    expect(await versionsIn(store)).toEqual([...from(1, SEGMENT), ...from(4 * SEGMENT + 1, 70)])
  })

  it('deletes all at once what a smaller log names no more', async () => {
    const { store, catalog } = await tableAt(75, {
      ...DELETING,
      'write.metadata.previous-versions-max': '70',
    })
    expect(await versionsIn(store)).toEqual(from(1, 75))
    await setProperty(catalog, orders, { 'write.metadata.previous-versions-max': '3' })
    expect(await versionsIn(store)).toEqual(from(4 * SEGMENT + 1, 76))
  })

  it('tries once more, with the next segment, what could not be deleted', async () => {
    const { store } = await tableAt(SEGMENT + KEPT)
    let isDown = true
    const lossy = wrappedStore(store, async (call, _, apply) => {
      if (call === 'delete' && isDown) throw new MoraineError('UNAVAILABLE', 'no answer')
      return apply()
    })
    await commitTo(catalogOver(lossy), SEGMENT + KEPT + 1)
    expect(await versionsIn(store)).toEqual(from(1, SEGMENT + KEPT + 1))
    isDown = false
    await commitTo(catalogOver(lossy), 2 * SEGMENT + KEPT + 1)
    expect(await versionsIn(store)).toEqual(from(2 * SEGMENT + 1, 2 * SEGMENT + KEPT + 1))
  })
})

describe('a writer that stalls before its put', () => {
  it.each(['properties', 'a snapshot'])('past the clean-up of its version never wins (%s)', async (what) => {
    const { store, catalog } = await tableAt(5)
    const gate = gatedStore(store, `${METADATA}v6.metadata.json`)
    const writer = catalogOver(gate.store)
    const base = await writer.loadTable(orders)
    const late =
      what === 'properties'
        ? setProperty(writer, orders, { late: 'yes' })
        : writer.commitTable(addSnapshot(orders, base, 77n))
    await gate.reached
    await commitTo(catalog, 40)
    const before = await versionsIn(store)
    gate.open()
    await expect(late).rejects.toMatchObject({ code: 'COMMIT_STATE_UNKNOWN', cleanable: false })
    expect(await versionsIn(store)).toEqual(before)
    expect(new TextDecoder().decode(await store.get(HINT))).toBe('40')
    const { metadata } = await catalogOver(store).loadTable(orders)
    expect(metadata.properties['late']).toBeUndefined()
    expect(metadata.snapshots).toEqual([])
  })

  it('before it looks whether its base still is the tip just loses, and goes on above', async () => {
    const { store, catalog } = await tableAt(5)
    const writer = catalogOver(store)
    const base = await writer.loadTable(orders)
    await commitTo(catalog, 40)
    const updates = [{ action: 'set-properties' as const, updates: { late: 'yes' } }]
    const result = await writer.commitTable({ identifier: orders, requirements: [], updates, base })
    expect(tableOf(result).metadataLocation).toBe(`${METADATA}v41.metadata.json`)
    const again = await writer.commitTable(addSnapshot(orders, base, 78n))
    expect(again.status).toBe('committed')
  })

  it('and dies right after it brings nothing back, for whoever loads, commits or creates', async () => {
    const { store, catalog } = await tableAt(5)
    const gate = gatedStore(store, `${METADATA}v6.metadata.json`)
    const dies = wrappedStore(gate.store, async (call, [location], apply) => {
      const result = await apply()
      if (call === 'put' && location?.endsWith('v6.metadata.json')) throw new Error('the process died')
      return result
    })
    const environment = { ...testEnvironment(), sleep: () => new Promise<void>(() => {}) }
    void setProperty(objectStoreCatalog({ store: dies, warehouse: WAREHOUSE, environment }), orders, {
      late: 'yes',
    })
    await gate.reached
    await commitTo(catalog, 40)
    gate.open()
    await expect.poll(() => store.head(`${METADATA}v6.metadata.json`)).toBeDefined()
    for (const hint of ['40', '6', '5', '1', '32', 'none']) {
      await store.put(HINT, new TextEncoder().encode(hint))
      for (const seen of [store, blind(store)]) {
        const { metadata, metadataLocation } = await catalogOver(seen).loadTable(orders)
        expect(metadataLocation).toBe(`${METADATA}v40.metadata.json`)
        expect(metadata.properties['late']).toBeUndefined()
        const create = catalogOver(seen).createTable({ identifier: orders, metadata: firstMetadata() })
        await expect(create).rejects.toEqual(code('ALREADY_EXISTS'))
      }
    }
    await setProperty(catalogOver(store), orders, { a: 'x' })
    expect((await catalog.loadTable(orders)).metadataLocation).toBe(`${METADATA}v41.metadata.json`)
  })

  it('to create a table that has lived long since does not create it again', async () => {
    const store = new MemoryStore()
    const gate = gatedStore(store, `${METADATA}v1.metadata.json`)
    const late = catalogOver(gate.store).createTable({ identifier: orders, metadata: firstMetadata() })
    await gate.reached
    const catalog = catalogOver(store)
    await catalog.createTable({ identifier: orders, metadata: firstMetadata(DELETING) })
    await commitTo(catalog, 40)
    gate.open()
    await expect(late).rejects.toEqual(code('ALREADY_EXISTS'))
    expect(await versionsIn(store)).toEqual(from(2 * SEGMENT + 1, 40))
    expect(new TextDecoder().decode(await store.get(HINT))).toBe('40')
  })

  it('to drop a table drops what it has become, or nothing where a version was meant', async () => {
    for (const isMeant of [true, false]) {
      const { store, catalog } = await tableAt(5)
      const gate = gatedStore(store, `${METADATA}v6.metadata.json`)
      const { metadataLocation } = await catalog.loadTable(orders)
      const late = catalogOver(gate.store).dropTable(
        orders,
        isMeant ? { ifMetadataLocation: metadataLocation } : {},
      )
      await gate.reached
      await commitTo(catalog, 40)
      gate.open()
      if (isMeant) {
        await expect(late).rejects.toEqual(code('VALIDATION_FAILED'))
        expect((await catalog.loadTable(orders)).metadata.properties['at']).toBe('40')
        expect(await versionsIn(store)).toEqual(from(2 * SEGMENT + 1, 40))
      } else {
        const { keptMetadataLocation } = await late
        const { metadata } = await catalog.registerTable(orders, keptMetadataLocation!)
        expect(metadata.properties['at']).toBe('40')
      }
    }
  })
})

describe('a writer that stalls after its put', () => {
  async function stalled(commit: (catalog: Catalog, base: LoadedTable) => Promise<unknown>) {
    const { store, catalog } = await tableAt(5)
    const gate = gatedStore(store, `${METADATA}v6.metadata.json`, 'after')
    const writer = catalogOver(gate.store)
    const late = commit(writer, await writer.loadTable(orders))
    await gate.reached
    await commitTo(catalog, 40)
    gate.open()
    return { late, catalog }
  }

  it('past the clean-up of its version is told that it won, by its snapshot', async () => {
    const { late, catalog } = await stalled((writer, base) =>
      writer.commitTable(addSnapshot(orders, base, 77n)),
    )
    const result = (await late) as Awaited<ReturnType<Catalog['commitTable']>>
    const now = await catalog.loadTable(orders)
    expect(tableOf(result).metadataLocation).toBe(now.metadataLocation)
    expect(now.metadata.snapshots.map(({ snapshotId }) => snapshotId)).toEqual([77n])
  })

  it('is not told that it lost where nothing shows that it won', async () => {
    const { late, catalog } = await stalled((writer) => setProperty(writer, orders, { late: 'yes' }))
    await expect(late).rejects.toMatchObject({ code: 'COMMIT_STATE_UNKNOWN', cleanable: false })
    expect((await catalog.loadTable(orders)).metadata.properties['late']).toBe('yes')
  })

  it('and meets its own put as another’s, gone since, is not told that it lost', async () => {
    const { store, catalog } = await tableAt(5)
    const repeated = wrappedStore(store, async (call, [location], apply) => {
      const result = await apply()
      if (call !== 'put' || !location?.endsWith('v6.metadata.json')) return result
      await commitTo(catalog, 40)
      return { status: 'precondition-failed' } as never
    })
    const writer = catalogOver(repeated)
    const late = writer.commitTable(addSnapshot(orders, await writer.loadTable(orders), 77n))
    expect((await late).status).toBe('committed')
  })
})

describe('the tip of a table that deletes its old metadata', () => {
  const hints = [undefined, 'garbage', '1', '5', String(SEGMENT), String(2 * SEGMENT + 1), '39', '40', '999']

  it.each(['true', 'empty', 'stale'])(
    'is found whatever the hint says, with a listing that is %s',
    async (kind) => {
      const { store, catalog } = await tableAt(20)
      const stale: ObjectInfo[] = []
      for await (const info of store.list(METADATA)) stale.push(info)
      await commitTo(catalog, 40)
      const other: ObjectStore = {
        ...wrappedStore(store, (_, __, apply) => apply()),
        async *list(prefix) {
          if (kind === 'true') yield* store.list(prefix)
          if (kind === 'stale') yield* stale
        },
      }
      for (const hint of hints) {
        if (hint === undefined) await store.delete([HINT])
        else await store.put(HINT, new TextEncoder().encode(hint))
        const { metadataLocation, metadata } = await catalogOver(other).loadTable(orders)
        expect(metadataLocation, `hint ${hint}`).toBe(`${METADATA}v40.metadata.json`)
        expect(metadata.properties['at']).toBe('40')
        const create = catalogOver(other).createTable({ identifier: orders, metadata: firstMetadata() })
        await expect(create).rejects.toEqual(code('ALREADY_EXISTS'))
      }
      await store.delete([HINT])
      const committed = tableOf(await setProperty(catalogOver(other), orders, { a: 'x' }))
      expect(committed.metadataLocation).toBe(`${METADATA}v41.metadata.json`)
    },
  )

  it('is found beyond what was retired, and what was not, for want of an answer', async () => {
    const { store, catalog } = await tableAt(100)
    await store.delete([`${WAREHOUSE}/_moraine/retired/shop/orders/_2.json`, HINT])
    expect((await catalogOver(blind(store)).loadTable(orders)).metadataLocation).toBe(
      `${METADATA}v100.metadata.json`,
    )
    await catalog.loadTable(orders)
  })
})

describe('another engine that drops the table and makes one of the name', () => {
  async function droppedElsewhere() {
    const { store } = await tableAt(40)
    const doomed: string[] = []
    for await (const { location } of store.list(`${WAREHOUSE}/shop/orders/`)) doomed.push(location)
    await store.delete(doomed)
    return store
  }

  it('is followed from its version 1', async () => {
    const store = await droppedElsewhere()
    const elsewhere = { namespace: ['shop'], name: 'elsewhere' }
    const made = await catalogOver(store).createTable({
      identifier: elsewhere,
      metadata: firstMetadata(DELETING),
    })
    await store.put(`${METADATA}v1.metadata.json`, await store.get(made.metadataLocation))
    for (const hint of ['1', 'none']) {
      await store.put(HINT, new TextEncoder().encode(hint))
      const loaded = await catalogOver(store).loadTable(orders)
      expect(loaded.metadata.tableUuid).toBe(made.metadata.tableUuid)
    }
    await commitTo(catalogOver(store), 60)
    expect((await catalogOver(store).loadTable(orders)).metadata.properties['at']).toBe('60')
  })

  it('leaves a name under which we begin above what was retired', async () => {
    const store = await droppedElsewhere()
    const catalog = catalogOver(store)
    await expect(catalog.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata(DELETING) })
    expect(created.metadataLocation).toBe(`${METADATA}v${2 * SEGMENT + 1}.metadata.json`)
    await store.delete([HINT])
    expect(await catalogOver(store).loadTable(orders)).toMatchObject({
      metadataLocation: created.metadataLocation,
    })
    await commitTo(catalog, 80)
  })
})

describe('a commit that deletes old metadata, struck at every call that changes the store', () => {
  it.each(FAULTS)('%s: is done or undone, and the table goes on', async (fault) => {
    let struck = 0
    for (let at = 0; ; at++) {
      const { store, catalog } = await tableAt(SEGMENT + KEPT)
      const faulty = faultyStore(store, fault, at)
      const outcome = await setProperty(catalogOver(faulty.store), orders, { mine: 'yes' }).then(
        () => 'acknowledged',
        () => 'unknown',
      )
      if (faulty.changes() <= at) break
      struck++
      const { metadata } = await catalogOver(store).loadTable(orders)
      if (outcome === 'acknowledged') expect(metadata.properties['mine']).toBe('yes')
      const mine = metadata.properties['mine']
      for (const { metadataFile } of metadata.metadataLog)
        expect(await store.head(metadataFile)).toBeDefined()
      await commitTo(catalog, 2 * SEGMENT + KEPT + 2)
      await faulty.landGhost()
      expect((await catalogOver(store).loadTable(orders)).metadata.properties['mine']).toBe(mine)
      expect((await versionsIn(store)).length).toBeLessThanOrEqual(SEGMENT + KEPT + 2)
      await commitTo(catalogOver(store), 3 * SEGMENT + KEPT + 2)
    }
    expect(struck).toBeGreaterThan(3)
  })
})
