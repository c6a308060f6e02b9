import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { Job } from '../job.ts'

export interface Cli {
  readonly args: readonly string[]
}

/** Starts the command line anew each time; CPU time is that of the started process, which is not told. */
export async function prepare({ args }: Cli): Promise<Job> {
  const main = resolve(import.meta.dirname, '../../cli/main.js')
  return {
    async run() {
      const started = performance.now()
      await exited(spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }))
      return { count: 1, ms: performance.now() - started, cpuMs: Number.NaN }
    },
  }
}

function exited(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))))
  })
}
