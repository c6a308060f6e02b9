/** Rows of a change stream: which are deletes, and what is left of those. */
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { connect, MemoryStore, schema, type Table, t, type UpsertOptions } from '../../index.ts'
import { code } from '../table/support.ts'

const COLUMNS = schema({
  id: t.long().required(),
  name: t.string().required(),
  at: t.int(),
  gone: t.boolean(),
})

async function newTable(): Promise<Table> {
  const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
  const table = await lake.createTable('shop.orders', {
    schema: COLUMNS,
    identifierFields: ['id'],
    properties: { 'format-version': '3' },
  })
  return (await table.append([1, 2, 3].map((id) => ({ id, name: 'a', at: 5 })))) as unknown as Table
}

async function rowsOf(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const { id, name, at, gone } of table.scan().rows()) found.push(`${id} ${name} ${at} ${gone}`)
  return found.sort()
}

describe('rows that say what they are there for', () => {
  test('delete by their key alone, and the last row of a key counts', async () => {
    const table = await (await newTable()).upsert(
      [
        { op: 'd', id: 1 },
        { op: 'u', id: 2, name: 'b' },
        { op: 'd', id: 2 },
        { op: 'd', id: 3 },
        { op: 'c', id: 3, name: 'c' },
        { op: 'r', id: 4, name: 'd' },
        { op: 'd', id: 5 },
      ],
      { op: 'op' },
    )
    expect(await rowsOf(table)).toEqual(['3 c null null', '4 d null null'])
    expect(table.changed).toEqual({ inserted: 1, updated: 1, deleted: 2, unchanged: 0 })
  })

  test('have a changelog of other engines, where what an update replaced is left out', async () => {
    const input = tableFromArrays({
      _change_type: ['UPDATE_BEFORE', '+U', 'DELETE', 'INSERT', '-U'],
      id: BigInt64Array.from([1n, 1n, 2n, 9n, 3n]),
      name: ['a', 'b', null, 'i', 'a'],
    })
    const table = await (await newTable()).upsert(input, { op: '_change_type' })
    expect(await rowsOf(table)).toEqual(['1 b null null', '3 a 5 null', '9 i null null'])
  })

  test('are told by a function too, of rows but not of Arrow data', async () => {
    const op = ({ name }: { readonly name?: unknown }) => (name === null ? 'delete' : 'upsert')
    const table = await newTable()
    const next = await table.upsert(
      [
        { id: 1, name: null },
        { id: 2, name: 'b' },
      ] as never[],
      { op },
    )
    expect(await rowsOf(next)).toEqual(['2 b null null', '3 a 5 null'])
    await expect(table.upsert(tableFromArrays({ id: [1] }), { op })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('name the column'),
    })
    await expect(table.upsert([{ id: 1 }], { op: () => 'drop' as never })).rejects.toThrow(/"drop"/)
  })

  test('may keep what they are there for, where the table has a column of its name', async () => {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    const created = await lake.createTable('a.b', { schema: schema({ id: t.long(), op: t.string() }) })
    const options = { on: ['id'], op: 'op' }
    const table = await created.upsert(
      [1, 2].map((id) => ({ id, op: 'c' })),
      options,
    )
    const next = await table.upsert(
      [
        { id: 1, op: 'u' },
        { id: 2, op: 'd' },
      ],
      options,
    )
    const found = []
    for await (const row of next.scan().rows()) found.push(row)
    expect(found).toEqual([{ id: 1n, op: 'u' }])
  })

  test('that say nothing are refused, whatever the default of that column', async () => {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    const table = await lake.createTable('a.b', {
      schema: schema({ id: t.long(), op: t.string().default('d') }),
      properties: { 'format-version': '3' },
    })
    await expect(table.upsert([{ id: 1 }], { on: ['id'], op: 'op' })).rejects.toThrow(/^row 0, op: .*null/)
  })

  test('come too late like others, and a delete that is newer goes', async () => {
    const table = await (await newTable()).upsert(
      [
        { op: 'd', id: 1, at: 4 },
        { op: 'd', id: 2, at: 6 },
        { op: 'd', id: 3, at: 7 },
        { op: 'u', id: 3, at: 6, name: 'late' },
      ],
      { op: 'op', orderBy: 'at' },
    )
    expect(await rowsOf(table)).toEqual(['1 a 5 null'])
    expect(table.changed).toEqual({ inserted: 0, updated: 0, deleted: 2, unchanged: 1 })
  })

  test('that delete without saying when are refused, for they would come too late always', async () => {
    const options = { op: 'op', orderBy: 'at' }
    const change = (await newTable()).upsert(
      [
        { op: 'u', id: 2, name: 'b' },
        { op: 'd', id: 1, at: null },
      ],
      options,
    )
    await expect(change).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^row 1, at: the row deletes, and does not say when.*source.lsn/),
    })
  })

  test('may be of a type of their own, and options in a variable', async () => {
    interface Change {
      readonly id: number
      readonly at: number
      readonly op: string
    }
    const changes: Change[] = [{ id: 1, at: 9, op: 'd' }]
    const options: UpsertOptions = { orderBy: 'at' }
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    const created = await lake.createTable('a.b', { schema: COLUMNS, identifierFields: ['id'] })
    const table = await created.append([1, 2].map((id) => ({ id, name: 'a', at: 5 })))
    expect((await table.upsert(changes, { ...options, op: 'op' })).changed).toMatchObject({ deleted: 1 })
    expect((await table.upsert([{ id: 2, name: 'b', at: 9 }], options)).changed).toMatchObject({ updated: 1 })
    const sink = table.sink({ mode: 'upsert', ...options, op: 'op' })
    await sink.write(changes)
    expect((await sink.close()).changed).toMatchObject({ deleted: 0 })
  })

  test('delete a row that they repeat, where unchanged ones are skipped', async () => {
    const table = await (await newTable()).upsert([{ op: 'd', id: 1, name: 'a', at: 5 }], {
      op: 'op',
      skipUnchanged: true,
    })
    expect(await rowsOf(table)).toEqual(['2 a 5 null', '3 a 5 null'])
  })

  test('are refused whole where one does not tell, or lacks what is required of a row that stays', async () => {
    const table = await newTable()
    const upsert = (row: Record<string, unknown>) =>
      table.upsert([{ op: '-U', id: 1 }, { op: 'd', id: 1 }, row], { op: 'op' })
    await expect(upsert({ op: 'x', id: 2 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^row 2, op: .*"x"/),
    })
    await expect(upsert({ id: 2, name: 'b' })).rejects.toThrow(/^row 2, op: .*null/)
    await expect(upsert({ op: 'u', id: 2 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^row 2, name: expected a string, found null/),
      context: { row: 2, path: 'name' },
    })
    await expect(upsert({ op: 'd', name: 'b' })).rejects.toThrow(/^row 2, id: /)
    await expect(table.upsert([{ id: 1 }], { op: 'at' })).rejects.toThrow(/'at' is int.*needs a string/)
    for (const op of [5, ['op'], null]) {
      await expect(table.upsert([{ id: 1 }], { op } as never)).rejects.toMatchObject(code('INVALID_ARGUMENT'))
    }
    for (const input of [{}, null, 5]) {
      const change = table.upsert(input as never, { op: () => 'upsert' as const })
      await expect(change).rejects.toThrow(/expected rows, Arrow data/)
    }
    const twice = [
      { op: '-U', id: 9 },
      { op: 'd', id: 1 },
      { op: 'd', id: 1 },
    ]
    await expect(table.upsert(twice, { op: 'op', duplicates: 'error' })).rejects.toThrow(/rows 1 and 2 have/)
    await expect(table.upsert([], { on: ['id', 'gone'], softDelete: 'gone' })).rejects.toThrow(
      /'gone' is a key/,
    )
    expect((await table.refresh()).metadataLocation).toBe(table.metadataLocation)
  })

  test('of some columns delete whole rows', async () => {
    const table = await (await newTable()).upsert(
      [
        { op: 'd', id: 1 },
        { op: 'u', id: 2, at: 6 },
        { op: 'd', id: 9 },
      ],
      { op: 'op', partial: ['at'] },
    )
    expect(await rowsOf(table)).toEqual(['2 a 6 null', '3 a 5 null'])
    expect(table.changed).toEqual({ inserted: 0, updated: 1, deleted: 1, unchanged: 0 })
  })
})

