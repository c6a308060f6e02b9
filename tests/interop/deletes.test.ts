/** Tables with deletes of every kind, made at random, read as Spark (Iceberg Java) reads them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FileStore } from '../../storage/file-store.ts'
import { History } from '../deletes/history.ts'
import { difference, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'

const histories = Number(process.env['MORAINE_HISTORIES'] ?? 6)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)

let folder: string
let spark: Judge

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-deletes-'))
  spark = await startJudge('spark', folder)
})

afterAll(async () => {
  if (!enginesInstalled) return
  await spark.close()
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('deletes of every kind', () => {
  for (const formatVersion of [2, 3] as const) {
    test(`delete what Spark says in ${histories} histories of version ${formatVersion}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
        const warehouse = join(folder, `v${formatVersion}-${seed}`)
        // Java takes the key of a null struct for another than a null in a struct; see `spec/sections.md`.
        const history = new History(seed, formatVersion, { nullMembers: false })
        await history.run({ store: new FileStore({ root: warehouse }), warehouse: `file://${warehouse}` })
        const table = await history.load()
        const verdict = await spark.read(placeOf(table))
        if ('error' in verdict) throw new Error(`seed ${seed}: ${verdict.error}`)
        expect(difference(await linesOf(table.scan()), verdict.lines), `seed ${seed}`).toEqual(sameRows)
      }
    })
  }
})
