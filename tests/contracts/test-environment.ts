import type { Environment } from '../../format/environment.ts'

export interface TestEnvironment extends Environment {
  readonly warnings: string[]
  /** Milliseconds slept in all; no real time passes. */
  sleptMs: number
}

/** Everything from a seed: a clock that ticks 1 ms a reading, ids in sequence, no real waiting. */
export function testEnvironment(seed = 1): TestEnvironment {
  let time = 1_800_000_000_000
  let state = seed >>> 0
  const next = () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('')
  const environment: TestEnvironment = {
    warnings: [],
    sleptMs: 0,
    now: () => ++time,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    snapshotId: () => BigInt(`0x${hex(15)}`) + 1n,
    random: next,
    sleep: async (ms) => {
      environment.sleptMs += ms
      time += ms
    },
    warn: (message) => void environment.warnings.push(message),
  }
  return environment
}
