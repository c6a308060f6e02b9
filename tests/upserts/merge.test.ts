/** What `merge` promises: SQL's MERGE, with clauses in code. */
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { connect, MemoryStore, schema, type Table, t } from '../../index.ts'
import { code } from '../table/support.ts'
import { heldWithRival, locations } from './support.ts'

type Plain = Record<string, unknown>

const COLUMNS = schema({
  id: t.long(),
  name: t.string().required(),
  stock: t.long(),
  place: t.struct({ x: t.int(), y: t.string() }),
})
const row = (id: number | null, stock: number, name = 'a') => ({
  id,
  name,
  stock,
  place: { x: stock, y: name },
})

async function newTable(properties: Record<string, string> = {}) {
  const store = new MemoryStore()
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  const created = (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    properties: { 'format-version': '3', ...properties },
  })) as unknown as Table
  return { store, table: await created.append([row(1, 10), row(2, 20), row(3, 30), row(null, 40)]) }
}

async function read(table: Table, select?: string[]): Promise<Plain[]> {
  const found: Plain[] = []
  for await (const one of table.scan(select === undefined ? {} : { select }).rows()) found.push(one as Plain)
  return found.sort((a, b) => Number((a['id'] as bigint) ?? 1e9) - Number((b['id'] as bigint) ?? 1e9))
}
const textsOf = async (table: Table) =>
  (await read(table)).map(({ id, name, stock }) => `${id} ${name} ${stock}`).sort()

/** Stock that comes in, is sold out, or is of something new. */
const stockClauses = {
  on: ['id'],
  whenMatched: [
    { if: (_: unknown, { sold }: Plain) => sold === 'all', do: 'delete' as const },
    {
      if: (_: unknown, { delta }: Plain) => delta !== undefined,
      do: ({ stock }: Plain, { delta }: Plain) => ({ stock: (stock as bigint) + BigInt(delta as number) }),
    },
    { if: (_: unknown, source: Plain) => source['name'] !== undefined, do: 'update' as const },
  ],
  whenNotMatched: [
    { if: ({ sold }: Plain) => sold === undefined, do: 'insert' as const },
    { if: ({ sold }: Plain) => sold === 'later', do: ({ id }: Plain) => ({ id, name: 'later', stock: 0 }) },
  ],
}

describe.each([
  ['1', 'copy-on-write'],
  ['2', 'merge-on-read'],
  ['3', 'copy-on-write'],
  ['3', 'merge-on-read'],
])('merge on version %s, %s', (version, mode) => {
  test('does what the first clause says that is for a row', async () => {
    const { table: before } = await newTable({ 'format-version': version, 'write.merge.mode': mode })
    const lineage = version === '3' ? ['_row_id', '_last_updated_sequence_number'] : []
    const idsBefore = new Map(
      (await read(before, ['id', ...lineage])).map((one) => [one['id'], one['_row_id']]),
    )
    const table = await before.merge<Plain>(
      [
        { id: 1, delta: 5 },
        { id: 2, sold: 'all', anything: {} },
        { id: 3 },
        { id: 7, name: 'new', stock: 1, sold: undefined },
        { id: 8, sold: 'later' },
        { id: 9, sold: 'all' },
        { id: null, name: 'none', stock: 1 },
      ],
      stockClauses,
    )
    expect(await textsOf(table)).toEqual([
      '1 a 15',
      '3 a 30',
      '7 new 1',
      '8 later 0',
      'null a 40',
      'null none 1',
    ])
    expect(table.changed).toEqual({ inserted: 3, updated: 1, deleted: 1, unchanged: 2 })
    expect((await read(table))[0]).toMatchObject({ place: { x: 10, y: 'a' } })
    if (version !== '3') return
    const after = await read(table, ['id', ...lineage])
    for (const one of after.slice(0, 2)) expect(one['_row_id']).toBe(idsBefore.get(one['id']))
    expect(after.slice(0, 2).map((one) => one['_last_updated_sequence_number'])).toEqual([2n, 1n])
    expect(new Set(after.map((one) => one['_row_id'])).size).toBe(6)
  })

  test('changes each of several rows that have one key, and goes by columns in structs', async () => {
    const { table: before } = await newTable({ 'format-version': version, 'write.merge.mode': mode })
    const doubled = await before.append([row(1, 11, 'b')])
    const table = await doubled.merge(
      [
        { id: 1, place: { x: 10, more: true } },
        { id: 1, place: { x: 11 } },
        { id: 1, place: null },
      ],
      {
        on: ['place.x', 'id'],
        whenMatched: [{ do: ({ stock }) => ({ stock: (stock as bigint) * 100n, name: 'hit' }) }],
        whenNotMatched: [{ do: () => ({ id: 77, name: 'no key' }) }],
      },
    )
    expect(await textsOf(table)).toEqual([
      '1 hit 1000',
      '1 hit 1100',
      '2 a 20',
      '3 a 30',
      '77 no key null',
      'null a 40',
    ])
    const both = await table.merge([{ id: 1 }], { on: ['id'], whenMatched: [{ do: () => ({ stock: 5 }) }] })
    expect(both.changed).toEqual({ inserted: 0, updated: 2, deleted: 0, unchanged: 0 })
    expect((await textsOf(both)).slice(0, 2)).toEqual(['1 hit 5', '1 hit 5'])
  })
})

