import type { ResourceLimits } from 'node:worker_threads'
import type { Parcel } from './messages.ts'
import { PoolWorker } from './pool-worker.ts'

export interface WorkerPoolOptions {
  /** The module that every worker runs; it calls `serveJobs`. */
  readonly url: URL
  /** Workers at most; each starts with the first job that finds all others busy. */
  readonly size: number
  /** Cloned into every worker as it starts. */
  readonly workerData?: unknown
  readonly errors: PoolErrors
  /** Limits on the JavaScript heap of each worker. Default: Node's. */
  readonly resourceLimits?: ResourceLimits
}

/** The errors of the pool's owner: a pool knows none of its own. */
export interface PoolErrors {
  /** What a job threw, from the form that its worker gave it. */
  readonly fromMessage: (message: unknown) => Error
  /** For a job whose worker ended before it answered. */
  readonly ended: (cause: Error) => Error
  readonly aborted: (signal: AbortSignal) => Error
  readonly closed: () => Error
}

export interface Job {
  readonly name: string
  /** The job's input, asked for when a worker takes the job: what waits in the queue has been packed by nobody. */
  readonly input: () => Parcel
  /** Takes the job out of the queue; of a job that runs, the outcome is dropped. */
  readonly signal?: AbortSignal | undefined
  /** Ends the thread that runs the job, whatever it is at; the job fails as when its worker had ended by itself. */
  readonly stop?: AbortSignal | undefined
}

interface QueuedJob extends Job {
  readonly resolve: (output: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * Threads that do jobs, kept from one job to the next.
 *
 * Jobs begin in the order in which they came. A worker that ends fails the job that it had, and no other: the next job
 * starts a new one. Workers with nothing to do keep no process alive.
 */
export class WorkerPool {
  readonly size: number
  readonly #options: WorkerPoolOptions
  readonly #idle: PoolWorker[] = []
  readonly #busy = new Set<PoolWorker>()
  readonly #queue: QueuedJob[] = []
  #closed = false

  constructor(options: WorkerPoolOptions) {
    this.size = options.size
    this.#options = options
  }

  /** Resolves to the output of the job. Who asks for many jobs bounds them, as `mapJobs` does. */
  run<O>({ name, input, signal, stop }: Job): Promise<O> {
    const { errors } = this.#options
    if (this.#closed) return Promise.reject(errors.closed())
    if (signal?.aborted) return Promise.reject(errors.aborted(signal))
    return new Promise<O>((resolve, reject) => {
      const onAbort = () => {
        const at = this.#queue.indexOf(queued)
        if (at !== -1) this.#queue.splice(at, 1)
        reject(errors.aborted(signal!))
      }
      const settled = () => signal?.removeEventListener('abort', onAbort)
      const queued: QueuedJob = {
        name,
        input,
        stop,
        resolve: (output) => {
          settled()
          resolve(output)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#queue.push(queued)
      this.#startNext()
    })
  }

  /** Ends all workers; jobs that wait or run are rejected. */
  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#queue.splice(0)) job.reject(this.#options.errors.closed())
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((worker) => worker.terminate()))
  }

  #startNext(): void {
    while (this.#queue.length > 0) {
      const worker = this.#takeWorker()
      if (worker === undefined) return
      void this.#work(worker, this.#queue.shift()!)
    }
  }

  #takeWorker(): PoolWorker | undefined {
    for (let worker = this.#idle.pop(); worker !== undefined; worker = this.#idle.pop()) {
      if (!worker.ended) return worker
    }
    const { url, workerData, resourceLimits } = this.#options
    return this.#busy.size < this.size ? new PoolWorker({ url, workerData, resourceLimits }) : undefined
  }

  async #work(worker: PoolWorker, job: QueuedJob): Promise<void> {
    const { errors } = this.#options
    this.#busy.add(worker)
    let retire = false
    const onStop = () => void worker.terminate()
    job.stop?.addEventListener('abort', onStop, { once: true })
    try {
      const reply = await worker.run(job.name, job.input())
      if ('error' in reply) {
        job.reject(errors.fromMessage(reply.error))
      } else {
        retire = reply.retire
        job.resolve(reply.output as never)
      }
    } catch (error) {
      job.reject(worker.ended ? (this.#closed ? errors.closed() : errors.ended(error as Error)) : error)
    }
    job.stop?.removeEventListener('abort', onStop)
    this.#busy.delete(worker)
    if (retire) void worker.terminate()
    else if (!worker.ended) this.#idle.push(worker)
    this.#startNext()
  }
}
