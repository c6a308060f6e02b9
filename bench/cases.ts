import type { BenchCase, BenchSeries } from './case.ts'
import { appendArrow, appendRows } from './cases/append.ts'
import { describe } from './cases/describe.ts'
import { memory } from './cases/memory.ts'
import { plan } from './cases/plan.ts'
import { nestedLeaf, scanArrow, scanRows, selectiveFilter } from './cases/scan.ts'
import { scanDeletes } from './cases/scan-deletes.ts'
import { upserts, upsertsOnS3 } from './cases/upsert.ts'
import { freshUpserts } from './cases/upsert-fresh.ts'
import { commits } from './commits.ts'
import { upsertCommits } from './upsert-commits.ts'

/** All benches, in the order in which they run. */
export const cases: readonly BenchCase[] = [
  appendArrow,
  appendRows,
  scanArrow,
  scanRows,
  nestedLeaf,
  selectiveFilter,
  scanDeletes,
  upserts,
  upsertsOnS3,
  freshUpserts,
  plan,
  describe,
  memory,
]

/** Run after them. */
export const series: readonly BenchSeries[] = [commits, upsertCommits]