describe('merge', () => {
  test('takes Arrow data, and updates the columns that it has', async () => {
    const { table } = await newTable()
    const source = tableFromArrays({ id: BigInt64Array.of(1n, 5n), name: ['b', 'c'] })
    const next = await table.merge(source as never, {
      on: ['id'],
      whenMatched: [{ do: 'update' }],
      whenNotMatched: [{ do: 'insert' }],
    })
    expect((await textsOf(next))[0]).toMatch(/^1 b/)
    expect(next.changed).toMatchObject({ inserted: 1, updated: 1 })
  })

  test('leaves columns as they are that a row has as undefined', async () => {
    const { table } = await newTable()
    const source = [{ id: 1, name: 'b', stock: undefined }]
    const next = await table.merge(source, { on: ['id'], whenMatched: [{ do: 'update' }] })
    expect((await textsOf(next))[0]).toBe('1 b 10')
  })

  test('of which nothing comes commits nothing', async () => {
    const { table } = await newTable()
    const same = await table.merge([{ id: 1 }, { id: 77 }], {
      on: ['id'],
      whenMatched: [{ if: () => false, do: 'delete' }],
    })
    expect(same.metadataLocation).toBe(table.metadataLocation)
    expect(same.changed).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 2 })
  })

  test('that loses a race sees what the rival changed, and keeps its files where that is none of its rows', async () => {
    const { store } = await newTable()
    const sell = (held: Table) =>
      held.merge(
        [
          { id: 1, delta: 1 },
          { id: 7, name: 'n', stock: 1 },
        ],
        stockClauses,
      )
    const rival = (theirs: Table) =>
      theirs.merge(
        [
          { id: 1, delta: 100 },
          { id: 7, name: 'rival', stock: 5 },
        ],
        stockClauses,
      )
    const after = await sell(await heldWithRival(store, rival))
    expect((await textsOf(after)).filter((text) => /^[17] /.test(text))).toEqual(['1 a 111', '7 n 1'])
    const files = await locations(store)
    await sell(await heldWithRival(store, (theirs) => theirs.append([row(50, 1)])))
    const added = (await locations(store)).filter((location) => !files.includes(location))
    expect(added.filter((location) => location.endsWith('.parquet'))).toHaveLength(2)
  })

  test('from Arrow data changes only the columns that the data has', async () => {
    const { table } = await newTable()
    const source = tableFromArrays({ id: BigInt64Array.of(1n), name: ['m'] })
    const clauses = { on: ['id'], whenMatched: [{ do: 'update' as const }] }
    expect(await textsOf(await table.merge(source as never, clauses))).toContain('1 m 10')
    const seen: unknown[] = []
    const look = (_: unknown, row: unknown) => {
      seen.push(row)
      return false
    }
    await table.merge(source.batches as never, { on: ['id'], whenMatched: [{ if: look, do: 'update' }] })
    expect(seen).toEqual([{ id: 1n, name: 'm' }])
    const other = tableFromArrays({ id: BigInt64Array.of(1n), carrier: ['m'] })
    await expect(table.merge(other as never, clauses)).rejects.toThrow(/no column 'carrier', and Arrow data/)
  })

  test('that cannot be is refused by row and clause, and leaves nothing', async () => {
    const { table, store } = await newTable()
    const before = await locations(store)
    const refused = (source: unknown[], options: object, message: RegExp) =>
      expect(table.merge(source as Plain[], { on: ['id'], ...options } as never)).rejects.toThrow(message)
    const all = { whenMatched: [{ do: 'update' }], whenNotMatched: [{ do: 'insert' }] }
    await refused([{ id: null }, { id: 4 }, { id: 5 }, { id: 4 }], all, /rows 1 and 3 have the same key/)
    await refused([{ id: null, name: 'x' }, { id: 'x' }], all, /^row 1, id/)
    await refused(
      [
        { id: 1, name: 'x' },
        { id: 2, name: null },
      ],
      all,
      /^row 1, name/,
    )
    await refused([{ id: 9, name: 'x' }, { id: 8 }], all, /^row 1, name/)
    await refused([{ id: 1 }, 7], all, /row 1: expected an object, found number 7/)
    await refused([{ id: 1 }, { ID: 2 }], all, /row 1: there is no column 'id', which is a key/)
    await refused([{ id: 1 }], {}, /expected clauses/)
    await refused([{ id: 1 }], { whenMatched: [{ do: 'insert' }] }, /'update', 'delete' or a function/)
    await refused([{ id: 1 }], { whenMatched: [{ when: 1, do: 'delete' }] }, /when/)
    await refused([{ id: 1 }], { whenMatched: [{ if: true, do: 'delete' }] }, /'if' to be a function/)
    for (const said of ['no', undefined, Promise.resolve(false)]) {
      await refused([{ id: 1 }], { whenMatched: [{ if: () => said, do: 'delete' }] }, /row 0: expected 'if'/)
      await refused(
        [{ id: 99 }],
        { whenNotMatched: [{ if: () => said, do: 'insert' }] },
        /row 0: expected 'if'/,
      )
    }
    await refused([{ id: 1 }], { whenMatched: [{ do: () => 7 }] }, /row 0: expected new values/)
    await refused([{ id: 1 }], { whenMatched: [{ do: () => ({ nam: 1 }) }] }, /did you mean 'name'/)
    await expect(table.merge([], { whenMatched: [{ do: 'delete' }] })).rejects.toThrow(
      code('INVALID_ARGUMENT'),
    )
    await expect(table.merge(7 as never, { on: ['id'], ...all } as never)).rejects.toThrow(/expected rows/)
    expect(await locations(store)).toEqual(before)
  })
})
