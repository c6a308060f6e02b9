import { performance as clock, type PerformanceNodeTiming } from 'node:perf_hooks'
import type { Lake } from '../../index.ts'
import { loadArrow } from '../data/read.ts'
import { type Job, timed } from '../job.ts'
import { type LakeOptions, openLake, spent } from './lake.ts'
import { requireHalfNew, UPSERTS } from './upsert-table.ts'

export interface FreshUpsert extends LakeOptions {
  /** What is upserted, one in each process. */
  readonly changes: readonly string[]
}

/** Opens the lake and a table that is there, and upserts once: from nothing to the commit. */
export async function prepare(options: FreshUpsert): Promise<Job> {
  const loadedMs = clock.now()
  const { bootstrapComplete } = clock.nodeTiming as PerformanceNodeTiming
  return {
    async run(repetition) {
      const change = loadArrow(options.changes[repetition]!)
      let lake!: Lake
      const time = await timed(async () => {
        lake = await openLake(options)
        const table = await lake.loadTable(UPSERTS)
        requireHalfNew(await table.upsert(change), change.numRows)
      })
      const { counters } = lake
      await lake.close()
      const note = `before it ${ms(bootstrapComplete)} of Node, ${ms(loadedMs - bootstrapComplete)} of modules`
      return { count: change.numRows, ...time, ...spent(counters), note }
    },
  }
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}
