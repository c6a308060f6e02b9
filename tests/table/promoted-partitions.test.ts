/** Filters on partition columns whose type has changed since, at the head and at snapshots from before. */
import { describe, expect, test } from 'vitest'
import { longType } from '../../format/types.ts'
import {
  connect,
  type Expression,
  eq,
  gt,
  identity,
  isIn,
  MemoryStore,
  notEq,
  notIn,
  schema,
  type Table,
  t,
  truncate,
} from '../../index.ts'
import { CraftedTable } from '../deletes/crafted-table.ts'
import { required } from '../readers/support.ts'
import { rowsOf } from './support.ts'

const COLUMNS = schema({ id: t.long().required(), p: t.int(), q: t.int(), d: t.date() })
const ROWS = [
  { id: 1n, p: 1, q: 10, d: '2024-01-01' },
  { id: 2n, p: 2, q: 20, d: '2024-01-02' },
  { id: 3n, p: 3, q: 30, d: '1969-12-31' },
  { id: 4n, p: null, q: null, d: null },
]

const ids = async (table: Table, options: Parameters<Table['scan']>[0]) =>
  (await rowsOf(table.scan(options))).map((row) => (row as { id: bigint }).id).sort()

const filters: readonly (readonly [string, Expression, readonly bigint[]])[] = [
  ['in a list', isIn('p', [1, 2]), [1n, 2n]],
  ['not in a list', notIn('p', [1, 2]), [3n, 4n]],
  ['equal', eq('p', 2), [2n]],
  ['not equal', notEq('p', 2), [1n, 3n, 4n]],
  ['greater', gt('p', 1), [2n, 3n]],
  ['of another partition column', isIn('q', [10, 30]), [1n, 3n]],
]

async function newTable(partitionBy: Parameters<typeof identity>[0][] | 'truncate'): Promise<Table> {
  const lake = await connect(
    { type: 'hadoop', warehouse: 'memory://lake/wh', 'io.manifest.cache-enabled': 'false' },
    { store: new MemoryStore() },
  )
  const table = (await lake.createTable('a.b', {
    schema: COLUMNS,
    partitionBy:
      partitionBy === 'truncate' ? [truncate('p', 1), truncate('q', 1)] : partitionBy.map((c) => identity(c)),
    properties: { 'format-version': '3' },
  })) as unknown as Table
  return table.append(ROWS)
}

describe.each(['identity', 'truncate'])('rows of %s partitions', (transform) => {
  const columns = transform === 'identity' ? ['p', 'q'] : 'truncate'

  test.each(filters)(
    'are found where a column is %s, before and after it was widened',
    async (_, where, found) => {
      let table = await newTable(columns as 'truncate')
      const at = { snapshotId: table.currentSnapshot!.snapshotId }
      table = (await table.update().widenColumn('p', t.long()).widenColumn('q', t.long()).commit()) as Table
      expect(await ids(table, { where })).toEqual(found)
      expect(await ids(table, { where, at })).toEqual(found)
    },
  )

  test.each(filters.slice(0, 5))(
    'are found where a column is %s that was widened when another of its spec was dropped',
    async (_, where, found) => {
      let table = await newTable(columns as 'truncate')
      const fields = table.metadata.partitionSpecs[0]!.fields.map(({ name }) => name)
      table = (await table.update().removePartitionField(fields[1]!).commit()) as Table
      table = (await table.update().dropColumn('q').commit()) as Table
      table = (await table.update().widenColumn('p', t.long()).commit()) as Table
      expect(await ids(table, { where })).toEqual(found)
    },
  )
})

test('a file without its partition column has the value of its partition, before and after it was widened', async () => {
  const crafted = await CraftedTable.create({
    schema: COLUMNS,
    partitionBy: [identity('p')],
    properties: { 'format-version': '2' },
  })
  const file = await crafted.dataFile([required(1, 'id', longType)], [[{ id: 7n }, { id: 8n }]], {
    partition: [5],
  })
  const snapshotId = await crafted.commit({ add: [file] })
  const table = (await (
    await crafted.load()
  )
    .update()
    .widenColumn('p', t.long())
    .commit()) as unknown as Table
  const select = ['id', 'p']
  expect(await rowsOf(table.scan({ select }))).toEqual([
    { id: 7n, p: 5n },
    { id: 8n, p: 5n },
  ])
  expect(await rowsOf(table.scan({ select, at: { snapshotId } }))).toEqual([
    { id: 7n, p: 5 },
    { id: 8n, p: 5 },
  ])
})
