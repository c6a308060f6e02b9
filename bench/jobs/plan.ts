import { type Expression, parseWhere } from '../../index.ts'
import type { Job } from '../job.ts'
import { type LakeOptions, measured, openLake } from './lake.ts'

export interface PlanJob extends LakeOptions {
  readonly name: string
  readonly where?: string
}

/** Plans a scan: every file that may hold matching rows, as a task. */
export async function prepare({ name, where, ...lakeOptions }: PlanJob): Promise<Job> {
  const lake = await openLake(lakeOptions)
  const table = await lake.loadTable(name)
  const options: { where?: Expression } = where === undefined ? {} : { where: parseWhere(where) }
  return {
    run: () =>
      measured(lake, async () => {
        const scan = table.scan(options)
        for await (const _ of scan.tasks());
        return scan.report.files
      }),
    close: () => lake.close(),
  }
}