describe('a soft delete', () => {
  test('keeps a row for its place in the order, so that none that is older brings it back', async () => {
    const options = { op: 'op', orderBy: 'at', softDelete: 'gone' } as const
    let table = await (await newTable()).upsert([{ op: 'd', id: 1, name: 'a', at: 7 }], options)
    expect(await rowsOf(table)).toEqual(['1 a 7 true', '2 a 5 null', '3 a 5 null'])
    expect(table.changed).toEqual({ inserted: 0, updated: 1, deleted: 0, unchanged: 0 })
    table = await table.upsert([{ op: 'u', id: 1, name: 'late', at: 6 }], options)
    expect(table.changed).toMatchObject({ unchanged: 1 })
    table = await table.upsert(
      [
        { op: 'u', id: 1, name: 'back', at: 8 },
        { op: 'd', id: 9, name: 'never seen', at: 1 },
      ],
      options,
    )
    expect(await rowsOf(table)).toEqual(['1 back 8 false', '2 a 5 null', '3 a 5 null', '9 never seen 1 true'])
  })

  test('of partial rows keeps the columns that they leave out', async () => {
    const table = await (await newTable()).upsert([{ op: 'd', id: 1, at: 7 }], {
      op: 'op',
      partial: ['at'],
      softDelete: 'gone',
    })
    expect(await rowsOf(table)).toEqual(['1 a 7 true', '2 a 5 null', '3 a 5 null'])
  })

  test('needs a boolean column, and values for those that are required', async () => {
    const table = await newTable()
    await expect(table.upsert([], { softDelete: 'name' })).rejects.toThrow(/'name' is none/)
    await expect(table.upsert([], { softDelete: 'gine' })).rejects.toMatchObject(code('INVALID_ARGUMENT'))
    await expect(table.upsert([{ op: 'd', id: 1 }], { op: 'op', softDelete: 'gone' })).rejects.toThrow(
      /^row 0, name: /,
    )
  })
})
