import { rmSync } from 'node:fs'
import type { Lake, Table } from '../../index.ts'
import { icebergSchema } from '../data/iceberg-schema.ts'
import { firstBatch, loadArrow, streamArrow } from '../data/read.ts'
import { type LakeOptions, openLake } from './lake.ts'

/** The name of the table that upserts change. */
export const UPSERTS = 'bench.upserts'

/** A table of version 3 with the rows of a generated file, whose key is `id`. */
export async function makeUpsertTable(
  lake: Lake,
  file: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<Table> {
  const first = await firstBatch(file)
  const { fields, ...schema } = icebergSchema(first.schema.fields)
  const id = fields.find(({ name }) => name === 'id')!
  const table = await lake.createTable(UPSERTS, {
    schema: {
      ...schema,
      fields: fields.map((field) => (field === id ? { ...id, required: true } : field)),
      identifierFieldIds: [id.id],
    },
    properties: { 'format-version': '3', 'write.target-file-size-bytes': '134217728', ...properties },
  })
  return (await table.append(streamArrow(file) as never)) as unknown as Table
}

/** Makes it in a lake, for other processes; with a change it has its key index, which the first upsert makes. */
export async function makeTable(
  options: LakeOptions,
  file: string,
  {
    properties,
    change,
  }: { readonly properties?: Readonly<Record<string, string>>; readonly change?: string },
): Promise<void> {
  clearFolder(options.warehouse)
  const lake = await openLake(options)
  try {
    const table = await makeUpsertTable(lake, file, properties)
    if (change !== undefined) await table.upsert(loadArrow(change))
  } finally {
    await lake.close()
  }
}

/** A bucket is left alone: its server begins with an empty one, and takes it along. */
export function clearFolder(warehouse: string): void {
  if (!warehouse.startsWith('s3:')) rmSync(warehouse, { recursive: true, force: true })
}

/** Throws unless half of the rows of a change were new. */
export function requireHalfNew({ changed }: Table, rows: number): void {
  if (changed!.inserted * 2 !== rows) throw new Error(`inserted ${changed!.inserted} of ${rows}`)
}
