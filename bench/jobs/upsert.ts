import type { Table } from '../../index.ts'
import { loadArrow } from '../data/read.ts'
import { plainRows } from '../data/rows.ts'
import type { Job } from '../job.ts'
import { type LakeOptions, measured, openLake } from './lake.ts'
import { clearFolder, requireHalfNew, UPSERTS } from './upsert-table.ts'

export interface Upsert extends LakeOptions {
  /** What is upserted, one after the other. */
  readonly changes: readonly string[]
  /** Writes plain objects into a sink that stays open, and flushes it. */
  readonly sink?: boolean
}

/** Upserts generated data by id into a table that is there, one change after the other. */
export async function prepare(options: Upsert): Promise<Job> {
  const lake = await openLake(options)
  const table: Table = await lake.loadTable(UPSERTS)
  const upsert = options.sink ? sinkInto(table) : callsOf(table)
  return {
    async run(repetition) {
      const change = loadArrow(options.changes[repetition]!)
      const write = upsert(change)
      return measured(lake, async () => {
        requireHalfNew(await write(), change.numRows)
        return change.numRows
      })
    },
    async close() {
      await lake.dropTable(UPSERTS, { purge: true })
      await lake.close()
      clearFolder(options.warehouse)
    },
  }
}

/** Takes a change, and resolves to what writes it. */
type Upserting = (change: ReturnType<typeof loadArrow>) => () => Promise<Table>

function callsOf(table: Table): Upserting {
  let newest = table
  return (change) => async () => {
    newest = await newest.upsert(change)
    return newest
  }
}

function sinkInto(table: Table): Upserting {
  const sink = table.sink({ mode: 'upsert' })
  return (change) => {
    const rows = [...plainRows(change)]
    return async () => {
      await sink.write(rows)
      return sink.flush()
    }
  }
}
