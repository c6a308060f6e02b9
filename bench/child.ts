import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Contender, Measured } from './case.ts'

/** A contender's process. */
export interface Child {
  /** One repetition, by its number. Throws with what the process said when it fails. */
  run(repetition: number): Promise<Measured>
  /** Ends the process. Resolves to the most memory that it ever held, in bytes. */
  stop(): Promise<number>
}

/** Starts a contender and waits until it is prepared. */
export async function startChild(contender: Contender): Promise<Child> {
  const [program, ...args] = contender.command
  const process = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment() })
  const errors: string[] = []
  process.stderr!.on('data', (text) => errors.push(String(text)))
  const answers = createInterface({ input: process.stdout! })[Symbol.asyncIterator]()
  const answer = async (): Promise<object> => {
    const { value, done } = await answers.next()
    if (!done) return JSON.parse(value)
    throw new Error(`${contender.label} ended early:\n${errors.join('').trimEnd()}`)
  }
  const exited = new Promise<void>((resolve) => process.once('close', () => resolve()))
  await answer()
  return {
    async run(repetition) {
      process.stdin!.write(`${repetition}\n`)
      return (await answer()) as Measured
    },
    async stop() {
      const peak = peakMemory(process)
      process.stdin!.end()
      await exited
      return peak
    },
  }
}

/** numpy of some builds is slow with settings that a machine may have for others. */
function environment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...rest } = process.env
  return rest
}

/**
 * The high-water mark of the process itself: `ru_maxrss` would begin with that of the process that started it.
 * 0 where there is no /proc.
 */
function peakMemory({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
