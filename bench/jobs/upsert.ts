import { rmSync } from 'node:fs'
import type { Table } from '../../index.ts'
import { icebergSchema } from '../data/iceberg-schema.ts'
import { firstBatch, loadArrow, streamArrow } from '../data/read.ts'
import type { Job } from '../job.ts'
import { type LakeOptions, measured, openLake } from './lake.ts'

export interface Upsert extends LakeOptions {
  readonly file: string
  /** What is upserted, one after the other. */
  readonly changes: readonly string[]
  readonly properties: Readonly<Record<string, string>>
}

/** Upserts generated Arrow data by id into a table of the rows of `file`, one change after the other. */
export async function prepare(options: Upsert): Promise<Job> {
  rmSync(options.warehouse, { recursive: true, force: true })
  const lake = await openLake(options)
  const first = await firstBatch(options.file)
  const { fields, ...schema } = icebergSchema(first.schema.fields)
  const id = fields.find(({ name }) => name === 'id')!
  let table = (await lake.createTable('bench.upserts', {
    schema: {
      ...schema,
      fields: fields.map((field) => (field === id ? { ...id, required: true } : field)),
      identifierFieldIds: [id.id],
    },
    properties: { 'format-version': '3', 'write.target-file-size-bytes': '134217728', ...options.properties },
  })) as unknown as Table
  table = await table.append(streamArrow(options.file))
  let run = 0
  return {
    async run() {
      const change = loadArrow(options.changes[run++]!)
      return measured(lake, async () => {
        table = await table.upsert(change)
        const { inserted, updated } = table.changed!
        if (inserted * 2 !== change.numRows) throw new Error(`inserted ${inserted} of ${change.numRows}`)
        return inserted + updated
      })
    },
    async close() {
      await lake.close()
      rmSync(options.warehouse, { recursive: true, force: true })
    },
  }
}
