import {
  type ConnectOptions,
  connect,
  type Lake,
  type Schema,
  type StoreCounters,
  type Table,
} from '../../index.ts'
import type { Measured } from '../case.ts'
import { timed } from '../job.ts'

export interface LakeOptions {
  readonly warehouse: string
  readonly connect?: ConnectOptions
}

export function openLake({ warehouse, connect: options }: LakeOptions): Promise<Lake> {
  return connect(warehouse, options)
}

/** Times `body` and what it asked of the lake's store; `body` returns what it counted. */
export async function measured(lake: Lake, body: () => Promise<number>): Promise<Measured> {
  const before = lake.counters
  let count = 0
  const time = await timed(async () => {
    count = await body()
  })
  return { count, ...time, ...spent(lake.counters, before) }
}

/** What a store was asked for, since `before` or since it was opened. */
export function spent(
  after: StoreCounters,
  before?: StoreCounters,
): Pick<Measured, 'bytesRead' | 'requests'> {
  const requests = ['gets', 'puts', 'heads', 'lists', 'deletes'] as const
  return {
    bytesRead: after.bytesRead - (before?.bytesRead ?? 0),
    requests: requests.reduce((sum, kind) => sum + after[kind] - (before?.[kind] ?? 0), 0),
  }
}

/** A new table for `body`, which is purged afterwards. */
export async function withNewTable<T>(
  lake: Lake,
  schema: Schema,
  body: (table: Table<Record<string, unknown>>) => Promise<T>,
): Promise<T> {
  const name = `bench.t${crypto.randomUUID().replaceAll('-', '')}`
  try {
    return await body(await lake.createTable(name, { schema }))
  } finally {
    await lake.dropTable(name, { purge: true })
  }
}
