import { describe, expect, it } from 'vitest'
import {
  asc,
  bucket,
  type CreateTableOptions,
  day,
  desc,
  eq,
  hour,
  identity,
  month,
  parseJson,
  type Schema,
  schema,
  t,
  transformToString,
  truncate,
  year,
} from '../../index.ts'
import { code, memoryLake, rowsOf } from './support.ts'

const columns = schema({
  id: t.long().required(),
  city: t.string(),
  at: t.timestamptz(),
  address: t.struct({ zip: t.int(), street: t.string() }),
  tags: t.list(t.string()),
})
type Options = Omit<CreateTableOptions<typeof columns>, 'schema'>

async function create(options: Options = {}) {
  const { lake } = await memoryLake()
  return lake.createTable('shop.orders', { schema: columns, ...options })
}

describe('createTable', () => {
  it.each([
    [identity('city'), 'identity', 'city'],
    ['city', 'identity', 'city'],
    [year('at'), 'year', 'at_year'],
    [month('at'), 'month', 'at_month'],
    [day('at'), 'day', 'at_day'],
    [hour('at'), 'hour', 'at_hour'],
    [bucket('id', 16), 'bucket[16]', 'id_bucket'],
    [truncate('city', 3), 'truncate[3]', 'city_trunc'],
    [day('at', 'when'), 'day', 'when'],
    [{ column: 'id', transform: 'void' }, 'void', 'id_null'],
    [{ column: 'id', transform: 'bucket[4]', name: 'b' }, 'bucket[4]', 'b'],
    [bucket('address.zip', 8), 'bucket[8]', 'address.zip_bucket'],
  ])('partitions by %j', async (term, transform, name) => {
    const table = await create({ partitionBy: [term] })
    const [field] = table.partitionSpec.fields
    expect(field).toMatchObject({ fieldId: 1000, name })
    expect(transformToString(field!.transform)).toBe(transform)
    const after = await table.append([
      { id: 1, city: 'Graz', at: '2026-11-21T22:31:08Z', address: { zip: 8010 } },
      { id: 2, city: 'Wien', at: '2025-01-01T00:00:00Z', address: null },
    ])
    expect(await rowsOf(after.scan({ select: ['id'] }))).toHaveLength(2)
  })

  it('sorts by columns and transforms, with the null order of Java', async () => {
    const table = await create({
      sortBy: ['city', desc('id'), asc('at', 'nulls-last'), { column: 'id', transform: 'bucket[4]' }],
    })
    expect(table.sortOrder.orderId).toBe(1)
    expect(
      table.sortOrder.fields.map((field) => [field.sourceIds[0], field.direction, field.nullOrder]),
    ).toEqual([
      [2, 'asc', 'nulls-first'],
      [1, 'desc', 'nulls-last'],
      [3, 'asc', 'nulls-last'],
      [1, 'asc', 'nulls-first'],
    ])
  })

  it('keeps properties, identifier columns and comments', async () => {
    const { lake } = await memoryLake()
    const table = await lake.createTable('shop.orders', {
      schema: schema({ id: t.long().required().doc('a number'), city: t.string() }),
      identifierFields: ['id'],
      properties: { owner: 'me', 'write.parquet.compression-codec': 'gzip' },
    })
    expect(table.schema.identifierFieldIds).toEqual([1])
    expect(table.schema.fields[0]?.doc).toBe('a number')
    expect({ ...table.properties }).toEqual({ owner: 'me', 'write.parquet.compression-codec': 'gzip' })
    expect((await lake.loadTable('shop.orders')).metadata.tableUuid).toBe(table.metadata.tableUuid)
  })

  it.each([
    [undefined, 2],
    ['1', 1],
    ['2', 2],
    ['3', 3],
  ])('makes format version %s', async (property, version) => {
    const table = await create(property === undefined ? {} : { properties: { 'format-version': property } })
    expect(table.metadata.formatVersion).toBe(version)
    expect(table.properties['format-version']).toBeUndefined()
    expect((await table.append([{ id: 1 }])).metadata.formatVersion).toBe(version)
  })

  it('gives fresh field ids to a schema as data, and keeps what they connect', async () => {
    const { lake } = await memoryLake()
    const given: Schema = {
      schemaId: 7,
      identifierFieldIds: [40],
      fields: [
        { id: 40, name: 'id', type: { kind: 'long' }, required: true },
        { id: 30, name: 'city', type: { kind: 'string' }, required: false },
      ],
    }
    const table = await lake.createTable('shop.orders', { schema: given, partitionBy: ['city'] })
    expect(table.schema.fields.map((field) => field.id)).toEqual([1, 2])
    expect(table.schema.identifierFieldIds).toEqual([1])
    expect(table.partitionSpec.fields[0]?.sourceIds).toEqual([2])
  })

  it('fills in defaults on v3, for rows that leave a column out', async () => {
    const { lake } = await memoryLake()
    const table = await lake.createTable('shop.orders', {
      schema: schema({
        id: t.long().required(),
        state: t.string().default('new'),
        price: t.decimal(6, 2).default('1.50'),
        since: t.date().default('2026-11-21'),
      }),
      properties: { 'format-version': '3' },
    })
    const after = await table.append([{ id: 1 }, { id: 2, state: null, price: '2.00' }])
    expect(await rowsOf(after.scan())).toEqual([
      { id: 1n, state: 'new', price: '1.50', since: '2026-11-21' },
      { id: 2n, state: null, price: '2.00', since: '2026-11-21' },
    ])
  })

  it.each<[string, Options, string, string]>([
    ['a format version that is none', { properties: { 'format-version': '5' } }, 'UNSUPPORTED', '5'],
    ['format version 4', { properties: { 'format-version': '4' } }, 'UNSUPPORTED', '4'],
    ['format version two', { properties: { 'format-version': 'two' } }, 'INVALID_ARGUMENT', 'two'],
    ['an unknown partition column', { partitionBy: ['town'] }, 'INVALID_ARGUMENT', "'town'"],
    ['an unknown sort column', { sortBy: ['town'] }, 'INVALID_ARGUMENT', "'town'"],
    ['an unknown identifier', { identifierFields: ['town'] }, 'INVALID_ARGUMENT', "'town'"],
    ['an optional identifier', { identifierFields: ['city'] }, 'INVALID_ARGUMENT', 'city'],
    ['day of a string', { partitionBy: [day('city')] }, 'INVALID_ARGUMENT', 'day'],
    ['a bucket of nothing', { partitionBy: [bucket('id', 0)] }, 'INVALID_ARGUMENT', 'bucket'],
    [
      'a transform that is none',
      { partitionBy: [{ column: 'id', transform: 'minute' }] },
      'INVALID_ARGUMENT',
      'minute',
    ],
    ['a partition inside a list', { partitionBy: ['tags.element'] }, 'INVALID_ARGUMENT', 'tags'],
    ['a partition by a struct', { partitionBy: ['address'] }, 'INVALID_ARGUMENT', 'address'],
    ['two partition fields of one name', { partitionBy: ['id', 'id'] }, 'INVALID_ARGUMENT', 'id'],
    [
      'a partition field named like another column',
      { partitionBy: [bucket('id', 4, 'city')] },
      'INVALID_ARGUMENT',
      'city',
    ],
    ['a reserved property', { properties: { uuid: 'x' } }, 'INVALID_ARGUMENT', 'uuid'],
    ['a place elsewhere', { location: 'memory://lake/elsewhere' }, 'UNSUPPORTED', 'elsewhere'],
  ])('refuses %s', async (_, options, expected, mentioned) => {
    const { lake, store } = await memoryLake()
    const outcome = lake.createTable('shop.orders', { schema: columns, ...options })
    await expect(outcome).rejects.toEqual(code(expected))
    await expect(outcome).rejects.toThrow(mentioned)
    expect(await lake.tableExists('shop.orders')).toBe(false)
    expect(store.counters.puts).toBe(0)
  })

  it('refuses v3 types, defaults and columns of unknown type before v3', async () => {
    const { lake } = await memoryLake()
    for (const column of [t.timestampNs(), t.timestamptzNs(), t.unknown(), t.int().default(1)]) {
      const outcome = lake.createTable('shop.orders', { schema: schema({ late: column }) })
      await expect(outcome).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(outcome).rejects.toThrow('late')
    }
  })

  it.each(['orders', '', '.orders', 'shop.', 'shop..orders', 'shop.a/b', 'shop.'.concat('x'.repeat(10_000))])(
    'refuses the name %j',
    async (name) => {
      const { lake } = await memoryLake()
      const outcome = lake.createTable(name, { schema: columns })
      await expect(outcome).rejects.toEqual(code('INVALID_ARGUMENT'))
    },
  )

  it('refuses a name that is taken', async () => {
    const { lake } = await memoryLake()
    await lake.createTable('shop.orders', { schema: columns })
    await expect(lake.createTable('shop.orders', { schema: columns })).rejects.toEqual(code('ALREADY_EXISTS'))
  })
})

