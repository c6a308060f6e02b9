import { connect, desc, schema, t } from '../../index.ts'
import type { Streamed } from './streaming-process.ts'

export interface Sorted extends Omit<Streamed, 'scanGrowth'> {
  /** Whether every file has its rows in order. */
  readonly inOrder: boolean
}

const trips = schema({ id: t.long().required(), city: t.string() })
/** So much that a few hundred thousand rows do not fit into the memory that a sort takes. */
const PADDING = 'x'.repeat(600)

/** Appends `count` rows in no order to a table with a sort order; run in a process of its own with --expose-gc. */
export async function streamMany(folder: string, count: number): Promise<Sorted> {
  const lake = await connect(folder, { durability: 'os' })
  const warm = await lake.createTable('taxi.warm', { schema: trips, sortBy: [desc('id')] })
  await warm.append(rows(20_000, () => undefined))
  const table = await lake.createTable('taxi.trips', { schema: trips, sortBy: [desc('id')] })
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let highest = before
  const sample = () => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }
  const startedAt = performance.now()
  const after = await table.append(rows(count, sample))
  const seconds = (performance.now() - startedAt) / 1000
  sample()
  return {
    records: after.currentSnapshot!.summary!['total-records']!,
    appendGrowth: highest - before,
    seconds,
    inOrder: await isInOrder(after.scan({ select: ['id', '_file'] }).rows()),
  }
}

async function* rows(count: number, sample: () => void) {
  for (let i = 0; i < count; i++) {
    if (i % 10_000 === 0) sample()
    const id = (i * 7919) % count
    yield { id, city: `city ${id} ${PADDING}` }
  }
}

async function isInOrder(
  rows: AsyncIterable<{ readonly id: bigint; readonly _file: string }>,
): Promise<boolean> {
  let before: { readonly id: bigint; readonly _file: string } | undefined
  for await (const row of rows) {
    if (before?._file === row._file && before.id < row.id) return false
    before = row
  }
  return true
}
