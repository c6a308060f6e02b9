import { describe, expect, test } from 'vitest'
import { connect, desc, schema, type Table, t } from '../../index.ts'
import { collect, memoryLake, rowsOf } from './support.ts'

const trips = schema({ id: t.long().required(), city: t.string(), at: t.timestamptz() })
const rows = [5, 1, 4, 2, 3].map((id) => ({ id, city: id % 2 === 0 ? 'Ulm' : null, at: BigInt(id) }))

describe('a table with a sort order', () => {
  test('reads back in order, and its files say so, until the order changes', async () => {
    const { lake } = await memoryLake()
    const created = await lake.createTable('a.trips', { schema: trips, sortBy: ['city', desc('id')] })
    const sorted = await created.append(rows)
    expect(await idsIn(sorted)).toEqual([5n, 3n, 1n, 4n, 2n])
    const evolved = await sorted.update().replaceSortOrder(['id']).commit()
    const both = await evolved.append(rows.slice(0, 3))
    expect(await idsIn(both)).toEqual(expect.arrayContaining([1n, 4n, 5n, 5n, 3n, 1n, 4n, 2n]))
    const unsorted = await both.update().replaceSortOrder([]).commit()
    const all = await unsorted.append(rows.slice(0, 2))
    const files = await collect(all.inspect.files())
    expect(files.map((file) => [file.recordCount, file.sortOrderId]).sort()).toEqual([
      [2n, 0],
      [3n, 2],
      [5n, 1],
    ])
  })

  test('is kept over row groups that threads encode at once', async () => {
    await using lake = await connect('memory:', { parallelism: 2 })
    const table = await lake.createTable('a.numbers', {
      schema: schema({ id: t.long().required(), text: t.string() }),
      sortBy: [desc('id')],
      properties: { 'write.parquet.row-group-size-bytes': '1000000' },
    })
    const count = 40_000
    const filled = await table.append(
      Array.from({ length: count }, (_, i) => ({ id: (i * 7919) % count, text: `${i}`.padEnd(200, 'x') })),
    )
    const [file, ...more] = await collect(filled.inspect.files())
    expect([file?.sortOrderId, more]).toEqual([1, []])
    const ids = (await rowsOf(filled.scan({ select: ['id'] }))).map(({ id }) => id)
    expect(ids).toEqual(Array.from({ length: count }, (_, i) => BigInt(count - 1 - i)))
  })
})

async function idsIn(table: Table): Promise<unknown[]> {
  return (await rowsOf(table.scan())).map((row) => row['id'])
}
