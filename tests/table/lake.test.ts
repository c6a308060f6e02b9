import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { connect, day, identity, openTable, schema, t } from '../../index.ts'
import { code, collect, locationsIn, memoryLake, rowsOf } from './support.ts'

const root = mkdtempSync(join(tmpdir(), 'moraine-lake-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const orders = schema({ id: t.long().required(), city: t.string(), at: t.date() })
const rows = [
  { id: 1n, city: 'Graz', at: '2026-11-20' },
  { id: 2n, city: 'Wien', at: '2026-11-21' },
  { id: 3n, city: 'Wien', at: '2026-11-21' },
]

async function shop() {
  const memory = await memoryLake()
  const created = await memory.lake.createTable('shop.orders', {
    schema: orders,
    partitionBy: [identity('city'), day('at')],
  })
  return { ...memory, table: await created.append(rows) }
}

describe('a lake', () => {
  it('lists namespaces and tables, and knows what is there', async () => {
    const { lake } = await shop()
    await lake.createTable(['shop', 'east', 'returns.old'], { schema: orders })
    expect(await lake.listNamespaces()).toEqual([['shop']])
    expect(await lake.listNamespaces('shop')).toEqual([['shop', 'east']])
    expect(await lake.listTables('shop')).toEqual(['orders'])
    expect(await lake.listTables(['shop', 'east'])).toEqual(['returns.old'])
    expect(await lake.tableExists('shop.orders')).toBe(true)
    expect(await lake.tableExists('shop.none')).toBe(false)
    await expect(lake.loadTable('shop.none')).rejects.toEqual(code('NOT_FOUND'))
    await expect(lake.listTables('none')).rejects.toEqual(code('NOT_FOUND'))
    await expect(lake.dropNamespace('shop')).rejects.toEqual(code('INVALID_ARGUMENT'))
    await lake.createNamespace('empty')
    await expect(lake.createNamespace('empty')).rejects.toEqual(code('ALREADY_EXISTS'))
    await lake.dropNamespace('empty')
    expect(await lake.listNamespaces()).toEqual([['shop']])
  })

  it('brings a dropped table back with all its rows and history', async () => {
    const { lake, table } = await shop()
    const { keptMetadataLocation } = await lake.dropTable('shop.orders')
    expect(await lake.tableExists('shop.orders')).toBe(false)
    await expect(table.refresh()).rejects.toEqual(code('NOT_FOUND'))
    const back = await lake.registerTable('shop.orders', keptMetadataLocation!)
    expect(back.metadata.tableUuid).toBe(table.metadata.tableUuid)
    expect(back.snapshots).toEqual(table.snapshots)
    const more = await back.append([{ id: 4n, city: 'Graz', at: null }])
    expect(await rowsOf(more.scan())).toHaveLength(4)
    expect(await rowsOf((await table.refresh()).scan())).toHaveLength(4)
    await expect(lake.registerTable('shop.orders', keptMetadataLocation!)).rejects.toEqual(
      code('ALREADY_EXISTS'),
    )
  })

  it('purges a table with its data, and nothing beside it', async () => {
    const { lake, store } = await shop()
    const sibling = await lake.createTable('shop.orders2', { schema: orders })
    await sibling.append(rows)
    await lake.dropTable('shop.orders', { purge: true })
    const left = await locationsIn(store)
    expect(left.filter((location) => location.includes('/wh/shop/orders/'))).toEqual([])
    expect(await rowsOf((await sibling.refresh()).scan())).toHaveLength(3)
    await expect(lake.dropTable('shop.orders')).rejects.toEqual(code('NOT_FOUND'))
  })

  it('does not take a table for another that was made under its name', async () => {
    const { lake, table } = await shop()
    await lake.dropTable('shop.orders', { purge: true })
    const anew = await lake.createTable('shop.orders', { schema: orders })
    expect(anew.metadata.tableUuid).not.toBe(table.metadata.tableUuid)
    await expect(table.refresh()).rejects.toEqual(code('NOT_FOUND'))
    await expect(table.append(rows)).rejects.toEqual(code('NOT_FOUND'))
    expect(await rowsOf((await anew.refresh()).scan())).toEqual([])
  })
})

describe('inspect', () => {
  it('shows files, manifests and partitions of any snapshot', async () => {
    const { table } = await shop()
    const after = await table.append([{ id: 2n ** 60n, city: 'Wien', at: '2026-11-21' }])
    const files = await collect(after.inspect.files())
    expect(
      files.map(({ partition, recordCount, sequenceNumber }) => [partition, recordCount, sequenceNumber]),
    ).toEqual([
      ['city=Wien/at_day=2026-11-21', 1n, 2n],
      ['city=Graz/at_day=2026-11-20', 1n, 1n],
      ['city=Wien/at_day=2026-11-21', 2n, 1n],
    ])
    expect(files.every((file) => file.fileSizeInBytes > 0n && file.fileFormat === 'parquet')).toBe(true)
    expect(await after.inspect.manifests()).toMatchObject([
      { content: 'data', addedFiles: 1, addedRows: 1n, sequenceNumber: 2n },
      { content: 'data', addedFiles: 2, addedRows: 3n, sequenceNumber: 1n },
    ])
    const first = { snapshotId: table.currentSnapshot!.snapshotId }
    expect(await collect(after.inspect.files(first))).toHaveLength(2)
    expect(await after.inspect.manifests(first)).toHaveLength(1)
    expect(await after.inspect.partitions()).toMatchObject([
      { partition: 'city=Wien/at_day=2026-11-21', dataFiles: 2, records: 3n, deleteFiles: 0 },
      { partition: 'city=Graz/at_day=2026-11-20', dataFiles: 1, records: 1n },
    ])
  })

  it('shows nothing of a table without snapshot', async () => {
    const { lake } = await memoryLake()
    const table = await lake.createTable('shop.empty', { schema: orders })
    expect(await collect(table.inspect.files())).toEqual([])
    expect(await table.inspect.manifests()).toEqual([])
    expect(await table.inspect.partitions()).toEqual([])
  })
})

describe('openTable', () => {
  async function inFolder(name: string) {
    const folder = join(root, name)
    mkdirSync(folder)
    const lake = await connect(join(folder, 'lake'), { durability: 'os' })
    const created = await lake.createTable('shop.orders', { schema: orders })
    const table = await created.append(rows)
    return { folder, lake, table, path: join(folder, 'lake', 'shop', 'orders') }
  }

  it('reads a table by its folder or by one of its metadata files, and writes nothing', async () => {
    const { table, path } = await inFolder('plain')
    for (const place of [path, `${path}/`, `file://${path}`, table.metadataLocation]) {
      const opened = await openTable(place)
      expect(opened.metadataLocation).toBe(table.metadataLocation)
      expect(opened.identifier).toEqual({ namespace: [], name: 'orders' })
      expect(await rowsOf(opened.scan())).toEqual(rows)
      await expect(opened.append(rows)).rejects.toEqual(code('UNSUPPORTED'))
      await expect(opened.refresh()).rejects.toEqual(code('UNSUPPORTED'))
    }
    const first = readdirSync(join(path, 'metadata')).find((name) => name === 'v1.metadata.json')
    expect(await rowsOf((await openTable(join(path, 'metadata', first!))).scan())).toEqual([])
  })

  it('reads a table that was moved, given where it lay', async () => {
    const { folder, table, path } = await inFolder('moved')
    const there = join(folder, 'elsewhere')
    renameSync(path, there)
    const lost = await openTable(there)
    await expect(rowsOf(lost.scan())).rejects.toEqual(code('INVALID_DATA'))
    for (const remap of [{ [table.location]: there }, new Map([[table.location, `file://${there}`]])]) {
      const opened = await openTable(there, { remap })
      expect(await rowsOf(opened.scan())).toEqual(rows)
      expect(opened.location).toBe(table.location)
    }
  })

  it('reads a copy, not the original', async () => {
    const { folder, table, path } = await inFolder('copied')
    const copy = join(folder, 'copy')
    cpSync(path, copy, { recursive: true })
    rmSync(path, { recursive: true })
    const opened = await openTable(copy, { remap: { [table.location]: copy } })
    expect(await rowsOf(opened.scan())).toEqual(rows)
    expect(await collect(opened.inspect.files())).toHaveLength(1)
  })

  it('finds no table where there is none', async () => {
    await expect(openTable(join(root, 'nowhere'))).rejects.toEqual(code('NOT_FOUND'))
    await expect(openTable(join(root, 'v9.metadata.json'))).rejects.toEqual(code('NOT_FOUND'))
  })
})

describe('connect', () => {
  it.each([
    ['', 'INVALID_ARGUMENT'],
    ['gs://bucket/lake', 'UNSUPPORTED'],
    ['s3://', 'INVALID_ARGUMENT'],
    ['http://example.org/lake', 'UNSUPPORTED'],
  ])('refuses %j', async (uri, expected) => {
    await expect(connect(uri)).rejects.toEqual(code(expected))
  })

  it('refuses a file, which is no folder', async () => {
    await expect(connect(import.meta.filename)).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(connect(`file://${import.meta.filename}/`)).rejects.toThrow('is a file, expected a folder')
  })

  it('says of a property without a text that it has none', async () => {
    for (const name of ['warehouse', 's3.endpoint']) {
      const properties = { warehouse: 's3://acme/wh', [name]: undefined as never }
      await expect(connect(properties)).rejects.toThrow(`'${name}' must be a text, found undefined`)
    }
  })

  it('keeps lakes in memory apart', async () => {
    const [one, two] = [await connect('memory:'), await connect('memory:')]
    await one.createTable('shop.orders', { schema: orders })
    expect(await two.tableExists('shop.orders')).toBe(false)
  })

  it('counts what a lake asked of its store, and closes', async () => {
    const folder = join(root, 'counted')
    await using lake = await connect(folder, { durability: 'os' })
    const before = lake.counters
    await (await lake.createTable('shop.orders', { schema: orders })).append(rows)
    expect(lake.counters.puts).toBeGreaterThan(before.puts + 4)
    expect(lake.counters.bytesWritten).toBeGreaterThan(1000)
  })
})
