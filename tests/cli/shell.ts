/** Runs command lines in this process, as a shell would, each test in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { run } from '../../cli/run.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array | Readable
  readonly signal?: AbortSignal
}

/** Runs `moraine` with these arguments. */
export async function moraine(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const { stdin = '', signal = new AbortController().signal } = options
  const code = await run(args, {
    stdin: stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]),
    stdout: {
      write: async (text) => {
        stdout += text
      },
    },
    error: (text) => {
      stderr += text
    },
    progress: () => {},
    interruptible: (job) => job(signal),
  })
  return { code, stdout, stderr }
}

/** The standard output of a command line that must succeed. */
export async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await moraine(args)
  if (code !== 0) throw new Error(`moraine ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

/** An empty folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A file in a scratch folder; its path. */
export async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await scratchFolder(), name)
  await writeFile(path, content)
  return path
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
