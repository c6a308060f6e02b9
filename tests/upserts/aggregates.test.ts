/** Columns that gather what is upserted, by rules in the table's properties. */
import { describe, expect, test } from 'vitest'
import { connect, MemoryStore, schema, type Table, t } from '../../index.ts'
import { heldWithRival } from './support.ts'

const COLUMNS = schema({
  id: t.long().required(),
  total: t.decimal(9, 2),
  least: t.timestamp(),
  most: t.string(),
  times: t.long(),
  last: t.list(t.int()),
  note: t.string(),
  at: t.int(),
})
const RULES = { total: 'sum', least: 'min', most: 'max', times: 'count', last: 'last_non_null' }
const propertiesOf = (rules: Record<string, string>) =>
  Object.fromEntries(Object.entries(rules).map(([name, by]) => [`fields.${name}.aggregate-function`, by]))

async function newTable(rules: Record<string, string> = RULES, store = new MemoryStore()): Promise<Table> {
  const lake = await connect('memory://lake/wh', { store, parallelism: 0 })
  return (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: ['id'],
    properties: { 'format-version': '3', ...propertiesOf(rules) },
  })) as unknown as Table
}

async function read(table: Table): Promise<unknown[][]> {
  const found: unknown[][] = []
  for await (const row of table.scan().rows()) found.push(Object.values(row as object))
  return found.sort((a, b) => Number(a[0]) - Number(b[0]))
}

const row = (id: number, total: string | null, more: Record<string, unknown> = {}) => ({ id, total, ...more })

