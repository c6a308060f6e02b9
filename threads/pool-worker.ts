import { type ResourceLimits, Worker } from 'node:worker_threads'
import type { JobMessage, Parcel, Reply } from './messages.ts'

export interface PoolWorkerOptions {
  readonly url: URL
  readonly workerData: unknown
  readonly resourceLimits?: ResourceLimits | undefined
}

/** The worker ended before it answered: it crashed, ran out of memory, was stopped, or could not be loaded. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded'
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** One worker, which does one job at a time. While it has none it keeps no process alive. */
export class PoolWorker {
  readonly #worker: Worker
  #waiting: Waiting | undefined
  #jobId = 0
  #ended: WorkerEnded | undefined

  constructor({ url, workerData, resourceLimits }: PoolWorkerOptions) {
    // Flags that the program was started with, such as loaders or --input-type, are not for this module.
    this.#worker = new Worker(url, { workerData, execArgv: [], ...(resourceLimits && { resourceLimits }) })
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#settle(({ resolve }) => resolve(reply)))
    this.#worker.on('messageerror', (error) => this.#end(error))
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', (code) => this.#end(new Error(`it exited with code ${code}`)))
  }

  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** Rejects WorkerEnded when the worker ends first. Throws what posting throws: a value that cannot be cloned. */
  run(job: string, { value, transfer = [] }: Parcel): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended)
    const message: JobMessage = { id: ++this.#jobId, job, input: value }
    this.#worker.postMessage(message, transfer)
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  async terminate(): Promise<void> {
    this.#end(new Error('it was stopped'))
    await this.#worker.terminate()
  }

  #end(cause: Error): void {
    if (this.#ended) return
    const ended = new WorkerEnded(`a worker ended before its job did: ${cause.message}`, { cause })
    this.#ended = ended
    this.#settle(({ reject }) => reject(ended))
  }

  #settle(answer: (waiting: Waiting) => void): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#worker.unref()
    if (waiting) answer(waiting)
  }
}
