import { parentPort, workerData } from 'node:worker_threads'
import type { JobMessage, Parcel, Reply } from './messages.ts'

export interface JobResult extends Parcel {
  /** Asks for this worker to be replaced: it holds memory that it cannot give back. */
  readonly retire?: boolean
}

export type Jobs = Readonly<Record<string, (input: never) => JobResult | Promise<JobResult>>>

/**
 * The worker's side of a `WorkerPool`: does the jobs that are asked for, by name. What a job throws goes back as
 * `errorToMessage` puts it. Call it once, at the top of the worker's module; `workerData` is the pool's.
 */
export function serveJobs(
  jobsOf: (workerData: unknown) => Jobs,
  errorToMessage: (error: unknown) => unknown,
): void {
  const port = parentPort
  if (port === null) throw new Error('serveJobs is for the module of a worker')
  const jobs = jobsOf(workerData)
  port.on('message', async ({ id, job, input }: JobMessage) => {
    try {
      const result = await jobs[job]!(input as never)
      const reply: Reply = { id, output: result.value, retire: result.retire ?? false }
      port.postMessage(reply, result.transfer ?? [])
    } catch (error) {
      const reply: Reply = { id, error: errorToMessage(error) }
      port.postMessage(reply)
    }
  })
}
