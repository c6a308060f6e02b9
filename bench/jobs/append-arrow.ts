import { icebergSchema } from '../data/iceberg-schema.ts'
import { loadArrow, streamArrow } from '../data/read.ts'
import type { Job } from '../job.ts'
import { type LakeOptions, measured, openLake, withNewTable } from './lake.ts'

export interface AppendArrow extends LakeOptions {
  readonly file: string
  /** Reads the file batch by batch while it appends, instead of holding it in memory. */
  readonly streamed?: boolean
}

/** Appends generated Arrow data to a new table in one commit. */
export async function prepare(options: AppendArrow): Promise<Job> {
  const lake = await openLake(options)
  const table = options.streamed ? undefined : loadArrow(options.file)
  const schema = icebergSchema(table?.schema.fields ?? (await firstFields(options.file)))
  return {
    run: () =>
      withNewTable(lake, schema, (target) =>
        measured(lake, async () => {
          const { currentSnapshot } = await target.append(table ?? streamArrow(options.file))
          return Number(currentSnapshot?.summary['added-records'])
        }),
      ),
    close: () => lake.close(),
  }
}

async function firstFields(file: string) {
  for await (const batch of streamArrow(file)) return batch.schema.fields
  return []
}
