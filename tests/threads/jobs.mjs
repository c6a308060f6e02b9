// A worker's module, on the built pool: Node 20 runs no TypeScript.
import { threadId, workerData } from 'node:worker_threads'
import { serveJobs } from '../../dist/threads/serve-jobs.js'

const jobs = {
  double: (value) => ({ value: value * 2 }),
  thread: () => ({ value: threadId }),
  data: () => ({ value: workerData }),
  wait: async ({ ms, value }) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return { value }
  },
  /** Fills the bytes and hands them back. */
  fill: (bytes) => ({ value: bytes.fill(7), transfer: [bytes.buffer] }),
  fail: (code) => {
    throw Object.assign(new Error('the job failed'), { code })
  },
  crash: () => {
    setTimeout(() => {
      throw new Error('thrown by nobody')
    })
    return new Promise(() => {})
  },
  forever: () => {
    for (;;);
  },
  exit: () => process.exit(3),
  exhaust: () => {
    const held = []
    for (;;) held.push(new Array(100_000).fill(held.length))
  },
  retire: () => ({ value: threadId, retire: true }),
}

serveJobs(
  () => jobs,
  (error) => ({ code: error.code, message: error.message }),
)
