import { expect, it } from 'vitest'
import { connect, openTable, schema, t } from '../../index.ts'
import { newBucket } from './bucket.ts'

const orders = schema({ id: t.long().required(), note: t.string() })

it('creates, appends to and scans a table in a bucket, with nothing but its URI and who asks', async () => {
  const { location, properties } = await newBucket()
  await using lake = await connect(`${location}/wh`, { properties })
  let table = await lake.createTable('shop.orders', { schema: orders })
  table = await table.append([{ id: 1n, note: 'a' }, { id: 2n }])
  table = await table.append([{ id: 3n, note: 'c' }])
  const rows: unknown[] = []
  for await (const row of table.scan().rows()) rows.push(row)
  expect(rows).toHaveLength(3)
  expect(table.location).toBe(`${location}/wh/shop/orders`)
})

it("takes Iceberg's catalog properties verbatim, and s3a: and s3n: for s3:", async () => {
  const { location, properties } = await newBucket()
  const warehouse = `${location.replace('s3:', 's3a:')}/wh`
  await using lake = await connect({ type: 'hadoop', warehouse, ...properties })
  const created = await lake.createTable('shop.orders', { schema: orders })
  const table = await created.append([{ id: 1n, note: 'a' }])
  expect(table.location).toBe(`${location}/wh/shop/orders`)
  for (const scheme of ['s3:', 's3a:', 's3n:']) {
    const opened = await openTable(table.location.replace('s3:', scheme), { properties })
    expect(await collect(opened.scan().rows())).toEqual([{ id: 1n, note: 'a' }])
  }
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