describe('aggregated columns', () => {
  test('gather what rows of the input and of the table have, and null adds nothing', async () => {
    let table = await newTable()
    table = await table.upsert([
      row(1, '1.50', { least: 7n, most: 'b', times: 1, last: [1], note: 'x' }),
      row(1, '2.00', { least: 5n, most: 'a', times: 100, last: null, note: 'y' }),
      row(2, null),
    ])
    expect(await read(table)).toEqual([
      [1n, '3.50', 5n, 'b', 2n, [1], 'y', null],
      [2n, null, null, null, null, null, null, null],
    ])
    expect(table.changed).toEqual({ inserted: 2, updated: 0, deleted: 0, unchanged: 0 })
    table = await table.upsert([
      row(1, '-0.50', { least: 6n, most: 'ż', times: 0, last: [2, 3] }),
      row(2, '1', { times: null }),
      row(3, '9'),
    ])
    expect(await read(table)).toEqual([
      [1n, '3.00', 5n, 'ż', 3n, [2, 3], null, null],
      [2n, '1.00', null, null, null, null, null, null],
      [3n, '9.00', null, null, null, null, null, null],
    ])
    expect(table.changed).toEqual({ inserted: 1, updated: 2, deleted: 0, unchanged: 0 })
  })

  test('count rows that come too late, of which the other columns are left out', async () => {
    let table = await newTable()
    table = await table.upsert([row(1, '1', { note: 'new', at: 5 })], { orderBy: 'at' })
    table = await table.upsert(
      [row(1, '1', { note: 'late', at: 4 }), row(1, null, { note: 'later', at: 3 })],
      {
        orderBy: 'at',
      },
    )
    expect((await read(table))[0]).toEqual([1n, '2.00', null, null, null, null, 'new', 5])
    table = await table.upsert([row(1, null, { note: 'late', at: 4 })], { orderBy: 'at' })
    expect(table.changed).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 1 })
  })

  test('have the last value by the order of rows, and a late one only where there is none', async () => {
    let table = await newTable({ note: 'last_non_null' })
    const upsert = (...rows: { note: string | null; at: number }[]) =>
      table.upsert(
        rows.map((each) => ({ id: 1, ...each })),
        { orderBy: 'at' },
      )
    const noteOf = async () => (await read(table))[0]!.slice(-2)
    table = await upsert({ note: 'b', at: 7 }, { note: 'a', at: 5 }, { note: null, at: 8 })
    expect(await noteOf()).toEqual(['b', 8])
    table = await upsert({ note: 'late', at: 6 })
    expect(await noteOf()).toEqual(['b', 8])
    table = await upsert({ note: 'new', at: 9 })
    expect(await noteOf()).toEqual(['new', 9])
    table = await table.upsert([{ id: 2, note: null, at: 9 }], { orderBy: 'at' })
    table = await table.upsert([{ id: 2, note: 'late', at: 1 }], { orderBy: 'at' })
    expect((await read(table))[1]!.slice(-2)).toEqual(['late', 9])
  })

  test('are taken of some columns only, and beside sequence groups', async () => {
    let table = await newTable()
    table = await table.upsert([row(1, '1', { note: 'kept', times: 1 })])
    table = await table.upsert([{ id: 1, total: '2' }], { partial: ['total'] })
    expect((await read(table))[0]).toEqual([1n, '3.00', null, null, 1n, null, 'kept', null])
    const sequenceGroups = [{ orderBy: 'at', columns: ['note'] }]
    table = await table.upsert([{ id: 1, total: '2', note: 'x', at: 1 }], { sequenceGroups })
    table = await table.upsert([{ id: 1, total: '2', note: 'late', at: 0 }], { sequenceGroups })
    expect((await read(table))[0]).toEqual([1n, '7.00', null, null, 1n, null, 'x', 1])
  })

  test('gather all of several rows that the table has of one key', async () => {
    let table = await newTable()
    table = await table.append([row(1, '1', { times: 2 }), row(1, '2', { times: 3 })])
    table = await table.append([row(1, '4', { least: 3n })])
    table = await table.upsert([row(1, '8', { times: 1 })])
    expect((await read(table))[0]).toEqual([1n, '15.00', 3n, null, 6n, null, null, null])
  })

  test('lose nothing of a rival that adds to the same row', async () => {
    const store = new MemoryStore()
    await (await newTable(RULES, store)).upsert([row(1, '1', { times: 1 })])
    const add = (table: Table) => table.upsert([row(1, '1', { times: 1 }), row(2, '1', { times: 1 })])
    const table = await add(await heldWithRival(store, add))
    expect((await read(table)).map((found) => [found[1], found[4]])).toEqual([
      ['3.00', 3n],
      ['2.00', 2n],
    ])
  })

  test('whose rules change meanwhile, end in a conflict', async () => {
    const store = new MemoryStore()
    await newTable(RULES, store)
    const held = await heldWithRival(store, (theirs) =>
      theirs
        .update()
        .setProperties(propertiesOf({ total: 'max' }))
        .commit(),
    )
    await expect(held.upsert([row(1, '1')])).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' })
  })

  test('are refused where a rule makes no sense, or a call would break it', async () => {
    const refused = async (rules: Record<string, string>, message: RegExp, options = {}) =>
      expect((await newTable(rules)).upsert([row(1, '1')], options)).rejects.toThrow(message)
    const senseless = async (rules: Record<string, string>, message: RegExp) => {
      await expect(newTable(rules)).rejects.toThrow(message)
      const table = await (await newTable({})).update().setProperties(propertiesOf(rules)).commit()
      await expect(table.upsert([row(1, '1')])).rejects.toThrow(message)
    }
    await senseless(
      { totl: 'sum' },
      /'fields.totl.aggregate-function' is for a column that there is not \(did you mean 'total'\?\)/,
    )
    await senseless({ total: 'product' }, /is 'product', and only sum, min/)
    await senseless({ note: 'sum' }, /'note' is string, of which there is no sum/)
    await senseless({ total: 'count' }, /there is no count/)
    await senseless({ last: 'min' }, /there is no min/)
    await senseless({ id: 'max' }, /'id' is a key/)
    await refused(RULES, /'op' does not go/, { op: 'note' })
    await refused(RULES, /'deletes' does not go/, { deletes: 'equality' })
    await refused(RULES, /'total' is aggregated/, { sequenceGroups: [{ orderBy: 'at', columns: ['total'] }] })
    const table = await newTable({ total: 'sum' })
    const full = await table.upsert([row(1, '9999999.99')])
    await expect(full.upsert([row(1, '1')])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/'total': what is added up does not fit/),
    })
  })
})

test.each([
  ['int', t.int(), [1, 2], 3],
  ['long', t.long(), [2 ** 53 - 1, 2n], 9007199254740993n],
  ['float', t.float(), [0.5, 0.25], 0.75],
  ['double', t.double(), [0.1, 0.2], 0.1 + 0.2],
] as const)('a sum of %s is exact', async (_name, type, [first, second], sum) => {
  const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
  let table = (await lake.createTable('a.b', {
    schema: schema({ id: t.long().required(), n: type }),
    identifierFields: ['id'],
    properties: propertiesOf({ n: 'sum' }),
  })) as unknown as Table
  table = await table.upsert([{ id: 1, n: first }])
  table = await table.upsert([{ id: 1, n: second }])
  expect(await read(table)).toEqual([[1n, sum]])
})
