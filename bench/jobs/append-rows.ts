import { icebergSchema } from '../data/iceberg-schema.ts'
import { loadArrow } from '../data/read.ts'
import { plainRows } from '../data/rows.ts'
import type { Job } from '../job.ts'
import { type LakeOptions, measured, openLake, withNewTable } from './lake.ts'

export interface AppendRows extends LakeOptions {
  readonly file: string
}

/** Appends plain JS objects, which are there before the clock starts, to a new table in one commit. */
export async function prepare(options: AppendRows): Promise<Job> {
  const lake = await openLake(options)
  const table = loadArrow(options.file)
  const schema = icebergSchema(table.schema.fields)
  const rows = [...plainRows(table)]
  return {
    run: () =>
      withNewTable(lake, schema, (target) =>
        measured(lake, async () => {
          await target.append(rows)
          return rows.length
        }),
      ),
    close: () => lake.close(),
  }
}
