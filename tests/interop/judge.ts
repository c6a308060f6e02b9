/** Another engine that reads our tables: a Python process that answers line by line. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Schema, schemaToJson, stringifyJson, type Table } from '../../index.ts'

export type Engine = 'pyiceberg' | 'duckdb' | 'spark'
/** pyarrow knows no tables; it reads files. */
export type Reader = Engine | 'pyarrow'

export interface JudgedTable {
  /** Paths on this machine, not URIs. */
  readonly metadata: string
  readonly location: string
}

export function placeOf(table: Pick<Table, 'location' | 'metadataLocation'>): JudgedTable {
  const path = (location: string) => location.replace(/^file:\/\//, '')
  return { metadata: path(table.metadataLocation), location: path(table.location) }
}

export interface ReadRequest extends JudgedTable {
  /** The table is in S3, reached by these properties; `metadata` and `location` are URIs then. */
  readonly s3?: Readonly<Record<string, string>>
  /** With `s3`: a copy of the metadata file on this machine. */
  readonly schema?: string
  /** In the engine's own syntax. */
  readonly where?: string
  /** A branch or tag, with the id of its snapshot. */
  readonly ref?: string
  readonly snapshot?: string
  /** Spark: row by row instead of in vectors. */
  readonly plain?: boolean
  /** Spark: another of its tables, whose rows are read as rows of this one. */
  readonly source?: string
}

/** The engine's rows as canonical lines, or what it said when it could not read. */
export type Verdict =
  | {
      readonly lines: readonly string[]
      /** PyIceberg: how many data files it planned to read. */
      readonly files?: number
    }
  | { readonly error: string }

export interface Judge<R extends Reader = Engine> {
  readonly engine: R
  read(request: ReadRequest): Promise<Verdict>
  /**
   * pyarrow and DuckDB: reads a Parquet file, and pyarrow a stream of Arrow batches (`.arrows`). The lines have the
   * columns of `schema`, found by their names.
   */
  readFile(file: string, schema: Schema): Promise<Verdict>
  /**
   * Runs SQL in Spark, with `warehouse` as the catalog `lake`; one process serves one warehouse. Throws with the
   * engine's message.
   */
  sql(warehouse: string, ...statements: string[]): Promise<void>
  /** PyIceberg writes a partitioned table of `rows` rows into S3. Resolves to the location of its metadata. */
  write(s3: Readonly<Record<string, string>>, warehouse: string, rows: number): Promise<string>
  /** Rows of a Spark query, every value as Python's text of it. */
  query(warehouse: string, query: string): Promise<(string | null)[][]>
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')
const python = join(root, '.tools/venv/bin/python')

const ICEBERG_JAR = join(root, '.tools/jars/iceberg-spark-runtime-4.1_2.13-1.12.0.jar')
/** S3 for Iceberg Java; only Spark on S3 needs it. */
const S3_JAR = join(root, '.tools/jars-s3/iceberg-aws-bundle-1.12.0.jar')

/** Whether Spark can read from S3. */
export const sparkReadsS3 = existsSync(S3_JAR)

/** The engines are installed by `.ci/run`; without them the interop suites cannot run. */
export const enginesInstalled = existsSync(python)

export async function startJudge<R extends Reader>(engine: R, scratch: string): Promise<Judge<R>> {
  let process = await startProcess(engine)
  let count = 0
  const ask = async (request: unknown): Promise<Reply> => {
    const reply = await process.ask(request)
    // An engine that a table kills is started anew for the next one.
    if (process.ended()) process = await startProcess(engine)
    return reply
  }
  const askOrThrow = async (request: unknown): Promise<Reply> => {
    const reply = await ask(request)
    if (reply.error !== undefined) throw new Error(reply.error)
    return reply
  }
  const askForLines = async (request: object): Promise<Verdict> => {
    const out = join(scratch, `${engine}-${count++}.jsonl`)
    const { error, files } = await ask({ op: 'read', ...request, out })
    if (error !== undefined) return { error }
    const text = await readFile(out, 'utf8')
    await rm(out)
    const lines = text === '' ? [] : text.trimEnd().split('\n')
    return { lines, ...(files === undefined ? {} : { files }) }
  }
  return {
    engine,
    read: askForLines,
    async readFile(file, schema) {
      const metadata = join(scratch, `${engine}-schema.json`)
      await writeFile(metadata, stringifyJson({ schema: schemaToJson(schema) }))
      return askForLines({ file, metadata })
    },
    async sql(warehouse, ...statements) {
      await askOrThrow({ op: 'sql', warehouse, statements })
    },
    async query(warehouse, query) {
      return (await askOrThrow({ op: 'query', warehouse, query })).rows as (string | null)[][]
    },
    async write(s3, warehouse, rows) {
      return (await askOrThrow({ op: 'write', s3, warehouse, rows })).metadata as string
    },
    close: () => process.close(),
  }
}

interface Reply {
  readonly metadata?: string
  readonly error?: string
  readonly files?: number
  readonly rows?: unknown
}

async function startProcess(engine: Reader) {
  const child = spawn(python, [join(import.meta.dirname, 'judges/judge.py'), engine], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...(engine === 'spark' ? sparkEnvironment() : {}) },
  })
  let noise = ''
  child.stderr.on('data', (chunk: Buffer) => {
    noise = (noise + chunk.toString()).slice(-4000)
  })
  const exited = new Promise<void>((done) => child.once('close', () => done()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<Reply | undefined> => {
    const next = await lines.next()
    if (!next.done) return JSON.parse(next.value) as Reply
    await exited
    return undefined
  }
  if ((await answer()) === undefined) throw new Error(`${engine} does not start: ${noise}`)
  let ended = false
  return {
    ended: () => ended,
    async ask(request: unknown): Promise<Reply> {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const reply = await answer()
      ended = reply === undefined
      return reply ?? { error: `the engine died: ${noise}` }
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}

function sparkEnvironment(): Record<string, string> {
  const jars = [ICEBERG_JAR, S3_JAR].filter((jar) => existsSync(jar)).join(':')
  return { PYSPARK_SUBMIT_ARGS: `--driver-class-path ${jars} pyspark-shell`, SPARK_LOCAL_IP: '127.0.0.1' }
}
