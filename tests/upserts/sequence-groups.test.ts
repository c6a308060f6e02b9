/** Rows that several sources stitch together, each with an order of its own. */
import { describe, expect, test } from 'vitest'
import { connect, MemoryStore, type SequenceGroup, schema, type Table, t } from '../../index.ts'

const COLUMNS = schema({
  id: t.long().required(),
  amount: t.int(),
  paid_at: t.int(),
  carrier: t.string(),
  sent_at: t.int(),
  sent_no: t.int(),
  note: t.string(),
})
const PAID: SequenceGroup = { orderBy: 'paid_at', columns: ['amount'] }
const SENT: SequenceGroup = { orderBy: ['sent_at', 'sent_no'], columns: ['carrier'] }
const sequenceGroups = [PAID, SENT]

async function newTable(): Promise<Table> {
  const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
  return (await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: ['id'],
    properties: { 'format-version': '3' },
  })) as unknown as Table
}

async function rowsOf(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const row of table.scan().rows()) found.push(Object.values(row).join(' '))
  return found.sort()
}

describe('sequence groups', () => {
  test('stitch a row of what each source said last, in whichever order it comes', async () => {
    let table = await (await newTable()).append([{ id: 1, note: 'kept' }])
    table = await table.upsert([{ id: 1, amount: 10, paid_at: 5 }], { sequenceGroups })
    table = await table.upsert([{ id: 1, carrier: 'late', sent_at: 3, sent_no: 2 }], { sequenceGroups })
    table = await table.upsert(
      [
        { id: 1, amount: 20, paid_at: 4, carrier: 'new', sent_at: 3, sent_no: 3 },
        { id: 2, amount: 7, paid_at: 1 },
      ],
      { sequenceGroups },
    )
    expect(await rowsOf(table)).toEqual(['1 10 5 new 3 3 kept', '2 7 1    '])
    expect(table.changed).toEqual({ inserted: 1, updated: 1, deleted: 0, unchanged: 0 })
  })

  test('take of several rows of one call the newest of each group', async () => {
    const table = await (await newTable()).upsert(
      [
        { id: 1, amount: 2, paid_at: 2, carrier: 'b', sent_at: 1, sent_no: 1 },
        { id: 1, amount: 1, paid_at: 1, carrier: 'c', sent_at: 1, sent_no: 1 },
        { id: 1, carrier: 'no order, so nothing' },
      ],
      { sequenceGroups },
    )
    expect(await rowsOf(table)).toEqual(['1 2 2 c 1 1 '])
  })

  test('of a row that says nothing newer leave what is there', async () => {
    let table = await (await newTable()).upsert([{ id: 1, amount: 1, paid_at: 5 }], { sequenceGroups })
    const before = table.metadataLocation
    table = await table.upsert([{ id: 1, amount: 2, paid_at: 4, carrier: 'x' }], { sequenceGroups })
    expect(table.metadataLocation).toBe(before)
    expect(table.changed).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 1 })
    const options = { sequenceGroups, skipUnchanged: true }
    table = await table.upsert([{ id: 1, amount: 1, paid_at: 5 }], options)
    expect(table.metadataLocation).toBe(before)
    table = await table.upsert([{ id: 1, amount: 1, paid_at: 6 }], options)
    expect(await rowsOf(table)).toEqual(['1 1 6    '])
  })

  test.each([
    ['one way', 0],
    ['the other way', 1],
  ])(
    'take of several rows that the table has of one key the newest of each group, written %s',
    async (_, first) => {
      const rows = [
        { id: 1, amount: 9, paid_at: 9, carrier: 'old', sent_at: 1 },
        { id: 1, amount: 1, paid_at: 1, carrier: 'new', sent_at: 9 },
      ]
      let table = await (await newTable()).append([rows[first]!])
      table = await table.append([rows[1 - first]!])
      table = await table.upsert([{ id: 1, amount: 5, paid_at: 5, carrier: 'x', sent_at: 5 }], {
        sequenceGroups: [PAID, { orderBy: 'sent_at', columns: ['carrier'] }],
      })
      expect(await rowsOf(table)).toEqual(['1 9 9 new 9  '])
    },
  )

  test('of which a row leaves one out need not give its columns, required ones neither', async () => {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    const created = await lake.createTable('a.b', {
      schema: schema({
        id: t.long().required(),
        b: t.string().required(),
        b_at: t.long(),
        c: t.string(),
        c_at: t.long(),
      }),
      identifierFields: ['id'],
    })
    const groups = {
      sequenceGroups: [
        { orderBy: 'b_at', columns: ['b'] },
        { orderBy: 'c_at', columns: ['c'] },
      ],
    }
    let table = (await created.append([{ id: 1, b: 'x', b_at: 1 }])) as unknown as Table
    table = await table.upsert([{ id: 1, c: 'c', c_at: 1 }], groups)
    expect(await rowsOf(table)).toEqual(['1 x 1 c 1'])
    const isNew = table.upsert(
      [
        { id: 1, c: 'd', c_at: 2 },
        { id: 2, c: 'c', c_at: 1 },
      ],
      groups,
    )
    await expect(isNew).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/column 'b', which is required/),
    })
    await expect(table.upsert([{ id: 1, b: null, b_at: 5 }], groups)).rejects.toThrow(
      /column 'b', which is required/,
    )
  })

  test('that contradict each other or the call are refused by name', async () => {
    const table = await newTable()
    const refused = (options: Record<string, unknown>, message: RegExp) =>
      expect(table.upsert([], options)).rejects.toThrow(message)
    await refused(
      { sequenceGroups: [PAID, { orderBy: 'sent_at', columns: ['amount'] }] },
      /'amount' is in two/,
    )
    await refused({ sequenceGroups: [{ orderBy: 'paid_at', columns: ['id'] }] }, /'id' is a key/)
    await refused(
      { sequenceGroups: [{ orderBy: 'paid_aa', columns: [] }] },
      /no column 'paid_aa', which 'orderBy' names; did you mean 'paid_at'/,
    )
    await refused({ sequenceGroups: [{ orderBy: 'paid_at', columns: ['carier'] }] }, /did you mean 'carrier'/)
    await refused({ sequenceGroups: [{ orderBy: [], columns: ['amount'] }] }, /columns to order by/)
    await refused({ sequenceGroups: [{ ...PAID, bogus: 1 }] }, /bogus/)
    await refused({ sequenceGroups: [null] }, /array of/)
    await refused({ sequenceGroups: null }, /found null/)
    await refused({ sequenceGroups: [] }, /array of \{ orderBy, columns \}/)
    await refused({ sequenceGroups, op: 'op' }, /'op' does not go with 'sequenceGroups'/)
    await refused({ sequenceGroups, orderBy: 'paid_at' }, /'orderBy' does not go/)
    await expect(table.upsert([{ id: 1, note: 'x' }], { sequenceGroups })).rejects.toThrow(/note/)
  })

  test('are taken by a sink', async () => {
    const sink = (await newTable()).sink({ mode: 'upsert', sequenceGroups })
    await sink.write({ id: 1, amount: 1, paid_at: 1 })
    await sink.flush()
    await sink.write({ id: 1, carrier: 'a', sent_at: 1 })
    expect(await rowsOf((await sink.close()) as unknown as Table)).toEqual(['1 1 1 a 1  '])
  })
})
