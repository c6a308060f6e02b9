/** Which deletes apply to what, one rule after another, and what is refused. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { DataFile } from '../../format/manifest.ts'
import { longType, stringType } from '../../format/types.ts'
import { eq, gt, schema, t } from '../../index.ts'
import { avroFile } from '../readers/avro/avro-bytes.ts'
import { required } from '../readers/support.ts'
import { code } from '../table/support.ts'
import { CraftedTable, type HeldFile, optional, positionRows } from './crafted-table.ts'

const FIELDS = [optional(1, 'id', longType), optional(2, 'name', stringType)]
const ROWS = Array.from({ length: 10 }, (_, i) => ({ id: BigInt(i), name: i % 3 === 0 ? null : `n${i}` }))

async function tableOf(formatVersion: 2 | 3) {
  const properties = { 'format-version': String(formatVersion) }
  const table = await CraftedTable.create({ schema: schema({ id: t.long(), name: t.string() }), properties })
  const file = await table.dataFile(FIELDS, [ROWS.slice(0, 4), ROWS.slice(4)])
  await table.commit({ add: [file] })
  return { table, file }
}

async function idsOf(
  table: CraftedTable,
  options: Parameters<Awaited<ReturnType<CraftedTable['load']>>['scan']>[0] = {},
  column = 'id',
) {
  const ids: number[] = []
  for await (const row of (await table.load()).scan(options as object).rows()) {
    ids.push(Number((row as Record<string, unknown>)[column]))
  }
  return ids
}

function vectorOf(
  table: CraftedTable,
  of: DataFile,
  positions: Iterable<number>,
  change: Partial<DataFile> = {},
) {
  return table.vectors([{ of, positions }]).then(([vector]) => ({ ...vector!, ...change }))
}

describe('positions', () => {
  test('count from the first row of the file, whatever is skipped, filtered or limited', async () => {
    const { table, file } = await tableOf(2)
    await table.commit({ add: [await table.positionDeletes(positionRows(file.filePath, [0, 5, 9]))] })
    expect(await idsOf(table)).toEqual([1, 2, 3, 4, 6, 7, 8])
    expect(await idsOf(table, { where: gt('id', 3n) })).toEqual([4, 6, 7, 8])
    expect(await idsOf(table, { where: eq('id', 5n) })).toEqual([])
    expect(await idsOf(table, { limit: 5 })).toEqual([1, 2, 3, 4, 6])
    const scan = (await table.load()).scan({ select: ['_pos'] })
    const positions: unknown[] = []
    for await (const row of scan.rows()) positions.push(row._pos)
    expect(positions).toEqual([1n, 2n, 3n, 4n, 6n, 7n, 8n])
    expect(scan.report).toMatchObject({ files: 1, filesPlanned: 1, deleteFiles: 1 })
  })

  test('of a file that is newer than the deletes are not deleted', async () => {
    const { table } = await tableOf(2)
    const later = await table.dataFile(FIELDS, [ROWS])
    const deletes = await table.positionDeletes(positionRows(later.filePath, [1]))
    await table.commit({ add: [{ file: deletes, sequenceNumber: 1n }, later] })
    expect(await idsOf(table)).toHaveLength(20)
  })

  test('of all rows of a row group spare fetching it', async () => {
    const table = await CraftedTable.create({ schema: schema({ id: t.long(), name: t.string() }) })
    const random = Array.from({ length: 5000 }, (_, i) => ({
      id: BigInt(i),
      name: randomBytes(30).toString('hex'),
    }))
    const file = await table.dataFile(FIELDS, [random, ROWS])
    const bytesRead = async () => {
      const { bytesRead: before } = table.store.counters
      expect((await idsOf(table)).slice(-10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      return table.store.counters.bytesRead - before
    }
    await table.commit({ add: [file] })
    expect(await bytesRead()).toBeGreaterThan(100_000)
    const positions = [...random.keys()]
    await table.commit({
      add: [await table.positionDeletes(positionRows(file.filePath, positions.slice(1)))],
    })
    expect(await idsOf(table)).toHaveLength(11)
    const rest = await table.positionDeletes(positionRows(file.filePath, [0]))
    await table.commit({ add: [rest] })
    await bytesRead()
    expect(await bytesRead()).toBeLessThan(90_000)
  })

  test('beyond the end of the file delete nothing', async () => {
    const { table, file } = await tableOf(3)
    await table.commit({ add: [await vectorOf(table, file, [3, 10, 70_000])] })
    expect(await idsOf(table)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
  })

  test('that are negative are refused', async () => {
    const { table, file } = await tableOf(2)
    await table.commit({ add: [await table.positionDeletes([{ file_path: file.filePath, pos: -1n }])] })
    await expect(idsOf(table)).rejects.toThrow(code('INVALID_DATA'))
  })
})

describe('a deletion vector', () => {
  test('stands for all position deletes of its file, whatever these say', async () => {
    const { table, file } = await tableOf(3)
    await table.commit({ add: [await table.positionDeletes(positionRows(file.filePath, [0, 1]))] })
    await table.commit({ add: [await vectorOf(table, file, [9])] })
    expect(await idsOf(table)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('is found by its offset among others in one file', async () => {
    const { table, file } = await tableOf(3)
    const second = await table.dataFile(FIELDS, [ROWS])
    await table.commit({ add: [second] })
    await table.commit({
      add: await table.vectors([
        { of: second, positions: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
        { of: file, positions: [0] },
      ]),
    })
    expect(await idsOf(table)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 9])
  })

  test('that is encrypted is refused by name', async () => {
    const { table, file } = await tableOf(3)
    await table.commit({ add: [await vectorOf(table, file, [1], { keyMetadata: Uint8Array.of(1) })] })
    await expect(idsOf(table)).rejects.toThrow(code('UNSUPPORTED'))
  })

  const broken: readonly [string, (vector: DataFile, file: DataFile) => readonly (DataFile | HeldFile)[]][] =
    [
      ['two of one file', (vector) => [vector, { ...vector, contentOffset: 4n }]],
      ['an older one than its file', (vector) => [{ file: vector, sequenceNumber: 0n }]],
      ['one without its file', ({ referencedDataFile: _, ...vector }) => [vector]],
      ['one without an offset', ({ contentOffset: _, ...vector }) => [vector]],
      ['one without a size', ({ contentSizeInBytes: _, ...vector }) => [vector]],
      ['one at another offset', (vector) => [{ ...vector, contentOffset: 5n }]],
      [
        'one of another size',
        (vector) => [{ ...vector, contentSizeInBytes: vector.contentSizeInBytes! - 1n }],
      ],
      ['one of a huge size', (vector) => [{ ...vector, contentSizeInBytes: 1n << 40n }]],
      ['one of a negative offset', (vector) => [{ ...vector, contentOffset: -4n }]],
      ['one of another cardinality', (vector) => [{ ...vector, recordCount: 2n }]],
    ]
  test.for(broken)('that is wrong is refused by the name of its file: %s', async ([, wrong]) => {
    const { table, file } = await tableOf(3)
    const vector = await vectorOf(table, file, [1])
    await table.commit({ add: wrong(vector, file) })
    await expect(idsOf(table)).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringContaining(vector.filePath),
    })
  })
})

describe('an equality delete', () => {
  test('deletes null keys, and only what is older', async () => {
    const { table } = await tableOf(2)
    const keys = await table.equalityDeletes([2], [FIELDS[1]!], [{ name: null }, { name: 'n4' }])
    const same = await table.dataFile(FIELDS, [[{ id: 100n, name: 'n4' }]])
    await table.commit({ add: [keys, same] })
    expect(await idsOf(table)).toEqual([1, 2, 5, 7, 8, 100])
    expect(await idsOf(table, { select: ['id'], where: gt('id', 4n) })).toEqual([5, 7, 8, 100])
  })

  test('reads the columns of its ids alone, and no other of its file', async () => {
    const { table } = await tableOf(2)
    const file = await table.equalityDeletes(
      [1],
      [...FIELDS, required(9, 'more', longType)],
      [{ id: 3n, name: 'of no meaning', more: 1n }],
    )
    await table.commit({ add: [file] })
    expect(await idsOf(table)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
  })

  test('without ids, or with one that no schema has, is refused by name', async () => {
    for (const ids of [[], [77]]) {
      const { table } = await tableOf(2)
      const file = await table.equalityDeletes(ids, FIELDS, [{ id: 3n, name: null }])
      await table.commit({ add: [file] })
      await expect(idsOf(table)).rejects.toMatchObject({
        code: 'INVALID_DATA',
        message: expect.stringContaining(file.filePath),
      })
    }
  })

  test('by a required column that was dropped since are read as before, and newer files lack the column', async () => {
    const table = await CraftedTable.create({ schema: schema({ id: t.long(), key: t.long().required() }) })
    const key = required(2, 'key', longType)
    const old = await table.dataFile([FIELDS[0]!, key], [[1n, 2n].map((id) => ({ id, key: id * 10n }))])
    await table.commit({ add: [old] })
    await (await table.load()).update().dropColumn('key').commit()
    await table.commit({ add: [await table.dataFile([FIELDS[0]!], [[{ id: 3n }]])] })
    await table.commit({ add: [await table.equalityDeletes([2], [key], [{ key: 10n }])] })
    expect(await idsOf(table)).toEqual([2, 3])
  })

  test('whose bounds no row of a file is within is not read', async () => {
    const { table } = await tableOf(2)
    const file = await table.equalityDeletes([1], [FIELDS[0]!], [{ id: 50n }])
    await table.commit({ add: [file] })
    await table.store.delete([file.filePath])
    expect(await idsOf(table)).toHaveLength(10)
  })
})

test('delete files are read once for all scans of a lake', async () => {
  const { table, file } = await tableOf(2)
  const keys = await table.equalityDeletes([1], [FIELDS[0]!], [{ id: 3n }])
  const positions = await table.positionDeletes(positionRows(file.filePath, [0]))
  await table.commit({ add: [keys, positions] })
  expect(await idsOf(table)).toEqual([1, 2, 4, 5, 6, 7, 8, 9])
  await table.store.delete([keys.filePath, positions.filePath])
  expect(await idsOf(table)).toEqual([1, 2, 4, 5, 6, 7, 8, 9])
})

test('keys without field ids are read again under other names, and under another name mapping', async () => {
  const { table } = await tableOf(2)
  const file = await table.foreignFile(avroFile([FIELDS[0]!], [{ id: 3n }], { withoutIds: true }), {
    fileFormat: 'avro',
  })
  await table.commit({ add: [{ ...file, content: 'equality-deletes', equalityIds: [1] }] })
  const all = Array.from(ROWS, (_, i) => i)
  const withoutKey = all.filter((id) => id !== 3)
  expect(await idsOf(table, { select: ['_pos'] }, '_pos')).toEqual(withoutKey)
  await (await table.load()).update().renameColumn('id', 'key').commit()
  expect(await idsOf(table, { select: ['_pos'] }, '_pos')).toEqual(all)
  const mapping = JSON.stringify([{ 'field-id': 1, names: ['id', 'key'] }])
  await (await table.load()).update().setProperties({ 'schema.name-mapping.default': mapping }).commit()
  expect(await idsOf(table, { select: ['_pos'] }, '_pos')).toEqual(withoutKey)
})

describe.each([true, false])('a data file that was added twice, next to itself: %s', (isNextToItself) => {
  test.each<Readonly<Record<string, string>>>([
    { 'format-version': '2' },
    { 'format-version': '3' },
    { 'format-version': '3', 'write.delete.mode': 'copy-on-write' },
  ])('loses rows by a delete in each place, in a table with %o', async (properties) => {
    const table = await CraftedTable.create({ schema: schema({ id: t.long() }), properties })
    const twice = await table.dataFile([FIELDS[0]!], [[{ id: 1n }, { id: 2n }, { id: 3n }]])
    const other = await table.dataFile([FIELDS[0]!], [[{ id: 1n }, { id: 5n }]])
    // Next to itself, and apart.
    const add = isNextToItself ? [other, twice, twice] : [twice, other, twice]
    await table.commit({ add })
    expect((await idsOf(table)).sort()).toEqual([1, 1, 1, 2, 2, 3, 3, 5])
    for (const [id, left] of [
      [1n, [2, 3, 5, 2, 3]],
      [2n, [3, 5, 3]],
      [3n, [5]],
    ] as const) {
      await (await table.load()).delete(eq('id', id))
      expect((await idsOf(table)).sort(), `without ${id}`).toEqual([...left].sort())
    }
  })

  test.each<Readonly<Record<string, string>>>([
    { 'format-version': '2' },
    { 'format-version': '3' },
    { 'format-version': '3', 'write.update.mode': 'copy-on-write' },
  ])('is updated in each place, in a table with %o', async (properties) => {
    const table = await CraftedTable.create({ schema: schema({ id: t.long() }), properties })
    const twice = await table.dataFile([FIELDS[0]!], [[{ id: 1n }, { id: 2n }]])
    const other = await table.dataFile([FIELDS[0]!], [[{ id: 1n }]])
    await table.commit({ add: isNextToItself ? [other, twice, twice] : [twice, other, twice] })
    const updated = await (await table.load()).update(eq('id', 1n), { id: 7n })
    expect(updated.changed).toMatchObject({ updated: 3 })
    expect((await idsOf(table)).sort()).toEqual([2, 2, 7, 7, 7])
  })
})
