/** Good tables, as the files that they consist of: what is mutated. */
import { longType, stringType } from '../../format/types.ts'
import { gt, schema, t } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { CraftedTable, optional, positionRows } from '../deletes/crafted-table.ts'
import { struct } from '../readers/support.ts'

export interface Fixture {
  readonly name: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly metadataLocation: string
}

const COLUMNS = schema({
  id: t.long(),
  name: t.string(),
  place: t.struct({ x: t.int(), tags: t.list(t.string()) }),
  amount: t.decimal(20, 2),
  day: t.date(),
  attributes: t.map(t.string(), t.double()),
})

const ROWS = Array.from({ length: 60 }, (_, i) => ({
  id: BigInt(i),
  name: i % 7 === 0 ? null : `name ${i % 5}`,
  place: i % 11 === 0 ? null : { x: i, tags: i % 3 === 0 ? null : [`tag ${i}`, null] },
  amount: `${i}.25`,
  day: i % 4 === 0 ? null : '2026-11-21',
  attributes: new Map([['a', i / 2]]),
}))

export const FILTER = gt('id', 20n)

export async function fixtures(): Promise<readonly Fixture[]> {
  return [await appended(1), await appended(3), await deleted(2), await deleted(3)]
}

/** Two appends to a table that is partitioned by name. */
async function appended(formatVersion: number): Promise<Fixture> {
  const properties = {
    'format-version': String(formatVersion),
    'write.parquet.compression-codec': formatVersion === 1 ? 'uncompressed' : 'zstd',
  }
  const table = await CraftedTable.create({ schema: COLUMNS, partitionBy: ['name'], properties })
  const first = await (await table.load()).append(ROWS)
  await first.append(ROWS.slice(0, 5))
  return taken(`version ${formatVersion}, appended`, table)
}

/** Files of several row groups, and every kind of delete. */
async function deleted(formatVersion: 2 | 3): Promise<Fixture> {
  const fields = [optional(1, 'id', longType), optional(2, 'name', stringType)]
  const rows = ROWS.map(({ id, name }) => struct({ id, name }))
  const properties = { 'format-version': String(formatVersion) }
  const table = await CraftedTable.create({ schema: schema({ id: t.long(), name: t.string() }), properties })
  const files = [
    await table.dataFile(fields, [rows.slice(0, 20), rows.slice(20)]),
    await table.dataFile(fields, [rows.slice(0, 30)]),
  ]
  await table.commit({ add: files })
  const positions = await table.positionDeletes([
    ...positionRows(files[0]!.filePath, [1, 2, 30]),
    ...positionRows(files[1]!.filePath, [3]),
  ])
  const keys = await table.equalityDeletes(
    [2],
    [fields[1]!],
    [struct({ name: 'name 3' }), struct({ name: null })],
  )
  await table.commit({ add: [positions, keys] })
  if (formatVersion === 3) {
    await table.commit({
      add: await table.vectors([
        { of: files[0]!, positions: [...Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 3 > 0)] },
        { of: files[1]!, positions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 20] },
      ]),
    })
  }
  return taken(`version ${formatVersion}, with deletes`, table)
}

async function taken(name: string, table: CraftedTable): Promise<Fixture> {
  const { metadataLocation } = await table.load()
  return { name, files: await filesIn(table.store), metadataLocation }
}

async function filesIn(store: ObjectStore): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for await (const { location } of store.list('memory://')) files.set(location, await store.get(location))
  return files
}
