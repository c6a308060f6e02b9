import { connect, schema, t } from '../../index.ts'

export interface Streamed {
  readonly records: string
  /** Resident memory above that of a process that has appended and read a little. */
  readonly appendGrowth: number
  readonly scanGrowth: number
  readonly seconds: number
}

const trips = schema({ id: t.long().required(), city: t.string(), fare: t.double() })

/** Appends a generator of `count` rows and reads them again; run in a process of its own with --expose-gc. */
export async function streamMany(folder: string, count: number, parallelism: number): Promise<Streamed> {
  const lake = await connect(folder, { durability: 'os', parallelism })
  const warm = await lake.createTable('taxi.warm', { schema: trips })
  await drain((await warm.append(rows(20_000, () => undefined))).scan().batches(), () => undefined)
  const table = await lake.createTable('taxi.trips', { schema: trips })

  const startedAt = performance.now()
  const append = growth()
  const after = await table.append(rows(count, append.sample))
  const seconds = (performance.now() - startedAt) / 1000
  append.sample()
  const scan = growth()
  await drain(after.scan().batches(), scan.sample)
  return {
    records: after.currentSnapshot!.summary!['total-records']!,
    appendGrowth: append.peak(),
    scanGrowth: scan.peak(),
    seconds,
  }
}

async function* rows(count: number, sample: () => void) {
  for (let id = 0; id < count; id++) {
    if (id % 50_000 === 0) sample()
    yield { id, city: `city ${(id * 7919) % 100_003}`, fare: Math.sin(id) }
  }
}

async function drain(batches: AsyncIterable<unknown>, sample: () => void): Promise<void> {
  for await (const _ of batches) sample()
}

function growth() {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let highest = before
  return {
    sample: () => {
      highest = Math.max(highest, process.memoryUsage.rss())
    },
    peak: () => highest - before,
  }
}
