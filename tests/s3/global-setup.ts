import type { TestProject } from 'vitest/node'
import { startS3Server } from './s3-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    s3: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

/** One server for the run; each test makes buckets of its own (`newBucket`). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...s3 } = await startS3Server()
  project.provide('s3', s3)
  return stop
}
