import { type OpenTableOptions, openTable, parseWhere, type ScanOptions } from '../../index.ts'
import { storeOf } from '../../table/store-of.ts'
import { systemEnvironment } from '../../table/system-environment.ts'
import { bytesOfLeaf } from '../data/leaf-bytes.ts'
import { type Job, timed } from '../job.ts'

export interface ScanJob {
  /** Of the table's metadata file. */
  readonly metadataLocation: string
  readonly select?: readonly (string | readonly string[])[]
  readonly where?: string
  /** Rows as plain objects instead of Arrow batches. */
  readonly rows?: boolean
  readonly open?: OpenTableOptions
  /** What it counts as, where rows are read that do not come out. Default: the rows that come out. */
  readonly countAs?: number
  /** Compares the bytes that were read with those of this leaf's column chunks. */
  readonly leaf?: string
}

/** Scans a table, whoever wrote it. */
export async function prepare(options: ScanJob): Promise<Job> {
  const store = storeOf(options.metadataLocation, systemEnvironment, options.open ?? {})
  const table = await openTable(options.metadataLocation, { ...options.open, store })
  const leafBytes = options.leaf === undefined ? undefined : await bytesOfLeaf(table, store, options.leaf)
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
      const read = store.counters.bytesRead - bytesRead
      return {
        count: options.countAs ?? count,
        ...time,
        bytesRead: read,
        requests: store.counters.gets - gets,
        ...(leafBytes === undefined ? {} : { note: `${(read / leafBytes).toFixed(3)} × the leaf's chunks` }),
      }
    },
    close: () => store.close(),
  }
}
