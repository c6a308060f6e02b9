import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, MemoryStore, openTable, schema, type Table, t } from '../../index.ts'
import { code } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-locations-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function idsOf(table: Table): Promise<unknown[]> {
  const ids: unknown[] = []
  for await (const row of table.scan().rows()) ids.push(row['id'])
  return ids.sort()
}

describe('a table whose location another writer spelled its own way', () => {
  // PyIceberg and Spark write down a warehouse such as file:///data//lake as it was given, in every path.
  test.each(['file:', 'file://', ''])('is read and appended to: %s with a slash too many', async (scheme) => {
    const lake = await connect(folder)
    const name = `spelled.by_${scheme.length}`
    const created = await lake.createTable(name, { schema: schema({ id: t.long() }) })
    const path = created.metadataLocation.replace('file://', '')
    const text = await readFile(path, 'utf8')
    const spelled = `${scheme}${folder}//spelled/by_${scheme.length}`
    await writeFile(path, text.replace(created.location, spelled))

    let table = await lake.loadTable(name)
    table = await table.append([{ id: 1 }])
    table = await table.append([{ id: 2 }])
    expect(table.location).toBe(spelled)
    expect(table.currentSnapshot?.manifestList).toContain(spelled)
    expect(await idsOf(table)).toEqual([1n, 2n])
    expect(await idsOf(await openTable(table.location))).toEqual([1n, 2n])
  })
})

describe('a table whose metadata points out of the store that it came from', () => {
  const elsewhere: readonly [string, (list: string) => string][] = [
    ['a file by its URI', (list) => `file://${list}`],
    ['a file by its path', (list) => list],
    ['a file by a short URI', (list) => `file:${list}`],
    ['a bucket', () => 's3://acme/list.avro'],
    ['a link-local address', () => 'http://169.254.169.254/latest/meta-data/'],
    ['a link-local address in IPv6', () => 'http://[fe80::1]/list.avro'],
    ['a path that climbs', () => 'memory://lake/wh/../../etc/passwd'],
    ['a host of another kind', () => 'hdfs://host/list.avro'],
  ]
  test.for(elsewhere)('is refused, though a good file lies there: %s', async ([, locationOf]) => {
    const store = new MemoryStore()
    const lake = await connect('memory://lake/wh', { store })
    const created = await lake.createTable('a.t', { schema: schema({ id: t.long() }) })
    const table = await created.append([{ id: 1 }])
    const { manifestList } = table.currentSnapshot!
    const list = join(folder, 'list.avro')
    await writeFile(list, await store.get(manifestList!))
    const text = Buffer.from(await store.get(table.metadataLocation)).toString()
    const moved = 'memory://lake/wh/moved.metadata.json'
    await store.put(moved, Buffer.from(text.replaceAll(manifestList!, locationOf(list))))
    const opened = await openTable(moved, { store })
    await expect(idsOf(opened)).rejects.toThrow(code('INVALID_DATA'))
  })
})
