import { describe, expect, it } from 'vitest'
import {
  bucket,
  type CreateTableOptions,
  day,
  desc,
  eq,
  gt,
  openTable,
  schema,
  type Table,
  t,
  transformToString,
} from '../../index.ts'
import { code, memoryLake, rowsOf } from './support.ts'

const columns = schema({
  id: t.long().required(),
  amount: t.int(),
  price: t.decimal(6, 2),
  at: t.timestamptz(),
  customer: t.struct({ name: t.string(), address: t.struct({ city: t.string() }) }),
  items: t.list(t.struct({ sku: t.string() })),
  attributes: t.map(t.string(), t.struct({ weight: t.float() })),
})

async function orders(options: Partial<CreateTableOptions<typeof columns>> = {}) {
  const { lake, store } = await memoryLake()
  const table = await lake.createTable('shop.orders', { schema: columns, ...options })
  return {
    store,
    table: await table.append([{ id: 1, amount: 7, price: '1.50', customer: { name: 'Ada' } }]),
  }
}

const fields = (table: Table) =>
  table.partitionSpec.fields.map((f) => `${f.fieldId} ${f.name} ${transformToString(f.transform)}`)
const names = (table: Table) => table.schema.fields.map(({ name }) => name)

describe('Table.update', () => {
  it('changes the schema in one commit, and reads old and new rows by it', async () => {
    const { table } = await orders()
    const evolved = await table
      .update()
      .addColumn('coupon', t.string().doc('a code'))
      .addColumn('customer.address.zip', t.int())
      .addColumn('items.price', t.double())
      .addColumn(['attributes', 'colour'], t.string())
      .renameColumn('amount', 'total')
      .widenColumn('total', t.long())
      .widenColumn('price', t.decimal(9, 2))
      .widenColumn('attributes.value.weight', t.double())
      .makeColumnOptional('id')
      .setColumnDoc('total', 'in cents')
      .dropColumn('at')
      .moveColumn('coupon', { after: 'id' })
      .moveColumn('customer', 'first')
      .commit()
    expect(names(evolved)).toEqual(['customer', 'id', 'coupon', 'total', 'price', 'items', 'attributes'])
    expect(evolved.snapshots).toHaveLength(1)
    expect(evolved.metadata.metadataLog).toHaveLength(2)
    const after = await evolved.append([
      {
        total: 2n ** 40n,
        coupon: 'X',
        price: '1234567.89',
        customer: { name: 'Bo', address: { city: 'Wien', zip: 1010 } },
        items: [{ sku: 'a', price: 2.5 }],
        attributes: { box: { weight: 1.25, colour: 'red' } },
      },
    ])
    expect(await rowsOf(after.scan())).toEqual([
      {
        customer: { name: 'Bo', address: { city: 'Wien', zip: 1010 } },
        id: null,
        coupon: 'X',
        total: 2n ** 40n,
        price: '1234567.89',
        items: [{ sku: 'a', price: 2.5 }],
        attributes: new Map([['box', { weight: 1.25, colour: 'red' }]]),
      },
      {
        customer: { name: 'Ada', address: null },
        id: 1n,
        coupon: null,
        total: 7n,
        price: '1.50',
        items: null,
        attributes: null,
      },
    ])
    expect(await rowsOf(after.scan({ where: gt('total', 5n), select: ['id'] }))).toHaveLength(2)
  })

  it('partitions and sorts new data otherwise, and keeps field ids for ever', async () => {
    const { table } = await orders({ partitionBy: [day('at')], sortBy: ['id'] })
    const first = await table
      .update()
      .addPartitionField(bucket('id', 4))
      .removePartitionField(day('at'))
      .replaceSortOrder([desc('amount'), 'id'])
      .commit()
    expect(fields(first)).toEqual(['1001 id_bucket_4 bucket[4]'])
    expect(first.sortOrder).toMatchObject({ orderId: 2 })
    const again = await first
      .update()
      .addPartitionField(day('at'))
      .removePartitionField('id_bucket_4')
      .replaceSortOrder(['id'])
      .commit()
    expect(fields(again)).toEqual(['1000 at_day day'])
    expect(again.partitionSpec.specId).toBe(0)
    expect(again.sortOrder.orderId).toBe(1)
    const unsorted = await again.update().replaceSortOrder([]).renamePartitionField('at_day', 'when').commit()
    expect(unsorted.sortOrder).toEqual({ orderId: 0, fields: [] })
    expect(fields(unsorted)).toEqual(['1000 when day'])
    const bare = await unsorted.update().removePartitionField('when').commit()
    expect(bare.partitionSpec.fields).toEqual([])
    expect(bare.metadata.lastPartitionId).toBe(1001)
    const rows = [{ id: 2, at: '2026-11-25T10:00:00Z' }]
    const after = await (await bare.append(rows)).refresh()
    expect(await rowsOf(after.scan({ select: ['id'] }))).toEqual([{ id: 2n }, { id: 1n }])
  })

  it('keeps a removed field as void in format version 1, where values are found by position', async () => {
    const properties = { 'format-version': '1' }
    const { table } = await orders({ properties, partitionBy: [day('at'), 'amount'] })
    const evolved = await table
      .update()
      .removePartitionField('at_day')
      .addPartitionField(bucket('id', 4))
      .commit()
    expect(fields(evolved)).toEqual([
      '1000 at_day void',
      '1001 amount identity',
      '1002 id_bucket_4 bucket[4]',
    ])
    const back = await evolved.update().addPartitionField(day('at')).commit()
    expect(fields(back).slice(0, 1)).toEqual(['1000 at_day_1000 void'])
    expect(fields(back).at(-1)).toBe('1003 at_day day')
    const after = await back.append([{ id: 2, amount: 7, at: '2026-11-25T10:00:00Z' }])
    expect(await rowsOf(after.scan({ select: ['id'], where: eq('amount', 7n) }))).toHaveLength(2)
  })

  it('sets and removes properties, and upgrades the format, from which on rows have ids', async () => {
    const { table } = await orders({ properties: { 'format-version': '1', owner: 'ada' } })
    const v2 = await table.update().setProperties({ 'format-version': '2', team: 'x' }).commit()
    expect([v2.metadata.formatVersion, { ...v2.properties }]).toEqual([
      2,
      { owner: 'ada', team: 'x', 'write.parquet.compression-codec': 'zstd' },
    ])
    const more = await v2.append([{ id: 2 }, { id: 3 }])
    const v3 = await more
      .update()
      .upgradeFormatVersion(3)
      .removeProperties(['owner', 'no such'])
      .addColumn('state', t.string().default('new'))
      .commit()
    expect([v3.metadata.formatVersion, v3.metadata.nextRowId, v3.properties['owner']]).toEqual([
      3,
      0n,
      undefined,
    ])
    const rows = await rowsOf(v3.scan({ select: ['id', 'state', '_row_id'] }))
    expect(rows).toContainEqual({ id: 1n, state: 'new', _row_id: null })
    const after = await v3.append([{ id: 4 }, { id: 5, state: 'old' }])
    expect(after.metadata.nextRowId).toBe(5n)
    const found = await rowsOf(after.scan({ select: ['id', 'state', '_row_id'] }))
    expect(new Set(found.map((row) => row._row_id))).toEqual(new Set([0n, 1n, 2n, 3n, 4n]))
    expect(found.filter((row) => (row._row_id as bigint) < 2n).map((row) => row.id)).toEqual([4n, 5n])
    expect(found.map((row) => row.state).sort()).toEqual(['new', 'new', 'new', 'new', 'old'])
  })

  it('gives nested columns and widened ones their defaults', async () => {
    const { table } = await orders({ properties: { 'format-version': '3' } })
    const evolved = await table
      .update()
      .addColumn('customer.rank', t.int().default(3))
      .addColumn('limit', t.int().default(10).required())
      .addColumn('since', t.date().default('2026-11-25'))
      .addColumn('note', t.unknown())
      .commit()
    const wider = await evolved
      .update()
      .widenColumn('limit', t.long())
      .widenColumn('since', t.timestamp())
      .widenColumn('note', t.struct({ text: t.string() }))
      .setColumnDefault('limit', 20n)
      .commit()
    const after = await wider.append([{ id: 2, customer: {}, note: { text: 'hi' } }])
    const select = ['id', 'customer.rank', 'limit', 'since', 'note'] as const
    const midnight = BigInt(Date.UTC(2026, 10, 25)) * 1000n
    expect(await rowsOf(after.scan({ select }))).toEqual([
      { id: 2n, customer: { rank: 3 }, limit: 20n, since: midnight, note: { text: 'hi' } },
      { id: 1n, customer: { rank: 3 }, limit: 10n, since: midnight, note: null },
    ])
  })

  it('gives members of structs in lists and maps their defaults, where there is a struct', async () => {
    const { table } = await orders({ properties: { 'format-version': '3' } })
    const rows = [{ id: 2, items: [{ sku: 'a' }, null], attributes: { box: { weight: 1 }, none: null } }]
    const evolved = await (await table.append(rows))
      .update()
      .addColumn('items.count', t.int().default(1))
      .addColumn('attributes.value.unit', t.string().default('kg').required())
      .commit()
    expect(await rowsOf(evolved.scan({ select: ['items', 'attributes'] }))).toEqual([
      {
        items: [{ sku: 'a', count: 1 }, null],
        attributes: new Map([
          ['box', { weight: 1, unit: 'kg' }],
          ['none', null],
        ]),
      },
      { items: null, attributes: null },
    ])
  })

  it('is refused for a table without a catalog', async () => {
    const { table, store } = await orders()
    const opened = await openTable(table.metadataLocation, { store })
    expect(() => opened.update()).toThrow(code('UNSUPPORTED'))
  })

  it('commits nothing for changes that change nothing', async () => {
    const { table } = await orders({ properties: { owner: 'ada' }, partitionBy: ['amount'], sortBy: ['id'] })
    const same = await table
      .update()
      .renameColumn('id', 'id')
      .addColumn('x', t.int())
      .dropColumn('x')
      .widenColumn('amount', t.int())
      .removePartitionField('amount')
      .addPartitionField('amount')
      .replaceSortOrder(['id'])
      .setProperties({ owner: 'ada' })
      .upgradeFormatVersion(2)
      .commit()
    expect(same.metadataLocation).toBe(table.metadataLocation)
  })

  it('is immutable: what is gathered up is data, and each method returns more of it', async () => {
    const { table } = await orders()
    const begun = table.update().addColumn('a', t.int())
    const [one, two] = [begun.addColumn('b', t.int()), begun.addColumn('c', t.int())]
    expect(begun.steps).toHaveLength(1)
    expect(structuredClone(one.steps)).toEqual(one.steps)
    expect(names(await one.commit()).slice(-2)).toEqual(['a', 'b'])
    await expect(two.commit()).rejects.toThrow(code('COMMIT_CONFLICT'))
  })
})
