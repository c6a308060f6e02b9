/** Whole tables whose metadata has a form of an older or another writer, read row by row, and appended to. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JsonObject, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import type { ManifestFile } from '../../format/manifest.ts'
import { encodeManifestList } from '../../format/manifest-list-codec.ts'
import {
  bucket,
  connect,
  eq,
  identity,
  type Lake,
  MemoryStore,
  openTable,
  schema,
  type Table,
  t,
} from '../../index.ts'
import { readManifestList } from '../../snapshot/manifests.ts'
import { FileStore } from '../../storage/file-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { CraftedTable } from '../deletes/crafted-table.ts'
import { rowsOf } from '../table/support.ts'
import { asFirstWriters, respell, rewriteMetadata, withoutFieldIds } from './rewritten-table.ts'

interface Small {
  readonly store: MemoryStore
  readonly lake: Lake
  readonly table: Table
}

const first = [
  { id: 1n, part: 'a', price: '1.50' },
  { id: 2n, part: 'b', price: null },
]
const second = [
  { id: 3n, part: 'a', price: '-2.25' },
  { id: 4n, part: null, price: '0.00' },
]

/** A table of two appends, partitioned by `part`. */
async function smallTable(formatVersion: number): Promise<Small> {
  const store = new MemoryStore()
  const lake = await connect(
    { type: 'hadoop', warehouse: 'memory://lake/wh', 'io.manifest.cache-enabled': 'false' },
    { store, environment: testEnvironment() },
  )
  const created = await createSmall(lake, formatVersion)
  return { store, lake, table: await (await created.append(first)).append(second) }
}

async function createSmall(lake: Lake, formatVersion: number): Promise<Table> {
  return (await lake.createTable('db.t', {
    schema: schema({ id: t.long().required(), part: t.string(), price: t.decimal(9, 2) }),
    partitionBy: [identity('part')],
    properties: { 'format-version': `${formatVersion}` },
  })) as unknown as Table
}

async function sortedRows(table: Table, options: Parameters<Table['scan']>[0] = {}) {
  const rows = (await rowsOf(table.scan(options))) as { readonly id: bigint }[]
  return rows.sort((a, b) => Number(a.id - b.id))
}

describe('a table of the first v1 writers', () => {
  test('has the rows of every snapshot, by manifests that the metadata lists', async () => {
    const small = await smallTable(1)
    await asFirstWriters(small.store, small.table)
    const table = await openTable(small.table.metadataLocation, { store: small.store })
    expect(table.currentSnapshot).toMatchObject({ manifests: [expect.any(String), expect.any(String)] })
    expect(table.currentSnapshot?.manifestList).toBeUndefined()
    expect(await sortedRows(table)).toEqual([...first, ...second])
    const { snapshotId } = table.snapshots[0]!
    expect(await sortedRows(table, { at: { snapshotId } })).toEqual(first)
    expect(await sortedRows(table, { where: eq('part', 'a') })).toEqual([first[0], second[0]])
    expect(await table.inspect.partitions()).toHaveLength(3)
  })

  test('keeps its rows and its history when it is appended to, and upgraded to v3', async () => {
    const small = await smallTable(1)
    await asFirstWriters(small.store, small.table)
    let table = await small.lake.loadTable('db.t')
    const third = [{ id: 5n, part: 'b', price: '9.99' }]
    table = await table.append(third)
    expect(await sortedRows(table)).toEqual([...first, ...second, ...third])
    table = (await table.update().upgradeFormatVersion(2).commit()) as Table
    table = (await table.update().upgradeFormatVersion(3).commit()) as Table
    const fourth = [{ id: 6n, part: null, price: null }]
    table = await table.append(fourth)
    expect(await sortedRows(table)).toEqual([...first, ...second, ...third, ...fourth])
    const rowIds = await sortedRows(table, { select: ['id', '_row_id', '_last_updated_sequence_number'] })
    expect(new Set(rowIds.map((row) => (row as { _row_id?: unknown })._row_id)).size).toBe(6)
    for (const [i, rows] of [first, [...first, ...second]].entries()) {
      const { snapshotId } = table.snapshots[i]!
      expect(await sortedRows(table, { at: { snapshotId } })).toEqual(rows)
    }
  })
})

