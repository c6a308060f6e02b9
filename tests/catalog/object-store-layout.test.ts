import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MoraineError } from '../../format/errors.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { firstMetadata, orders, setProperty, tableOf } from '../contracts/catalog.ts'
import { type TestEnvironment, testEnvironment } from '../contracts/test-environment.ts'
import { gatedStore } from '../simulation/gated-store.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'

const WAREHOUSE = 'memory://lake/wh'
const FOLDER = `${WAREHOUSE}/shop/orders`
const METADATA = `${FOLDER}/metadata/`
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

function catalogOver(store: ObjectStore, environment: TestEnvironment = testEnvironment()): Catalog {
  return objectStoreCatalog({ store, warehouse: WAREHOUSE, environment })
}

/** A table at version 3. */
async function threeVersions(properties: Readonly<Record<string, string>> = {}) {
  const store = new MemoryStore()
  const catalog = catalogOver(store)
  await catalog.createTable({ identifier: orders, metadata: firstMetadata(properties) })
  await setProperty(catalog, orders, { a: '2' })
  await setProperty(catalog, orders, { a: '3' })
  return { store, catalog }
}

async function metadataNames(store: ObjectStore): Promise<string[]> {
  const names: string[] = []
  for await (const { location } of store.list(METADATA)) names.push(location.slice(METADATA.length))
  return names
}

async function move(
  store: ObjectStore,
  from: string,
  to: string,
  change = (body: Uint8Array) => body,
): Promise<void> {
  await store.put(METADATA + to, change(await store.get(METADATA + from)))
  await store.delete([METADATA + from])
}

describe('the files that other engines look for', () => {
  it('numbers versions from 1, and hints at the last one', async () => {
    const { store } = await threeVersions()
    expect(await metadataNames(store)).toEqual([
      'v1.metadata.json',
      'v2.metadata.json',
      'v3.metadata.json',
      'version-hint.text',
    ])
    expect(new TextDecoder().decode(await store.get(`${METADATA}version-hint.text`))).toBe('3')
  })

  it('names each version as the metadata before it says, so that all writers claim one name', async () => {
    const { store, catalog } = await threeVersions({ 'write.metadata.compression-codec': 'gzip' })
    await setProperty(catalog, orders, { 'write.metadata.compression-codec': 'none' })
    await setProperty(catalog, orders, { a: '5' })
    expect(await metadataNames(store)).toEqual([
      'v1.metadata.json',
      'v2.gz.metadata.json',
      'v3.gz.metadata.json',
      'v4.gz.metadata.json',
      'v5.metadata.json',
      'version-hint.text',
    ])
    const magics = await Promise.all(
      ['v1', 'v2.gz', 'v5'].map(async (name) => (await store.get(`${METADATA}${name}.metadata.json`))[0]),
    )
    expect(magics).toEqual([0x7b, 0x1f, 0x7b])
  })

  it.each(['v3.gz.metadata.json', 'v3.metadata.json.gz'])('finds the tip under the name %s', async (name) => {
    const { store } = await threeVersions()
    await move(store, 'v3.metadata.json', name, gzipSync)
    const { metadata, metadataLocation } = await catalogOver(store).loadTable(orders)
    expect(metadataLocation).toBe(METADATA + name)
    expect(metadata.properties['a']).toBe('3')
    expect(tableOf(await setProperty(catalogOver(store), orders, { a: '4' })).metadataLocation).toBe(
      `${METADATA}v4.metadata.json`,
    )
  })

  it.each([
    undefined,
    '',
    '1',
    '2',
    '3\n',
    '4',
    '999',
    '0',
    '-1',
    '03',
    '2147483648',
    'v3',
    '\u0000',
    'x'.repeat(100_000),
  ])('finds the tip whatever the hint says: %j', async (hint) => {
    const { store } = await threeVersions()
    if (hint === undefined) await store.delete([`${METADATA}version-hint.text`])
    else await store.put(`${METADATA}version-hint.text`, new TextEncoder().encode(hint))
    expect((await catalogOver(store).loadTable(orders)).metadataLocation).toBe(`${METADATA}v3.metadata.json`)
  })

  it('finds the tip beyond a gap that another engine left behind a stale hint', async () => {
    const { store, catalog } = await threeVersions({ 'write.metadata.delete-after-commit.enabled': 'true' })
    await setProperty(catalog, orders, { a: '4' })
    await store.delete([`${METADATA}v2.metadata.json`])
    await store.put(`${METADATA}version-hint.text`, new TextEncoder().encode('1'))
    const { metadata, metadataLocation } = await catalogOver(store).loadTable(orders)
    expect(metadataLocation).toBe(`${METADATA}v4.metadata.json`)
    expect(metadata.properties['a']).toBe('4')
  })

  it('finds the tip far beyond a stale hint without asking for every version', async () => {
    const { store, catalog } = await threeVersions()
    for (let i = 0; i < 40; i++) await setProperty(catalog, orders, { a: String(i) })
    await store.put(`${METADATA}version-hint.text`, new TextEncoder().encode('1'))
    const before = store.counters.heads
    expect((await catalogOver(store).loadTable(orders)).metadataLocation).toBe(`${METADATA}v43.metadata.json`)
    expect(store.counters.heads - before).toBeLessThan(60)
  })

  it('is not confused by other files beside the versions', async () => {
    const { store } = await threeVersions()
    for (const name of [
      'v9.txt',
      'v.metadata.json',
      'v07.metadata.json',
      'v8.metadata.json.bak',
      'vx.metadata.json',
    ]) {
      await store.put(METADATA + name, new Uint8Array(2000))
    }
    await store.delete([`${METADATA}version-hint.text`])
    expect((await catalogOver(store).loadTable(orders)).metadataLocation).toBe(`${METADATA}v3.metadata.json`)
  })
})

