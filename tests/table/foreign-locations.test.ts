import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, openTable, schema, type Table, t } from '../../index.ts'

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