describe('a table without a current snapshot', () => {
  test.each([
    [1, -1],
    [1, undefined],
    [2, -1],
    [2, null],
    [3, null],
    [3, -1],
  ])('of v%i, where current-snapshot-id is %s, has no rows, and takes some', async (version, current) => {
    const { store, lake, table } = await smallTable(version)
    await rewriteMetadata(store, table, () => ({
      'current-snapshot-id': current,
      refs: {},
      snapshots: [],
      'snapshot-log': [],
    }))
    const empty = await lake.loadTable('db.t')
    expect(await sortedRows(empty)).toEqual([])
    expect(await empty.inspect.manifests()).toEqual([])
    expect(await sortedRows(await empty.append(first))).toEqual(first)
  })
})

describe('metadata that other writers leave looser than ours', () => {
  test.each([1, 2, 3])('is read, and written to, v%i: nulls for what is absent', async (version) => {
    const { store, lake, table } = await smallTable(version)
    const absent = [
      'properties',
      'refs',
      'snapshot-log',
      'metadata-log',
      'statistics',
      'partition-statistics',
    ]
    await rewriteMetadata(store, table, () => Object.fromEntries(absent.map((name) => [name, null])))
    const loaded = await lake.loadTable('db.t')
    expect(await sortedRows(loaded)).toEqual([...first, ...second])
    expect(await sortedRows(await loaded.append([{ id: 9n }]))).toHaveLength(5)
  })

  test('is read, and written to: types with spaces, transforms in capitals, columns and snapshots that say little', async () => {
    const { store, lake, table } = await smallTable(2)
    await rewriteMetadata(store, table, (metadata) => {
      const text = stringifyJson(metadata)
        .replaceAll('"decimal(9, 2)"', '"decimal( 9,2 )"')
        .replaceAll('"transform":"identity"', '"transform":"IDENTITY"')
      expect(text).toMatch(/decimal\( 9,2 \).*IDENTITY|IDENTITY.*decimal\( 9,2 \)/)
      const json = parseJson(text) as JsonObject
      const snapshots = json['snapshots'] as JsonObject[]
      return {
        ...json,
        'partition-specs': (json['partition-specs'] as JsonObject[]).map((spec) => ({
          ...spec,
          'x-note': 1,
        })),
        snapshots: snapshots.map(({ summary: _1, 'schema-id': _2, ...snapshot }) => snapshot),
      }
    })
    const loaded = await lake.loadTable('db.t')
    expect(await sortedRows(loaded)).toEqual([...first, ...second])
    expect(await sortedRows(loaded, { where: eq('part', 'b') })).toEqual([first[1]])
    expect(await sortedRows(await loaded.append([{ id: 9n }]))).toHaveLength(5)
  })
})

describe('a gzip metadata file', () => {
  test.each(['.gz.metadata.json', '.metadata.json.gz'])('is found by its ending %s', async (ending) => {
    const { store, lake, table } = await smallTable(2)
    const bytes = await store.get(table.metadataLocation)
    const place = table.metadataLocation.replace('.metadata.json', ending)
    await store.put(place, gzipSync(bytes))
    await store.delete([table.metadataLocation])
    for (const location of [place, table.location]) {
      const opened = await openTable(location, { store })
      expect(opened.metadataLocation).toBe(place)
      expect(await sortedRows(opened)).toEqual([...first, ...second])
    }
    const loaded = await lake.loadTable('db.t')
    expect(loaded.metadataLocation).toBe(place)
    expect(await sortedRows(await loaded.append([{ id: 9n }]))).toHaveLength(5)
  })
})