describe('metadata that cannot be read', () => {
  it('is INVALID_DATA that names the file, for a load and for a commit', async () => {
    const { store, catalog } = await threeVersions()
    const body = await store.get(`${METADATA}v3.metadata.json`)
    for (const bad of [body.subarray(0, body.length / 2), new Uint8Array(), new Uint8Array(3000)]) {
      await store.put(`${METADATA}v3.metadata.json`, bad)
      await expect(catalog.loadTable(orders)).rejects.toEqual(code('INVALID_DATA'))
      await expect(catalog.loadTable(orders)).rejects.toThrow(`${METADATA}v3.metadata.json`)
      await expect(setProperty(catalog, orders, { a: 'x' })).rejects.toEqual(code('INVALID_DATA'))
      await expect(catalog.createTable({ identifier: orders, metadata: firstMetadata() })).rejects.toEqual(
        code('INVALID_DATA'),
      )
      expect(await catalog.listTables(['shop'])).toEqual([orders])
    }
  })

  it('is refused by its size before a byte of it is fetched', async () => {
    const { store } = await threeVersions()
    const huge = wrappedStore(store, async (call, [location], apply) => {
      if (call === 'get' && location?.endsWith('.metadata.json')) throw new Error('fetched')
      const result = await apply()
      return call === 'head' && result !== undefined ? { ...result, size: 2 ** 29 } : result
    })
    await expect(catalogOver(huge).loadTable(orders)).rejects.toEqual(code('UNSUPPORTED'))
  })
})

