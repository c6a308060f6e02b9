import { expect } from 'vitest'
import { connect, type Lake, MemoryStore, type Scan } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { type AnyCall, everyCall } from '../simulation/every-call.ts'

export interface NotedCall {
  readonly call: AnyCall
  readonly location: string
}

export interface MemoryLake {
  readonly lake: Lake
  /** Without notes. */
  readonly store: MemoryStore
  readonly calls: NotedCall[]
  readonly environment: ReturnType<typeof testEnvironment>
}

/** A lake in memory that notes every call to its store. */
export async function memoryLake(): Promise<MemoryLake> {
  const store = new MemoryStore()
  const calls: NotedCall[] = []
  const noting: ObjectStore = everyCall(store, async (call, locations, apply) => {
    for (const location of locations) calls.push({ call, location })
    return apply()
  })
  const environment = testEnvironment()
  return {
    lake: await connect('memory://lake/wh', { store: noting, environment }),
    store,
    calls,
    environment,
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export function rowsOf<R>(scan: Scan<R>): Promise<R[]> {
  return collect(scan.rows())
}

export async function locationsIn(store: ObjectStore): Promise<string[]> {
  return (await collect(store.list('memory://'))).map(({ location }) => location)
}

export const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