describe('64-bit numbers', () => {
  it('are exact from end to end: values, bounds, ids, metadata', async () => {
    const { lake, store, environment } = await memoryLake()
    const big = 2n ** 53n + 1n
    const ids = [2n ** 63n - 1n, big]
    Object.assign(environment, { snapshotId: () => ids.shift()! })
    const table = await lake.createTable('shop.orders', {
      schema: schema({ id: t.long().required() }),
      properties: { 'format-version': '3' },
    })
    const after = await table.append([{ id: big }, { id: -(2n ** 63n) }, { id: 2n ** 63n - 1n }])
    const last = await after.append([{ id: 9007199254740993n }])
    expect(last.snapshots.map((snapshot) => snapshot.snapshotId)).toEqual([2n ** 63n - 1n, big])
    const loaded = await lake.loadTable('shop.orders')
    expect(loaded.currentSnapshot).toEqual(last.currentSnapshot)
    expect(loaded.currentSnapshot?.parentSnapshotId).toBe(2n ** 63n - 1n)
    const raw = parseJson(await store.get(loaded.metadataLocation)) as { 'current-snapshot-id': unknown }
    expect(raw['current-snapshot-id']).toBe(big)

    expect(await rowsOf(loaded.scan({ at: { snapshotId: 2n ** 63n - 1n } }))).toHaveLength(3)
    expect(await rowsOf(loaded.scan({ where: eq('id', big) }))).toEqual([{ id: big }, { id: big }])
    expect(await rowsOf(loaded.scan({ where: eq('id', big - 1n) }))).toEqual([])
  })

  it('are refused where a number cannot hold them', async () => {
    const table = await create()
    for (const id of [2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(table.append([{ id }]), String(id)).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
    await expect(table.append([{ id: 2n ** 63n }])).rejects.toEqual(code('INVALID_ARGUMENT'))
  })
})