describe('what a dropped table leaves', () => {
  it.each(['none', 'gzip'])('is no table to any engine, and registers again (codec %s)', async (codec) => {
    const { store, catalog } = await threeVersions({ 'write.metadata.compression-codec': codec })
    const { keptMetadataLocation } = await catalog.dropTable(orders)
    const names = await metadataNames(store)
    expect(names).toHaveLength(1)
    expect(keptMetadataLocation).toBe(METADATA + names[0])
    expect(names[0]).toMatch(codec === 'gzip' ? /\.gz\.metadata\.json\.kept$/ : /[^z]\.metadata\.json\.kept$/)
    expect(await catalog.listNamespaces(['shop'])).toEqual([])
    expect(await catalog.namespaceExists(['shop', 'orders'])).toBe(false)
    const { metadata } = await catalog.registerTable(orders, keptMetadataLocation!)
    expect(metadata.properties['a']).toBe('3')
  })

  it('puts the next table of the name above the drop', async () => {
    const { store, catalog } = await threeVersions()
    await catalog.dropTable(orders, { purge: true })
    const again = await catalogOver(store).createTable({ identifier: orders, metadata: firstMetadata() })
    expect(again.metadataLocation).toBe(`${METADATA}v5.metadata.json`)
  })

  it('lets another engine start over at version 1, and goes on above the drop', async () => {
    const { store, catalog } = await threeVersions()
    await catalog.dropTable(orders, { purge: true })
    const elsewhere = { namespace: ['shop'], name: 'elsewhere' }
    const { metadataLocation } = await catalog.createTable({
      identifier: elsewhere,
      metadata: firstMetadata(),
    })
    await store.put(`${METADATA}v1.metadata.json`, await store.get(metadataLocation))
    await store.put(`${METADATA}version-hint.text`, new TextEncoder().encode('1'))
    for (const client of [catalog, catalogOver(store)]) {
      expect((await client.loadTable(orders)).metadataLocation).toBe(`${METADATA}v1.metadata.json`)
    }
    expect(tableOf(await setProperty(catalog, orders, { a: '1' })).metadataLocation).toBe(
      `${METADATA}v5.metadata.json`,
    )
    for (const hint of ['1', '5', 'none']) {
      await store.put(`${METADATA}version-hint.text`, new TextEncoder().encode(hint))
      expect((await catalogOver(store).loadTable(orders)).metadataLocation).toBe(
        `${METADATA}v5.metadata.json`,
      )
    }
  })

  it('is not purged with the next table of the name', async () => {
    const { store, catalog } = await threeVersions()
    await store.put(`${FOLDER}/data/a.parquet`, new Uint8Array(1))
    const { keptMetadataLocation } = await catalog.dropTable(orders)
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await expect(catalog.dropTable(orders, { purge: true })).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(catalog.dropTable(orders, { purge: true })).rejects.toThrow(keptMetadataLocation)
    await store.delete([keptMetadataLocation!])
    await catalog.dropTable(orders, { purge: true })
    expect(await store.head(`${FOLDER}/data/a.parquet`)).toBeUndefined()
  })
})

