/** Another engine that reads our tables: a Python process that answers line by line. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export type Engine = 'pyiceberg' | 'duckdb' | 'spark'

export interface JudgedTable {
  /** Paths on this machine, not URIs. */
  readonly metadata: string
  readonly location: string
}

/** The engine's rows as canonical lines, or what it said when it could not read. */
export type Verdict = { readonly lines: readonly string[] } | { readonly error: string }

export interface Judge {
  read(table: JudgedTable): Promise<Verdict>
  /** Runs SQL in Spark, with `warehouse` as the catalog `lake`. Throws with the engine's message. */
  sql(warehouse: string, statements: readonly string[]): Promise<void>
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')
const python = join(root, '.tools/venv/bin/python')

/** The engines are installed by `.ci/run`; without them the interop suites cannot run. */
export const enginesInstalled = existsSync(python)

export async function startJudge(engine: Engine, scratch: string): Promise<Judge> {
  const child = spawn(python, [join(import.meta.dirname, 'judges/judge.py'), engine], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...(engine === 'spark' ? sparkEnvironment() : {}) },
  })
  let noise = ''
  child.stderr.on('data', (chunk: Buffer) => {
    noise = (noise + chunk.toString()).slice(-4000)
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<Record<string, unknown>> => {
    const next = await lines.next()
    if (next.done) throw new Error(`${engine} ended: ${noise}`)
    return JSON.parse(next.value) as Record<string, unknown>
  }
  const ask = async (request: unknown) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return answer()
  }
  await answer()
  let count = 0
  return {
    async read(table) {
      const out = join(scratch, `${engine}-${count++}.jsonl`)
      const reply = await ask({ op: 'read', ...table, out })
      if (typeof reply['error'] === 'string') return { error: reply['error'] }
      const text = await readFile(out, 'utf8')
      return { lines: text === '' ? [] : text.trimEnd().split('\n') }
    },
    async sql(warehouse, statements) {
      const reply = await ask({ op: 'sql', warehouse, statements })
      if (typeof reply['error'] === 'string') throw new Error(reply['error'])
    },
    async close() {
      child.stdin.end()
      await new Promise((done) => child.once('exit', done))
    },
  }
}

function sparkEnvironment(): Record<string, string> {
  const jar = join(root, '.tools/jars/iceberg-spark-runtime-4.1_2.13-1.12.0.jar')
  return { PYSPARK_SUBMIT_ARGS: `--driver-class-path ${jar} pyspark-shell`, SPARK_LOCAL_IP: '127.0.0.1' }
}
