/**
 * Seed and number of runs of a property, as fast-check takes them. `MORAINE_RUNS` multiplies the number, and
 * `MORAINE_SEED` takes the place of the seed: a failure prints the one to replay it with.
 */
export function runs(seed: number, numRuns: number): { readonly seed: number; readonly numRuns: number } {
  const { MORAINE_SEED: ownSeed, MORAINE_RUNS: factor } = process.env
  return {
    seed: ownSeed === undefined ? seed : Number(ownSeed),
    numRuns: numRuns * (factor === undefined ? 1 : Number(factor)),
  }
}