describe('a writer that stalls before its put', () => {
  const pastDrops: readonly [string, (catalog: Catalog) => Promise<unknown>][] = [
    ['a drop', (catalog) => catalog.dropTable(orders)],
    ['a purge', (catalog) => catalog.dropTable(orders, { purge: true })],
    [
      'more commits and a purge',
      async (catalog) => {
        await setProperty(catalog, orders, { a: '4' })
        await catalog.dropTable(orders, { purge: true })
      },
    ],
    [
      'a purge and a new table',
      async (catalog) => {
        await catalog.dropTable(orders, { purge: true })
        await catalog.createTable({ identifier: orders, metadata: firstMetadata({ fresh: 'yes' }) })
        await setProperty(catalog, orders, { a: 'fresh' })
      },
    ],
  ]

  it.each(pastDrops)('past %s is never acknowledged and leaves no trace', async (_, meanwhile) => {
    const { store, catalog } = await threeVersions()
    const gate = gatedStore(store, `${METADATA}v4.metadata.json`)
    const late = setProperty(catalogOver(gate.store), orders, { late: 'yes' })
    await gate.reached
    await meanwhile(catalog)
    const before = await withoutHint(store)
    gate.open()
    await expect(late).rejects.toEqual(code('NOT_FOUND'))
    expect(await withoutHint(store)).toEqual(before)
    const table = await catalogOver(store)
      .loadTable(orders)
      .catch(() => undefined)
    expect(table?.metadata.properties['late']).toBeUndefined()
    expect(table?.metadata.properties['a']).toBe(table === undefined ? undefined : 'fresh')
  })

  it('past commits and a drop that kept the table does not say that it lost, and is in no table', async () => {
    const { store, catalog } = await threeVersions()
    const gate = gatedStore(store, `${METADATA}v4.metadata.json`)
    const late = setProperty(catalogOver(gate.store), orders, { late: 'yes' })
    await gate.reached
    await setProperty(catalog, orders, { a: '4' })
    const { keptMetadataLocation } = await catalog.dropTable(orders)
    gate.open()
    await expect(late).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    const { metadata } = await catalog.registerTable(orders, keptMetadataLocation!)
    expect(metadata.properties).toMatchObject({ a: '4' })
    expect(metadata.properties['late']).toBeUndefined()
  })

  it('past a drop and then dies brings no table back, not even for the next that is created', async () => {
    const { store, catalog } = await threeVersions()
    const gate = gatedStore(store, `${METADATA}v4.metadata.json`)
    const dies = wrappedStore(gate.store, async (call, [location], apply) => {
      const result = await apply()
      if (call === 'put' && location?.endsWith('v4.metadata.json')) throw new Error('the process died')
      return result
    })
    const environment = testEnvironment()
    environment.sleep = () => new Promise(() => {})
    void setProperty(catalogOver(dies, environment), orders, { late: 'yes' })
    await gate.reached
    await catalog.dropTable(orders)
    gate.open()
    await expect.poll(() => store.head(`${METADATA}v4.metadata.json`)).toBeDefined()
    for (const client of [catalog, catalogOver(store)]) {
      await expect(client.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
      await expect(setProperty(client, orders, { a: 'x' })).rejects.toEqual(code('NOT_FOUND'))
      expect(await client.listTables(['shop'])).toEqual([])
    }
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    expect(created.metadataLocation).toBe(`${METADATA}v5.metadata.json`)
    expect(await store.head(`${METADATA}v4.metadata.json`)).toBeUndefined()
  })

  it('past its put, of the last version before a drop, is in what the drop keeps', async () => {
    const { store, catalog } = await threeVersions()
    const commit = gatedStore(store, `${METADATA}v4.metadata.json`, 'after')
    const late = setProperty(catalogOver(commit.store), orders, { late: 'yes' })
    await commit.reached
    const drop = gatedStore(store, `${WAREHOUSE}/_moraine/dropped/shop/orders/_1.json`, 'after')
    const dropped = catalogOver(drop.store).dropTable(orders)
    await drop.reached
    commit.open()
    await expect(late).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    drop.open()
    const { keptMetadataLocation } = await dropped
    const { metadata } = await catalog.registerTable(orders, keptMetadataLocation!)
    expect(metadata.properties['late']).toBe('yes')
  })

  it('past a whole life of another table creates its own above it', async () => {
    const store = new MemoryStore()
    const gate = gatedStore(store, `${METADATA}v1.metadata.json`)
    const late = catalogOver(gate.store).createTable({ identifier: orders, metadata: firstMetadata() })
    await gate.reached
    const catalog = catalogOver(store)
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await catalog.dropTable(orders, { purge: true })
    gate.open()
    const created = await late
    expect(created.metadataLocation).toBe(`${METADATA}v3.metadata.json`)
    expect(await catalog.loadTable(orders)).toMatchObject({ metadataLocation: created.metadataLocation })
    expect(await metadataNames(store)).toEqual(['v3.metadata.json', 'version-hint.text'])
  })
})

describe('a put without an answer', () => {
  it('is lost when a rival has the version by the time it is sent again', async () => {
    const { store, catalog } = await threeVersions()
    const environment = testEnvironment()
    environment.sleep = async () => void (await setProperty(catalog, orders, { rival: 'yes' }))
    const result = await setProperty(catalogOver(failingPuts(store, 1, 'before'), environment), orders, {
      mine: 'yes',
    })
    expect(result.status).toBe('conflict')
    const { properties } = (await catalog.loadTable(orders)).metadata
    expect(properties).toMatchObject({ rival: 'yes' })
    expect(properties['mine']).toBeUndefined()
  })

  it('is committed once when it had landed', async () => {
    const { store, catalog } = await threeVersions()
    const committed = tableOf(
      await setProperty(catalogOver(failingPuts(store, 1, 'after')), orders, { mine: 'yes' }),
    )
    expect(committed.metadataLocation).toBe(`${METADATA}v4.metadata.json`)
    expect(await catalog.loadTable(orders)).toMatchObject({ metadataLocation: committed.metadataLocation })
  })

  it.each(['before', 'after'] as const)('stays unknown when the checks are used up (%s)', async (when) => {
    const { store, catalog } = await threeVersions()
    await setProperty(catalog, orders, {
      'commit.status-check.num-retries': '2',
      'commit.status-check.min-wait-ms': '50',
    })
    const environment = testEnvironment()
    const late = setProperty(catalogOver(failingPuts(store, 99, when), environment), orders, { mine: 'yes' })
    await expect(late).rejects.toMatchObject({ code: 'COMMIT_STATE_UNKNOWN', cleanable: false })
    expect(environment.sleptMs).toBe(50 + 100)
    const { properties } = (await catalog.loadTable(orders)).metadata
    expect(properties['mine']).toBe(when === 'after' ? 'yes' : undefined)
  })

  it('of the hint does not matter', async () => {
    const { store } = await threeVersions()
    const noHints = wrappedStore(store, async (call, [location], apply) => {
      if (call === 'put' && location?.endsWith('version-hint.text'))
        throw new MoraineError('UNAVAILABLE', 'no')
      return apply()
    })
    expect((await setProperty(catalogOver(noHints), orders, { a: '4' })).status).toBe('committed')
    expect((await catalogOver(store).loadTable(orders)).metadata.properties['a']).toBe('4')
  })
})

describe('what this layout cannot do', () => {
  it('refuses a table that would lie elsewhere', async () => {
    const { catalog } = await threeVersions()
    const other = { namespace: ['shop'], name: 'other' }
    const moved = { ...firstMetadata(), location: 'memory://lake/elsewhere' }
    await expect(catalog.createTable({ identifier: other, metadata: moved })).rejects.toEqual(
      code('UNSUPPORTED'),
    )
    const metadata = firstMetadata({ 'write.metadata.path': 'memory://lake/elsewhere' })
    await expect(catalog.createTable({ identifier: other, metadata })).rejects.toEqual(code('UNSUPPORTED'))
    const location = 'memory://lake/elsewhere'
    const relocate = catalog.commitTable({
      identifier: orders,
      requirements: [],
      updates: [{ action: 'set-location', location }],
    })
    await expect(relocate).rejects.toEqual(code('UNSUPPORTED'))
  })

  it('refuses to rename, and tells what brings a table under another name', async () => {
    const { catalog } = await threeVersions()
    const renamed = { namespace: ['shop'], name: 'renamed' }
    const rename = catalog.renameTable(orders, renamed)
    await expect(rename).rejects.toEqual(code('UNSUPPORTED'))
    await expect(rename).rejects.toThrow(/shop\.orders to shop\.renamed.*[Dd]rop it, and register/)
    const { keptMetadataLocation } = await catalog.dropTable(orders)
    const { metadata } = await catalog.registerTable(renamed, keptMetadataLocation!)
    expect(metadata.properties['a']).toBe('3')
    expect((await setProperty(catalog, renamed, { a: '4' })).status).toBe('committed')
  })

  it('refuses to reuse the UUID of a dropped table for a new one', async () => {
    const { store, catalog } = await threeVersions()
    const metadata = { ...(await catalog.loadTable(orders)).metadata, location: '' }
    await catalog.dropTable(orders)
    const reused = catalogOver(store).createTable({ identifier: orders, metadata })
    await expect(reused).rejects.toEqual(code('INVALID_ARGUMENT'))
  })
})

/** A store whose first `count` puts of a version get no answer, having been applied or not. */
function failingPuts(inner: ObjectStore, count: number, when: 'before' | 'after'): ObjectStore {
  let left = count
  return wrappedStore(inner, async (call, [location], apply) => {
    if (call !== 'put' || !location?.includes('/metadata/v') || location.endsWith('.text') || left-- <= 0)
      return apply()
    if (when === 'after') await apply()
    throw new MoraineError('UNAVAILABLE', 'no answer')
  })
}

async function withoutHint(store: ObjectStore): Promise<string[]> {
  const locations: string[] = []
  for await (const { location } of store.list(`${FOLDER}/`)) locations.push(location)
  return locations.filter((location) => !location.endsWith('version-hint.text'))
}
