/** A lake in a folder of its own, and Spark beside it, for all tests of a file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { connect, type Lake } from '../../index.ts'
import { enginesInstalled, type Judge, startJudge } from './judge.ts'
import { printMatrix } from './matrix.ts'

export interface SparkLake {
  /** The lake's, and what else a test puts beside it. */
  readonly folder: string
  readonly warehouse: string
  readonly lake: Lake
  readonly spark: Judge
}

/** Makes them before the file's tests, where the engines are installed, and ends them after. */
export function withSparkLake(name: string, use: (made: SparkLake) => void): void {
  let made: SparkLake | undefined
  beforeAll(async () => {
    if (!enginesInstalled) return
    const folder = await mkdtemp(join(tmpdir(), `moraine-${name}-`))
    const warehouse = join(folder, 'lake')
    const lake = await connect(warehouse, { durability: 'os' })
    made = { folder, warehouse, lake, spark: await startJudge('spark', folder) }
    use(made)
  })
  afterAll(async () => {
    if (made === undefined) return
    printMatrix()
    await made.spark.close()
    await rm(made.folder, { recursive: true })
  })
}
