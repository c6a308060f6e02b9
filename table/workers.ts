import { availableParallelism } from 'node:os'
import { invalidArgument, MoraineError, type SerializedError } from '../format/errors.ts'
import type { EncodedRowGroup } from '../format/parquet/codec.ts'
import { describeValue } from '../format/values/mismatch.ts'
import type { Job, PoolErrors, WorkerPool } from '../threads/worker-pool.ts'
import type { EncodingWorkers } from '../writers/row-group-encoder.ts'
import type { EncodeJob, WorkerStart } from './worker.ts'

/** Threads beside the calling one, for what takes long; none starts before the first job. */
export interface Workers {
  /** Threads at most, one or more. */
  readonly parallelism: number
  /** Whether a thread has been asked for. */
  readonly started: boolean
  /** Does a job of `worker.ts`. */
  run<O>(job: Job): Promise<O>
  /** Ends the threads; jobs that wait or run are rejected. */
  close(): Promise<void>
}

const MOST_BY_DEFAULT = 4

/** A thread for each core, as long as there are few: each takes memory of its own. */
export function defaultParallelism(): number {
  return Math.min(MOST_BY_DEFAULT, availableParallelism())
}

/** Undefined when `parallelism` is 0: all work is done in the calling thread. */
export function workersOf(parallelism: number = defaultParallelism()): Workers | undefined {
  if (!Number.isSafeInteger(parallelism) || parallelism < 0 || parallelism > MOST_THREADS) {
    throw invalidArgument(
      `parallelism: expected 0 to ${MOST_THREADS} threads, found ${describeValue(parallelism)}`,
    )
  }
  if (parallelism === 0) return undefined
  let pool: Promise<WorkerPool> | undefined
  let closed = false
  return {
    parallelism,
    get started() {
      return pool !== undefined
    },
    async run<O>(job: Job) {
      if (closed) throw errors.closed()
      pool ??= startPool(parallelism)
      return (await pool).run<O>(job)
    },
    async close() {
      closed = true
      await (await pool)?.close()
    },
  }
}

const MOST_THREADS = 64

const shared = new Map<number, Workers | undefined>()

/** One pool of a size for the process, for what nobody closes. */
export function sharedWorkers(parallelism: number = defaultParallelism()): Workers | undefined {
  if (!shared.has(parallelism)) shared.set(parallelism, workersOf(parallelism))
  return shared.get(parallelism)
}

export function encodingWorkers(workers: Workers): EncodingWorkers {
  return {
    parallelism: workers.parallelism,
    get started() {
      return workers.started
    },
    encode: (rows, options, signal) =>
      workers.run<EncodedRowGroup>({
        name: 'encode',
        input: () => {
          const value: EncodeJob = { rows: rows(), options }
          return { value, transfer: [value.rows.bytes.buffer as ArrayBuffer] }
        },
        signal,
      }),
  }
}

/** Beside this module. The sources, which only tests run, start what was built of them: Node 20 runs no TypeScript. */
const WORKER = import.meta.url.endsWith('.ts') ? '../dist/table/worker.js' : './worker.js'

async function startPool(size: number): Promise<WorkerPool> {
  const [{ WorkerPool }, { compileParquetWasm }] = await Promise.all([
    import('../threads/worker-pool.ts'),
    import('../format/parquet/wasm-module.ts'),
  ])
  const workerData: WorkerStart = { parquetWasm: await compileParquetWasm() }
  return new WorkerPool({ url: new URL(WORKER, import.meta.url), size, workerData, errors })
}

const WITHOUT_THREADS =
  'with { parallelism: 0 } as an option of connect, all work is done in the calling thread'

const errors: PoolErrors = {
  fromMessage: (message) => MoraineError.fromJSON(message as SerializedError),
  ended: (cause) => new MoraineError('UNAVAILABLE', `${cause.message}; ${WITHOUT_THREADS}`, { cause }),
  aborted: (signal) =>
    new MoraineError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason }),
  closed: () => invalidArgument('the lake is closed: connect again'),
}