describe('paths that another writer spelled', () => {
  let folder: string
  let table: Table
  const store = new FileStore({})
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moraine-spelled-'))
    const lake = await connect(folder, { durability: 'os' })
    table = await (await (await createSmall(lake, 2)).append(first)).append(second)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each([
    ['as plain paths', (path: string) => path.replace('file://', '')],
    ['as file:/', (path: string) => path.replace('file://', 'file:')],
    ['as file:///', (path: string) => path],
    ['as file://localhost/', (path: string) => path.replace('file://', 'file://localhost')],
    ['as FILE:/', (path: string) => path.replace('file://', 'FILE:')],
    ['with slashes too many', (path: string) => path.replaceAll('/db/', '//db///')],
  ])('%s are read in their place', async (_, spell) => {
    const place = await respell(store, table, spell)
    const opened = await openTable(place)
    expect(opened.location).toBe(spell(table.location))
    expect(await sortedRows(opened)).toEqual([...first, ...second])
    const { snapshotId } = opened.snapshots[0]!
    expect(await sortedRows(opened, { at: { snapshotId } })).toEqual(first)
  })

  test.each(
    ['s3://lake/wh', 's3a://lake/wh', 's3n://lake/wh', 'S3A://lake/wh', 'hdfs://name:8020/wh'].flatMap(
      (from) => ['', '/'].map((slash) => [from, slash] as const),
    ),
  )('below %s%s are read by a remap of it', async (from, slash) => {
    const spell = (path: string) => path.replace(`file://${folder}`, from)
    const place = await respell(store, table, spell)
    const opened = await openTable(place, { remap: { [`${from}${slash}`]: folder } })
    expect(opened.location).toBe(`${from}/db/t`)
    expect(await sortedRows(opened)).toEqual([...first, ...second])
    expect(await sortedRows(opened, { where: eq('part', 'a') })).toEqual([first[0], second[0]])
  })

  test('below two places are read by two remaps, the longer one first', async () => {
    const spell = (path: string) =>
      path.replace(`file://${folder}/db/t/data`, 's3a://data/files').replace(`file://${folder}`, 's3n://lake')
    const place = await respell(store, table, spell)
    const remap = {
      's3://lake': folder,
      's3://data/files': join(folder, 'db/t/data'),
      's3://data': '/nowhere',
    }
    expect(await sortedRows(await openTable(place, { remap }))).toEqual([...first, ...second])
    const missing = openTable(place, { remap: { 's3://lake': folder } }).then((opened) => sortedRows(opened))
    await expect(missing).rejects.toMatchObject({ code: 'INVALID_DATA', message: /remap/ })
  })
})

test('manifests shorter than their list tells are read where they have every entry, as rewrite_table_path leaves them', async () => {
  const { store, lake, table } = await smallTable(2)
  const { metadata } = table
  const snapshot = metadata.snapshots.at(-1)!
  const manifests = await readManifestList({ store, metadata }, snapshot)
  const putList = (change: Partial<ManifestFile>) => {
    const changed = manifests.map((one) => ({ ...one, ...change, manifestLength: one.manifestLength + 100n }))
    return store.put(
      snapshot.manifestList!,
      encodeManifestList({ ...metadata, ...snapshot, manifests: changed }).bytes,
    )
  }
  await putList({})
  expect(await sortedRows(await lake.loadTable('db.t'))).toEqual([...first, ...second])
  await putList({ existingFilesCount: 7 })
  await expect(sortedRows(await lake.loadTable('db.t'))).rejects.toMatchObject({
    code: 'INVALID_DATA',
    message: /cut short/,
  })
})

test.each([
  [{ 'total-data-files': '0' }, []],
  // Java keeps up the total, and takes off a file once that stood in a manifest twice.
  [{ 'total-data-files': '1', 'manifests-created': '0', 'manifests-kept': '0' }, []],
  [{ 'total-data-files': '1' }, /manifests of 1 data files/],
  [{ 'total-data-files': '0', 'manifests-created': '0', 'manifests-kept': '2' }, /2 older manifests/],
] as const)(
  'a list without manifests is right, or cut short, as the summary %o tells',
  async (summary, rows) => {
    const { store, lake, table } = await smallTable(2)
    const snapshot = table.metadata.snapshots.at(-1)!
    const list = encodeManifestList({ ...table.metadata, ...snapshot, manifests: [] })
    await store.put(snapshot.manifestList!, list.bytes)
    await rewriteMetadata(store, table, (json) => ({
      snapshots: (json['snapshots'] as JsonObject[]).map((one) => ({
        ...one,
        summary: { operation: 'delete', ...summary },
      })),
    }))
    const read = sortedRows(await lake.loadTable('db.t'))
    if (rows instanceof RegExp)
      await expect(read).rejects.toMatchObject({ code: 'INVALID_DATA', message: rows })
    else expect(await read).toEqual(rows)
  },
)

