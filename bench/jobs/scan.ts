import { openTable, parseWhere, type ScanOptions } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import type { Job } from '../job.ts'
import { timed } from '../job.ts'

export interface ScanJob {
  /** Of the table's metadata file. */
  readonly metadataLocation: string
  readonly select?: readonly (string | readonly string[])[]
  readonly where?: string
  /** Rows as plain objects instead of Arrow batches. */
  readonly rows?: boolean
}

/** Scans a table, whoever wrote it. */
export async function prepare(options: ScanJob): Promise<Job> {
  const store = new FileStore({})
  const table = await openTable(options.metadataLocation, { store })
  const scanOptions: ScanOptions = {
    ...(options.select === undefined ? {} : { select: options.select }),
    ...(options.where === undefined ? {} : { where: parseWhere(options.where) }),
  }
  return {
    async run() {
      const { bytesRead, gets } = store.counters
      let count = 0
      const time = await timed(async () => {
        const scan = table.scan(scanOptions)
        if (options.rows) for await (const _ of scan.rows()) count++
        else for await (const batch of scan.batches()) count += batch.numRows
      })
      return {
        count,
        ...time,
        bytesRead: store.counters.bytesRead - bytesRead,
        requests: store.counters.gets - gets,
      }
    },
    close: () => store.close(),
  }
}
