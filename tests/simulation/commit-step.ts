/** Commits that are made again until they are there, refused or given up, and whether that was the truth. */
import { expect } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import type { Table } from '../../index.ts'
import { COMMIT_ID } from '../../snapshot/commit-id.ts'

const MAX_REPEATS = 3

/** What who commits was told, by commit ids. Of what is in none of these, nobody knows. */
export interface Told {
  readonly acknowledged: Set<string>
  readonly failed: Set<string>
  /** Of the failed, those that were told that columns which they go by have changed. */
  readonly refused: Set<string>
}

export function newTold(): Told {
  return { acknowledged: new Set(), failed: new Set(), refused: new Set() }
}

/** A commit by an id. */
export interface CommitStep {
  readonly id: string
  make(table: Table): Promise<Table>
}

/** The version to go on from; undefined where the newest has to be looked for. */
export async function commitStep(table: Table, step: CommitStep, told: Told): Promise<Table | undefined> {
  for (let call = 0; ; call++) {
    try {
      const next = await step.make(table)
      told.acknowledged.add(step.id)
      return next
    } catch (error) {
      if (!isMoraineError(error)) throw error
      const isRefused = isMoraineError(error, 'COMMIT_CONFLICT') && !error.retryable
      if (isRefused) expect(error.cleanable).toBe(true)
      // An earlier call of this commit may have been the one that lands.
      if (error.cleanable && call === 0) told.failed.add(step.id)
      if (isRefused && call === 0) told.refused.add(step.id)
      if (isRefused) return undefined
      if (call === MAX_REPEATS || (call === 0 && error.cleanable)) return table
    }
  }
}

/** The ids of the table's commits, in their order: each once, all that were acknowledged, and none that failed. */
export function commitsOf(table: Table, told: Told): readonly string[] {
  const ids = table.snapshots.map(({ summary }) => summary[COMMIT_ID]!)
  const made = new Set(ids)
  expect(made.size, 'commits that are there once').toBe(ids.length)
  for (const id of told.acknowledged) expect(made.has(id), `acknowledged ${id}`).toBe(true)
  for (const id of told.failed) expect(made.has(id), `failed ${id}`).toBe(false)
  return ids
}
