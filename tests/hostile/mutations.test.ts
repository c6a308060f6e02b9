/**
 * Tables of which one file was mutated are read, or refused by an error that names the file, in bounded time and
 * memory. MORAINE_MUTATIONS says how many, MORAINE_SEED which is the first.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Attacks } from './attack.ts'

const mutations = Number(process.env['MORAINE_MUTATIONS'] ?? 300)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)
/** A process is given up after so many, as its memory grows with what runs in it. */
const CHUNK = 10_000
/** No case may take so long, whatever it does. */
const DEADLINE_MS = 20_000

test(`${mutations} mutations, from seed ${firstSeed}, are read or refused`, async () => {
  const outcomes: Record<string, number> = {}
  const findings: string[] = []
  let slowestMs = 0
  let mostGrowth = 0
  for (let first = firstSeed; first < firstSeed + mutations; ) {
    const count = Math.min(CHUNK, firstSeed + mutations - first)
    const { attacks, next } = await inProcess(first, count)
    first = next
    findings.push(...attacks.findings)
    slowestMs = Math.max(slowestMs, attacks.slowestMs)
    mostGrowth = Math.max(mostGrowth, attacks.mostGrowth)
    for (const [outcome, times] of Object.entries(attacks.outcomes)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + times
    }
  }
  if (process.env['MORAINE_MUTATIONS'] !== undefined) {
    console.info({
      outcomes,
      slowestMs: Math.round(slowestMs),
      mostGrowthMiB: Math.round(mostGrowth / 2 ** 20),
    })
  }
  expect(findings.slice(0, 20)).toEqual([])
  // Both kinds of outcome occur, or the mutations say nothing.
  expect(outcomes['read']).toBeGreaterThan(mutations / 50)
  expect(outcomes['INVALID_DATA']).toBeGreaterThan(mutations / 10)
}, 7_200_000)

/** One process from seed `first` on. It is ended when a case does not end, and the next begins behind that. */
async function inProcess(
  first: number,
  count: number,
): Promise<{ readonly attacks: Attacks; readonly next: number }> {
  const here = import.meta.dirname
  const child = fork(join(here, 'attack-process.mjs'), [
    join(here, 'attack.ts'),
    String(first),
    String(count),
  ])
  let seed = first
  let timer: NodeJS.Timeout | undefined
  const lost = (what: string) => ({
    attacks: { outcomes: {}, findings: [`seed ${seed}: ${what}`], slowestMs: 0, mostGrowth: 0 },
    next: seed + 1,
  })
  try {
    return await new Promise((resolve) => {
      const watch = () => {
        clearTimeout(timer)
        timer = setTimeout(() => resolve(lost(`did not end in ${DEADLINE_MS} ms`)), DEADLINE_MS)
      }
      watch()
      child.on('message', (message: { readonly seed?: number; readonly result?: Attacks }) => {
        watch()
        if (message.seed !== undefined) seed = message.seed
        if (message.result !== undefined) resolve({ attacks: message.result, next: first + count })
      })
      child.on('exit', (code) => resolve(lost(`the process ended with ${code}`)))
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}
