/** What every Catalog keeps. Each implementation runs this from its own test file. */
import { describe, expect, it } from 'vitest'
import type { Catalog, CommitResult, LoadedTable, TableIdentifier } from '../../catalog/catalog.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { newTableMetadata } from '../../format/table-metadata-build.ts'
import type { TableRequirement } from '../../format/table-requirement.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

export interface CatalogUnderTest {
  readonly catalog: Catalog
  /** A second client of the same tables, with nothing cached in common. */
  readonly other: Catalog
  /** Where the tables' files are. */
  readonly store: ObjectStore
}

export function catalogContract(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(`${name} keeps the Catalog contract`, () => {
    creating(open)
    committing(open)
    dropping(open)
    registering(open)
    namespaces(open)
    refusing(open)
  })
}

export const orders: TableIdentifier = { namespace: ['shop'], name: 'orders' }

let uuids = 0
export function firstMetadata(properties: Readonly<Record<string, string>> = {}): TableMetadata {
  return newTableMetadata({
    schema: {
      fields: [{ id: 1, name: 'id', type: { kind: 'long' }, required: true }],
      identifierFieldIds: [],
    },
    properties,
    location: '',
    uuid: `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
    now: 1_790_000_000_000,
  })
}

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

export function setProperty(
  catalog: Catalog,
  identifier: TableIdentifier,
  updates: Readonly<Record<string, string>>,
  requirements: readonly TableRequirement[] = [],
): Promise<CommitResult> {
  return catalog.commitTable({ identifier, requirements, updates: [{ action: 'set-properties', updates }] })
}

function creating(open: () => Promise<CatalogUnderTest>): void {
  it('loads what was created, also from another client', async () => {
    const { catalog, other } = await open()
    const first = firstMetadata({ owner: 'me' })
    const created = await catalog.createTable({ identifier: orders, metadata: first })
    expect(created.metadata.location).toMatch(/shop\/orders$/)
    expect(created.metadata).toEqual({ ...first, location: created.metadata.location })
    for (const client of [catalog, other]) {
      const loaded = await client.loadTable(orders)
      expect(loaded).toEqual({ ...created, metadata: expect.anything() })
      expect({ ...loaded.metadata, properties: { ...loaded.metadata.properties } }).toEqual({
        ...created.metadata,
        properties: { ...created.metadata.properties },
      })
    }
  })

  it('creates a table once, whoever tries again', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    for (const client of [catalog, other]) {
      const again = client.createTable({ identifier: orders, metadata: firstMetadata() })
      await expect(again).rejects.toEqual(code('ALREADY_EXISTS'))
    }
  })

  it('lets one of many concurrent creates win, whatever metadata codec each asks for', async () => {
    const { catalog, other } = await open()
    const attempts = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) =>
        (i % 2 ? catalog : other).createTable({
          identifier: orders,
          metadata: firstMetadata({ 'write.metadata.compression-codec': i % 3 ? 'gzip' : 'none' }),
        }),
      ),
    )
    const winners = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
    expect(winners).toHaveLength(1)
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason).toEqual(code('ALREADY_EXISTS'))
    }
    expect((await other.loadTable(orders)).metadata.tableUuid).toBe(winners[0]!.metadata.tableUuid)
  })

  it('knows no table that nobody created', async () => {
    const { catalog } = await open()
    await expect(catalog.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
    await expect(catalog.loadTable(orders)).rejects.toThrow('shop.orders')
    await expect(setProperty(catalog, orders, { a: '1' })).rejects.toEqual(code('NOT_FOUND'))
    await expect(catalog.dropTable(orders)).rejects.toEqual(code('NOT_FOUND'))
  })
}

function committing(open: () => Promise<CatalogUnderTest>): void {
  it('makes a commit visible to every client, with the old metadata in the log', async () => {
    const { catalog, other } = await open()
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const committed = tableOf(await setProperty(catalog, orders, { a: '1' }))
    expect(committed.metadata.properties['a']).toBe('1')
    expect(committed.metadataLocation).not.toBe(created.metadataLocation)
    expect(committed.metadata.metadataLog).toEqual([
      { timestampMs: created.metadata.lastUpdatedMs, metadataFile: created.metadataLocation },
    ])
    const loaded = await other.loadTable(orders)
    expect(loaded.metadataLocation).toBe(committed.metadataLocation)
    expect(loaded.metadata.properties['a']).toBe('1')
  })

  it('changes nothing when a requirement fails', async () => {
    const { catalog } = await open()
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const result = await setProperty(catalog, orders, { a: '1' }, [
      { type: 'assert-table-uuid', uuid: '11111111-1111-4111-8111-111111111111' },
    ])
    expect(result.status).toBe('conflict')
    expect((await catalog.loadTable(orders)).metadataLocation).toBe(created.metadataLocation)
  })

  it('applies every acknowledged commit of 16 concurrent writers exactly once', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const locations: string[] = []
    const writer = async (client: Catalog, name: string) => {
      for (let done = 0; done < 3; ) {
        const result = await setProperty(client, orders, { [`${name}-${done}`]: 'yes' })
        if (result.status === 'conflict') continue
        locations.push(result.table.metadataLocation)
        done++
      }
    }
    await Promise.all(Array.from({ length: 16 }, (_, i) => writer(i % 2 ? catalog : other, `w${i}`)))
    expect(new Set(locations).size).toBe(48)
    const { metadata } = await other.loadTable(orders)
    expect(
      Object.keys(metadata.properties).filter((name) => name.startsWith('w') && !name.includes('.')),
    ).toHaveLength(48)
    expect(metadata.metadataLog).toHaveLength(48)
  })

  it('commits onto the current version, whatever base the caller holds', async () => {
    const { catalog, other } = await open()
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const foreign = await other.loadTable(orders)
    await setProperty(other, orders, { rival: 'yes' })
    const forged = { ...created, metadata: { ...created.metadata, properties: { forged: 'yes' } } }
    const elsewhere = await catalog.createTable({
      identifier: { namespace: ['shop'], name: 'other' },
      metadata: firstMetadata({ elsewhere: 'yes' }),
    })
    for (const [i, base] of [created, foreign, forged, elsewhere].entries()) {
      const updates = [{ action: 'set-properties' as const, updates: { [`p${i}`]: 'yes' } }]
      for (const held of [base, await catalog.loadTable(orders)]) {
        const request = { identifier: orders, requirements: [], updates, base: held }
        expect((await catalog.commitTable(request)).status).toBe('committed')
      }
    }
    const { properties } = (await other.loadTable(orders)).metadata
    expect(properties).toMatchObject({ rival: 'yes', p0: 'yes', p1: 'yes', p2: 'yes', p3: 'yes' })
    expect(properties).not.toHaveProperty('forged')
    expect(properties).not.toHaveProperty('elsewhere')
  })

  it('loads the newest version, whatever earlier one the caller holds', async () => {
    const { catalog, other } = await open()
    const base = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    expect((await catalog.loadTable(orders, { base })).metadataLocation).toBe(base.metadataLocation)
    for (let i = 0; i < 3; i++) await setProperty(other, orders, { rival: String(i) })
    expect((await catalog.loadTable(orders, { base })).metadata.properties['rival']).toBe('2')
    await other.dropTable(orders)
    await expect(catalog.loadTable(orders, { base })).rejects.toEqual(code('NOT_FOUND'))
    const again = await other.createTable({ identifier: orders, metadata: firstMetadata() })
    const loaded = await catalog.loadTable(orders, { base })
    expect(loaded.metadata.tableUuid).toBe(again.metadata.tableUuid)
  })

  it('keeps as many log entries as the table asks for', async () => {
    const { catalog } = await open()
    const metadata = firstMetadata({ 'write.metadata.previous-versions-max': '2' })
    await catalog.createTable({ identifier: orders, metadata })
    for (let i = 0; i < 4; i++) await setProperty(catalog, orders, { i: String(i) })
    expect((await catalog.loadTable(orders)).metadata.metadataLog).toHaveLength(2)
  })

  it('answers a commit of nothing with the table as it is', async () => {
    const { catalog } = await open()
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const result = await catalog.commitTable({ identifier: orders, requirements: [], updates: [] })
    expect(tableOf(result).metadataLocation).toBe(created.metadataLocation)
  })

  it('keeps a property named __proto__', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const updates: Record<string, string> = Object.create(null)
    updates['__proto__'] = 'a value'
    await setProperty(catalog, orders, updates)
    expect((await other.loadTable(orders)).metadata.properties['__proto__']).toBe('a value')
  })
}

function dropping(open: () => Promise<CatalogUnderTest>): void {
  it('drops only the version that was meant, where one is named', async () => {
    const { catalog, other } = await open()
    const created = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await setProperty(other, orders, { note: 'a commit in between' })
    const options = { purge: true, ifMetadataLocation: created.metadataLocation }
    await expect(catalog.dropTable(orders, options)).rejects.toEqual(code('VALIDATION_FAILED'))
    const now = await other.loadTable(orders)
    expect(now.metadata.properties['note']).toBe('a commit in between')
    await catalog.dropTable(orders, { purge: true, ifMetadataLocation: now.metadataLocation })
    await expect(other.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
  })

  it('drops a table for every client and keeps its files', async () => {
    const { catalog, other, store } = await open()
    const { metadata } = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await store.put(`${metadata.location}/data/a.parquet`, new Uint8Array(3))
    const { keptMetadataLocation } = await catalog.dropTable(orders)
    expect(await store.head(keptMetadataLocation!)).toBeDefined()
    expect(await store.head(`${metadata.location}/data/a.parquet`)).toBeDefined()
    for (const client of [catalog, other]) {
      await expect(client.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
      expect(await client.listTables(['shop'])).toEqual([])
    }
  })

  it('purges the files of one table and not those of its neighbours', async () => {
    const { catalog, store } = await open()
    const neighbours = ['t10', 't', 't1-b'].map((name) => ({ namespace: ['shop'], name }))
    const t1 = { namespace: ['shop'], name: 't1' }
    const made: LoadedTable[] = []
    for (const identifier of [t1, ...neighbours]) {
      const table = await catalog.createTable({ identifier, metadata: firstMetadata() })
      await store.put(`${table.metadata.location}/data/p=1/a.parquet`, new Uint8Array(3))
      made.push(table)
    }
    expect(await catalog.dropTable(t1, { purge: true })).toEqual({})
    const [purged, ...others] = made
    for await (const { location } of store.list(`${purged!.metadata.location}/`)) {
      expect.fail(`${location} should have been purged`)
    }
    for (const { identifier, metadata } of others) {
      expect(await store.head(`${metadata.location}/data/p=1/a.parquet`)).toBeDefined()
      await catalog.loadTable(identifier)
    }
  })

  it('refuses to purge a table whose files it does not own', async () => {
    const { catalog } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata({ 'gc.enabled': 'false' }) })
    await expect(catalog.dropTable(orders, { purge: true })).rejects.toEqual(code('INVALID_ARGUMENT'))
    await catalog.loadTable(orders)
    await catalog.dropTable(orders)
  })

  it.each([false, true])('creates a new table under the name of a dropped one (purge %s)', async (purge) => {
    const { catalog, other } = await open()
    const first = await catalog.createTable({ identifier: orders, metadata: firstMetadata({ old: 'yes' }) })
    await setProperty(catalog, orders, { more: 'old' })
    await catalog.dropTable(orders, { purge })
    const second = await other.createTable({ identifier: orders, metadata: firstMetadata() })
    expect(second.metadata.tableUuid).not.toBe(first.metadata.tableUuid)
    const { metadata } = await catalog.loadTable(orders)
    expect(metadata.tableUuid).toBe(second.metadata.tableUuid)
    expect(metadata.properties['old']).toBeUndefined()
    expect(metadata.metadataLog).toEqual([])
    expect((await setProperty(other, orders, { a: '1' })).status).toBe('committed')
    expect((await catalog.loadTable(orders)).metadata.properties['a']).toBe('1')
  })

  it('lets one of many concurrent drops and commits come last, and no commit after it', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const commits = Array.from({ length: 8 }, (_, i) =>
      setProperty(i % 2 ? catalog : other, orders, { [`k${i}`]: '1' }),
    )
    const settled = await Promise.allSettled([...commits, catalog.dropTable(orders), other.dropTable(orders)])
    const drops = settled.slice(8)
    const kept = drops.flatMap((drop) =>
      drop.status === 'fulfilled' && drop.value !== undefined && 'keptMetadataLocation' in drop.value
        ? [drop.value.keptMetadataLocation!]
        : [],
    )
    expect(kept.length).toBeGreaterThan(0)
    await expect(catalog.loadTable(orders)).rejects.toEqual(code('NOT_FOUND'))
    const restored = await catalog.registerTable({ namespace: ['shop'], name: 'restored' }, kept[0]!)
    for (const [i, commit] of settled.slice(0, 8).entries()) {
      const acknowledged =
        commit.status === 'fulfilled' && 'status' in commit.value && commit.value.status === 'committed'
      if (acknowledged) expect(restored.metadata.properties[`k${i}`]).toBe('1')
    }
  })
}

function registering(open: () => Promise<CatalogUnderTest>): void {
  it('registers what a drop kept, under the same name and again after the next drop', async () => {
    const { catalog, other, store } = await open()
    const { metadata } = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await setProperty(catalog, orders, { a: '1' })
    for (let round = 0; round < 3; round++) {
      const { keptMetadataLocation } = await catalog.dropTable(orders)
      const registered = await other.registerTable(orders, keptMetadataLocation!)
      expect(registered.metadata.tableUuid).toBe(metadata.tableUuid)
      expect(registered.metadata.properties['a']).toBe('1')
      expect(await store.head(keptMetadataLocation!)).toBeDefined()
      expect((await setProperty(catalog, orders, { round: String(round) })).status).toBe('committed')
      expect((await other.loadTable(orders)).metadata.properties['round']).toBe(String(round))
    }
  })

  it('registers under a name that is free, and never deletes the file it was given', async () => {
    const { catalog, store } = await open()
    const { metadataLocation } = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const before = await store.get(metadataLocation)
    await expect(catalog.registerTable(orders, metadataLocation)).rejects.toEqual(code('ALREADY_EXISTS'))
    const copy = { namespace: ['shop'], name: 'copy' }
    const registered = await catalog.registerTable(copy, metadataLocation)
    expect(registered.metadata.metadataLog.at(-1)?.metadataFile).toBe(metadataLocation)
    await catalog.dropTable(copy, { purge: true })
    expect(await store.get(metadataLocation)).toEqual(before)
    await catalog.loadTable(orders)
  })

  it('refuses to register what is no metadata', async () => {
    const { catalog, store } = await open()
    const { metadata } = await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const junk = `${metadata.location}/junk.json`
    await store.put(junk, new TextEncoder().encode('{"format-version": 2}'))
    const copy = { namespace: ['shop'], name: 'copy' }
    await expect(catalog.registerTable(copy, junk)).rejects.toEqual(code('INVALID_DATA'))
    await expect(catalog.registerTable(copy, junk)).rejects.toThrow(junk)
    await expect(catalog.registerTable(copy, `${junk}.none`)).rejects.toEqual(code('NOT_FOUND'))
    await expect(catalog.loadTable(copy)).rejects.toEqual(code('NOT_FOUND'))
    expect(await store.head(junk)).toBeDefined()
  })
}

function namespaces(open: () => Promise<CatalogUnderTest>): void {
  it('creates, lists and drops nested namespaces', async () => {
    const { catalog, other } = await open()
    expect(await catalog.listNamespaces()).toEqual([])
    await catalog.createNamespace(['a'])
    await catalog.createNamespace(['a', 'b'])
    await catalog.createNamespace(['c'])
    expect(await other.listNamespaces()).toEqual([['a'], ['c']])
    expect(await other.listNamespaces(['a'])).toEqual([['a', 'b']])
    expect(await other.namespaceExists(['a', 'b'])).toBe(true)
    expect(await other.namespaceExists(['a', 'x'])).toBe(false)
    await expect(other.createNamespace(['a'])).rejects.toEqual(code('ALREADY_EXISTS'))
    await expect(other.dropNamespace(['a'])).rejects.toEqual(code('INVALID_ARGUMENT'))
    await other.dropNamespace(['a', 'b'])
    await other.dropNamespace(['a'])
    expect(await catalog.listNamespaces()).toEqual([['c']])
    await expect(catalog.dropNamespace(['a'])).rejects.toEqual(code('NOT_FOUND'))
    await expect(catalog.listNamespaces(['a'])).rejects.toEqual(code('NOT_FOUND'))
    await expect(catalog.listTables(['a'])).rejects.toEqual(code('NOT_FOUND'))
  })

  it('tells tables from namespaces', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await catalog.createTable({
      identifier: { namespace: ['shop', 'eu'], name: 'orders' },
      metadata: firstMetadata(),
    })
    expect(await other.listTables(['shop'])).toEqual([orders])
    expect(await other.listNamespaces(['shop'])).toEqual([['shop', 'eu']])
    expect(await other.listNamespaces()).toEqual([['shop']])
    expect(await other.namespaceExists(['shop', 'orders'])).toBe(false)
    await expect(other.dropNamespace(['shop'])).rejects.toEqual(code('INVALID_ARGUMENT'))
    const below = { namespace: ['shop', 'orders'], name: 'inner' }
    await expect(other.createTable({ identifier: below, metadata: firstMetadata() })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    await expect(other.createNamespace(['shop', 'orders'])).rejects.toBeInstanceOf(Error)
  })

  it('lets a namespace go once its tables are purged', async () => {
    const { catalog, other } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await catalog.dropTable(orders, { purge: true })
    expect(await other.namespaceExists(['shop'])).toBe(true)
    await other.dropNamespace(['shop'])
    expect(await catalog.listNamespaces()).toEqual([])
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    await other.loadTable(orders)
  })
}

function refusing(open: () => Promise<CatalogUnderTest>): void {
  it.each(['', '.', '..', '../x', 'a/b', 'a\\b', 'a\0b', '_hidden', '.hidden', 'x'.repeat(10_000), '\ud800'])(
    'refuses the name %j for tables and namespaces',
    async (name) => {
      const { catalog } = await open()
      for (const identifier of [
        { namespace: ['shop'], name },
        { namespace: [name], name: 'orders' },
      ]) {
        await expect(catalog.loadTable(identifier)).rejects.toEqual(code('INVALID_ARGUMENT'))
        const create = catalog.createTable({ identifier, metadata: firstMetadata() })
        await expect(create).rejects.toEqual(code('INVALID_ARGUMENT'))
        await expect(catalog.dropTable(identifier, { purge: true })).rejects.toEqual(code('INVALID_ARGUMENT'))
      }
      await expect(catalog.createNamespace([name])).rejects.toEqual(code('INVALID_ARGUMENT'))
    },
  )

  it('takes names as they are, __proto__ and the long ones among them', async () => {
    const { catalog, other } = await open()
    const names = ['constructor', 'a b', 'ä', 'a.b', 'metadata', 'x'.repeat(255)]
    for (const name of names) {
      await catalog.createTable({ identifier: { namespace: ['shop'], name }, metadata: firstMetadata() })
      expect((await other.loadTable({ namespace: ['shop'], name })).identifier.name).toBe(name)
    }
    expect((await other.listTables(['shop'])).map(({ name }) => name).sort()).toEqual([...names].sort())
  })

  it('does nothing once the signal has fired', async () => {
    const { catalog } = await open()
    await catalog.createTable({ identifier: orders, metadata: firstMetadata() })
    const signal = AbortSignal.abort()
    const request = { identifier: orders, requirements: [], updates: [] }
    await expect(catalog.loadTable(orders, { signal })).rejects.toEqual(code('ABORTED'))
    await expect(catalog.commitTable(request, { signal })).rejects.toEqual(code('ABORTED'))
    await expect(catalog.dropTable(orders, { signal })).rejects.toEqual(code('ABORTED'))
    await catalog.loadTable(orders)
  })
}

export function tableOf(result: CommitResult): LoadedTable {
  if (result.status !== 'committed') throw new Error(`expected a commit, found a conflict: ${result.reason}`)
  return result.table
}