describe('manifests and their lists without field ids', () => {
  test.each([
    [1, []],
    [2, []],
    [3, []],
    [2, ['format-version']],
  ] as const)('are read by name, v%i, without %j in the header', async (formatVersion, except) => {
    const crafted = await CraftedTable.create({
      schema: schema({ id: t.long().required(), part: t.string(), price: t.decimal(9, 2) }),
      partitionBy: [identity('part'), bucket('id', 4)],
      properties: { 'format-version': String(formatVersion) },
    })
    await (await crafted.load()).append([...first, ...second])
    if (formatVersion > 1) await (await crafted.load()).delete(eq('id', 2n))
    const kept = [...first, ...second].filter(({ id }) => formatVersion === 1 || id !== 2n)
    const { store } = crafted
    for await (const { location } of store.list('memory://lake/wh/shop/orders/metadata/')) {
      if (location.endsWith('.avro'))
        await store.put(location, withoutFieldIds(await store.get(location), except))
    }
    const table = (await crafted.load()) as unknown as Table
    expect(await sortedRows(table)).toEqual(kept)
    expect(await sortedRows(table, { where: eq('part', 'a') })).toEqual([first[0], second[0]])
    expect(await table.inspect.partitions()).toHaveLength(new Set(kept.map(({ part }) => part)).size + 1)
    expect(
      await sortedRows((await table.append([{ id: 5n, part: 'a', price: null }])) as Table),
    ).toHaveLength(kept.length + 1)
  })
})

describe('a transform of several arguments', () => {
  const field = { name: 'place', transform: 'zorder[8]', 'source-ids': [1, 2], 'field-id': 1001 }
  const order = {
    transform: 'zorder[8]',
    'source-ids': [2, 1],
    direction: 'desc',
    'null-order': 'nulls-last',
  }

  test('is carried through our commits', async () => {
    const { store, lake, table } = await smallTable(3)
    await rewriteMetadata(store, table, (metadata) => ({
      'partition-specs': [
        ...(metadata['partition-specs'] as JsonObject[]),
        { 'spec-id': 1, fields: [field] },
      ],
      'last-partition-id': 1001,
      'sort-orders': [...(metadata['sort-orders'] as JsonObject[]), { 'order-id': 7, fields: [order] }],
    }))
    let again = await lake.loadTable('db.t')
    again = (await again.update().addColumn('more', t.int()).setProperties({ a: 'b' }).commit()) as Table
    again = await again.append([{ id: 5n, part: 'z', price: null, more: 7 }])
    again = await again.createTag('kept')
    expect(await sortedRows(again)).toHaveLength(5)
    const text = Buffer.from(await store.get(again.metadataLocation)).toString()
    const written = JSON.parse(text)
    expect(written['partition-specs'][1]).toEqual({ 'spec-id': 1, fields: [field] })
    expect(written['sort-orders'].at(-1)).toEqual({ 'order-id': 7, fields: [order] })
  })

  test('that files are partitioned by, whatever its type, hides none of them', async () => {
    const { store, lake, table } = await smallTable(3)
    const types = {
      int: bucket('id', 8),
      string: identity('part'),
      decimal: identity('price'),
      long: identity('id'),
    }
    for (const [name, term] of Object.entries(types)) {
      const created = await lake.createTable(`db.by_${name}`, { schema: table.schema, partitionBy: [term] })
      const filled = await created.append([...first, ...second])
      await rewriteMetadata(store, filled, () => ({
        'partition-specs': [{ 'spec-id': 0, fields: [{ ...field, 'field-id': 1000 }] }],
      }))
      const loaded = await lake.loadTable(`db.by_${name}`)
      expect(await sortedRows(loaded), name).toEqual([...first, ...second])
      expect(await sortedRows(loaded, { where: eq('id', 3) }), name).toEqual([second[0]])
      expect(await loaded.inspect.partitions(), name).not.toEqual([])
    }
  })

  test('as the default spec is read, and refused by name when rows are appended', async () => {
    const { store, lake, table } = await smallTable(3)
    await rewriteMetadata(store, table, (metadata) => ({
      'partition-specs': [
        ...(metadata['partition-specs'] as JsonObject[]),
        { 'spec-id': 1, fields: [field] },
      ],
      'default-spec-id': 1,
      'last-partition-id': 1001,
    }))
    const loaded = await lake.loadTable('db.t')
    expect(await sortedRows(loaded)).toEqual([...first, ...second])
    expect(await sortedRows(loaded, { where: eq('part', 'a') })).toEqual([first[0], second[0]])
    await expect(loaded.append([{ id: 9n }])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: /zorder/,
    })
    const kept = await (await loaded.update().setProperties({ a: 'b' }).commit()).refresh()
    expect(kept.partitionSpec.fields[0]).toMatchObject({ sourceIds: [1, 2] })
  })
})
