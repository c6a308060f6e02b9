import { expect, test } from 'vitest'
import { connect, MemoryStore, schema, t } from '../../index.ts'

async function orders(version: number) {
  const lake = await connect('memory://lake/wh', { store: new MemoryStore() })
  const columns = schema({ id: t.long().required(), name: t.string() })
  return lake.createTable('shop.orders', {
    schema: columns,
    identifierFields: ['id'],
    properties: { 'format-version': String(version) },
  })
}

async function rowsOf(table: Awaited<ReturnType<typeof orders>>, select?: string[]) {
  const rows: Record<string, unknown>[] = []
  for await (const row of table.scan(select === undefined ? {} : { select }).rows()) rows.push(row as never)
  return rows.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
}

test.for([2, 3])('inserts what is new and replaces what is there, in version %i', async (version) => {
  let table = await orders(version)
  table = await table.append([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
    { id: 3, name: 'c' },
  ])
  table = await table.upsert([
    { id: 2, name: 'B' },
    { id: 4, name: 'x' },
    { id: 4, name: 'D' },
  ])
  expect(await rowsOf(table)).toEqual([
    { id: 1n, name: 'a' },
    { id: 2n, name: 'B' },
    { id: 3n, name: 'c' },
    { id: 4n, name: 'D' },
  ])
  table = await table.upsert([
    { id: 1, name: 'A' },
    { id: 2, name: 'BB' },
  ])
  expect(await rowsOf(table)).toEqual([
    { id: 1n, name: 'A' },
    { id: 2n, name: 'BB' },
    { id: 3n, name: 'c' },
    { id: 4n, name: 'D' },
  ])
})
