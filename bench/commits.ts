/** Many commits in a row to one table, none of which expires: what each of them takes as history grows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Lake, schema, type Table, t } from '../index.ts'
import type { BenchSeries, SeriesTable } from './case.ts'
import { S3_SERVER, startS3Server } from './peers/s3-server.ts'
import { quantile } from './quantile.ts'

export const commits: BenchSeries = {
  name: 'commits',
  about: 'appends of one row in a row without expiry: time, requests, manifests and metadata of each hundred',
  async run({ commits: count }) {
    const folder = await mkdtemp(join(tmpdir(), 'moraine-commits-'))
    try {
      const tables = [
        await commitSeries('a folder, without fsync', await connect(folder, { durability: 'os' }), count),
      ]
      const server = await startS3Server()
      if (server === undefined) return tables
      try {
        const lake = await connect(`${server.bucket}/wh`, { properties: server.properties })
        return [...tables, await commitSeries(`S3 on ${S3_SERVER}`, lake, count)]
      } finally {
        await server.stop()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const STEP = 100

interface Step {
  readonly ms: readonly number[]
  /** Per commit. */
  readonly userMs: number
  readonly requests: number
  readonly mostRequests: number
  readonly manifests: number
  readonly metadataBytes: number
}

async function commitSeries(title: string, lake: Lake, count: number): Promise<SeriesTable> {
  const declared = { schema: schema({ id: t.long().required(), name: t.string() }) }
  // What a process does for the first time is not part of the curve.
  await commitStep(lake, await lake.createTable('bench.warm', declared), 0)
  let table = (await lake.createTable('bench.commits', declared)) as AnyTable
  const steps: Step[] = []
  for (let from = 0; from < count; from += STEP) {
    const step = await commitStep(lake, table as never, from)
    table = step.table
    steps.push(step)
  }
  await lake.close()
  const [first, last] = [steps[0]!, steps.at(-1)!]
  const grown = last.metadataBytes - first.metadataBytes
  return {
    title,
    header: [
      'commits',
      'median ms',
      'p90 ms',
      'user CPU ms',
      'requests',
      'most',
      'manifests',
      'metadata bytes',
    ],
    rows: steps.map((step, i) => [
      `${(i + 1) * STEP}`,
      quantile(step.ms, 0.5).toFixed(1),
      quantile(step.ms, 0.9).toFixed(1),
      step.userMs.toFixed(1),
      step.requests.toFixed(2),
      `${step.mostRequests}`,
      `${step.manifests}`,
      `${step.metadataBytes}`,
    ]),
    notes: [
      `last ${STEP} to first ${STEP}: ${(quantile(last.ms, 0.5) / quantile(first.ms, 0.5)).toFixed(2)} in median time, ` +
        `${(last.userMs / first.userMs).toFixed(2)} in user CPU`,
      `metadata grows by ${(grown / (count - STEP)).toFixed(0)} bytes a snapshot`,
    ],
  }
}

type AnyTable = Table<Record<string, unknown>, Record<string, unknown>>

async function commitStep(
  lake: Lake,
  start: unknown,
  from: number,
): Promise<Step & { readonly table: AnyTable }> {
  let table = start as AnyTable
  const ms: number[] = []
  const before = requestsOf(lake)
  let mostRequests = 0
  const cpu = process.cpuUsage()
  for (let i = 0; i < STEP; i++) {
    const [started, asked] = [performance.now(), requestsOf(lake)]
    table = await table.append([{ id: from + i, name: `row ${from + i}` }])
    ms.push(performance.now() - started)
    mostRequests = Math.max(mostRequests, requestsOf(lake) - asked)
  }
  const userMs = process.cpuUsage(cpu).user / 1000 / STEP
  const requests = (requestsOf(lake) - before) / STEP
  const manifests = (await table.inspect.manifests()).length
  return {
    table,
    ms,
    userMs,
    requests,
    mostRequests,
    manifests,
    metadataBytes: await metadataBytes(lake, table),
  }
}

function requestsOf({ counters: { gets, puts, heads, lists, deletes } }: Lake): number {
  return gets + puts + heads + lists + deletes
}

/** A version is read whole to load it. */
async function metadataBytes(lake: Lake, { identifier }: AnyTable): Promise<number> {
  const before = lake.counters.bytesRead
  await lake.loadTable([...identifier.namespace, identifier.name])
  return lake.counters.bytesRead - before
}
