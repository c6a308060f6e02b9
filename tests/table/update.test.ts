import { describe, expect, it } from 'vitest'
import {
  bucket,
  type CreateTableOptions,
  day,
  desc,
  gt,
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
  const { lake } = await memoryLake()
  const table = await lake.createTable('shop.orders', { schema: columns, ...options })
  return { lake, table: await table.append([{ id: 1, amount: 7, price: '1.50', customer: { name: 'Ada' } }]) }
}

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
})
