import type { Round } from './case.ts'
import type { Result } from './race.ts'

export interface RoundResults {
  readonly round: Pick<Round, 'title' | 'steady'>
  readonly results: readonly Pick<Result, 'label' | 'ms'>[]
}

/** How far the times of one contender are apart over rounds that differ in the size of the table alone. */
export interface Spread {
  readonly steady: string
  readonly label: string
  readonly rounds: number
  /** The largest median as a multiple of the least. */
  readonly ratio: number
}

/** Of each steady job, and each contender that took part in several of its rounds. */
export function spreads(all: readonly RoundResults[]): readonly Spread[] {
  const medians = new Map<string, Map<string, number[]>>()
  for (const { round, results } of all) {
    if (round.steady === undefined) continue
    const ofJob = medians.get(round.steady) ?? new Map<string, number[]>()
    medians.set(round.steady, ofJob)
    for (const { label, ms } of results) ofJob.set(label, [...(ofJob.get(label) ?? []), ms])
  }
  return [...medians].flatMap(([steady, ofJob]) =>
    [...ofJob]
      .filter(([, times]) => times.length > 1)
      .map(([label, times]) => ({
        steady,
        label,
        rounds: times.length,
        ratio: Math.max(...times) / Math.min(...times),
      })),
  )
}
