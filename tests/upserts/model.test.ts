import { describe, test } from 'vitest'
import { UpsertHistory } from './upsert-history.ts'

const histories = Number(process.env['MORAINE_HISTORIES'] ?? 6)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)

describe('upserts and deletes', () => {
  for (const version of [1, 2, 3] as const) {
    test(`leave what a model says after ${histories} histories of version ${version}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
        try {
          await new UpsertHistory(seed, version).run()
        } catch (error) {
          throw new Error(`seed ${seed} (MORAINE_SEED=${seed} MORAINE_HISTORIES=1)`, { cause: error })
        }
      }
    })
  }
})
