/** Many upserts in a row to one table, each small: what a commit takes as rows spread over more and more files. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../index.ts'
import type { BenchSeries, SeriesTable } from './case.ts'
import { longs } from './data/arrow-columns.ts'
import { batchOf } from './data/columns.ts'
import { flatColumns } from './data/flat.ts'
import { flatData } from './data/generate.ts'
import { makeUpsertTable } from './jobs/upsert-table.ts'
import { quantile } from './quantile.ts'

export const upsertCommits: BenchSeries = {
  name: 'upsert-commits',
  about:
    'upserts of 1,000 rows in a row, half of them updates anywhere in the table, without expiry or compaction',
  async run({ upsertRows, commits }) {
    const tables: SeriesTable[] = []
    for (const size of upsertRows) tables.push(await upsertSeries(size, Math.ceil(commits / 2)))
    return tables
  },
}

const STEP = 100
const ROWS = 1000

async function upsertSeries(size: number, count: number): Promise<SeriesTable> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-upserts-'))
  try {
    const lake = await connect(folder, { durability: 'os' })
    const file = await flatData(size)
    let table = await makeUpsertTable(lake, file)
    const rows: string[][] = []
    const medians: number[] = []
    for (let from = 0; from < count; from += STEP) {
      const ms: number[] = []
      const before = lake.counters
      const cpu = process.cpuUsage()
      let vectors = 0
      for (let commit = from; commit < from + STEP; commit++) {
        const change = changeOf(size, commit)
        const started = performance.now()
        table = await table.upsert(change)
        ms.push(performance.now() - started)
        vectors += Number(table.currentSnapshot!.summary['added-dvs'] ?? 0)
        if (table.changed!.inserted * 2 !== ROWS) throw new Error(`inserted ${table.changed!.inserted}`)
      }
      const { user } = process.cpuUsage(cpu)
      const after = lake.counters
      medians.push(quantile(ms, 0.5))
      rows.push([
        `${from + STEP}`,
        quantile(ms, 0.5).toFixed(1),
        quantile(ms, 0.9).toFixed(1),
        (user / 1000 / STEP).toFixed(1),
        ((after.gets - before.gets) / STEP).toFixed(1),
        ((after.bytesRead - before.bytesRead) / STEP / 1e6).toFixed(2),
        (vectors / STEP).toFixed(0),
        (process.memoryUsage().rss / 2 ** 20).toFixed(0),
      ])
    }
    await lake.close()
    return {
      title: `into ${size} rows × 12 columns, in a folder, without fsync`,
      header: ['commits', 'median ms', 'p90 ms', 'user CPU ms', 'gets', 'MB read', 'vectors', 'MiB resident'],
      rows,
      notes: [`last ${STEP} to first ${STEP}: ${(medians.at(-1)! / medians[0]!).toFixed(2)} in median time`],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** In turn a row that the table has by then, and one that is new. */
function changeOf(size: number, commit: number) {
  const there = size + (commit * ROWS) / 2
  const known = (i: number) => (Math.floor((i * 2 * there) / ROWS) + commit * 7919) % there
  const id = longs((row) => (row % 2 === 0 ? known(row / 2) : there + (row - 1) / 2))
  return batchOf({ ...flatColumns, id }, 0, ROWS)
}
