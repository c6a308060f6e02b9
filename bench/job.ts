import type { Measured } from './case.ts'

/** What a contender in Node does again and again. `run` times its own job, without what comes before and after. */
export interface Job {
  /** `repetition`: from 0, those of the contender's earlier processes and warm-ups counted. */
  run(repetition: number): Promise<Measured>
  close?(): Promise<void>
}

/** A module in `jobs/`. */
export interface JobModule<O> {
  prepare(options: O): Promise<Job>
}

/** Wall and CPU time of `body`, all threads counted. */
export async function timed(
  body: () => Promise<void>,
): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await body()
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpuMs: (user + system) / 1000 }
}
