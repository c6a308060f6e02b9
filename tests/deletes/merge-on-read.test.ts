/**
 * Merge-on-read against a model that knows nothing of how scans work: random histories of appends and deletes of every
 * kind, read at every snapshot. MORAINE_HISTORIES says how many, MORAINE_SEED which is the first.
 */
import { describe, test } from 'vitest'
import { History } from './history.ts'

const histories = Number(process.env['MORAINE_HISTORIES'] ?? 8)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)

describe('merge-on-read', () => {
  for (const formatVersion of [2, 3] as const) {
    test(`reads what a model says of ${histories} histories of version ${formatVersion}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
        try {
          await new History(seed, formatVersion).run()
        } catch (error) {
          throw new Error(`seed ${seed} (MORAINE_SEED=${seed} MORAINE_HISTORIES=1)`, { cause: error })
        }
      }
    })
  }
})
