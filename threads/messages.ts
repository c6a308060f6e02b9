/** What a pool and its workers say to each other. */
import type { MessagePort } from 'node:worker_threads'

/** One job for a worker, which does one at a time. */
export interface JobMessage {
  readonly id: number
  /** The job's name among those that the worker serves. */
  readonly job: string
  readonly input: unknown
}

export type Reply =
  | { readonly id: number; readonly output: unknown; readonly retire: boolean }
  | { readonly id: number; readonly error: unknown }

/** A value on its way to another thread; what is in `transfer` is gone from this one. */
export interface Parcel {
  readonly value: unknown
  readonly transfer?: readonly (ArrayBuffer | MessagePort)[]
}
