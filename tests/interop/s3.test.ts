/** Tables in a bucket: ours read by PyIceberg, DuckDB and Spark, and PyIceberg's read by us. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Lake, openTable, S3Store, type Table } from '../../index.ts'
import { type Bucket, newBucket } from '../s3/bucket.ts'
import { type S3Server, startS3Server } from '../s3/s3-server.ts'
import { canonicalRow, difference, linesOf, nullsAsEmpty, sameRows } from './canonical.ts'
import {
  type Engine,
  enginesInstalled,
  type Judge,
  type ReadRequest,
  sparkReadsS3,
  startJudge,
} from './judge.ts'
import { agreed, printMatrix, refused } from './matrix.ts'
import { type Subject, subjects } from './subjects.ts'

const engines: readonly Engine[] = ['pyiceberg', 'duckdb', ...(sparkReadsS3 ? (['spark'] as const) : [])]
let folder: string
let server: S3Server
let bucket: Bucket
let lake: Lake
let judges: readonly Judge[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-interop-s3-'))
  server = await startS3Server()
  bucket = await newBucket(server)
  lake = await connect(`${bucket.location}/lake`, { properties: bucket.properties })
  judges = await Promise.all(engines.map((engine) => startJudge(engine, folder)))
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await Promise.all(judges.map((judge) => judge.close()))
  await lake.close()
  await server.stop()
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('tables in a bucket', () => {
  test.each(subjects.map((subject) => [subject.name, subject] as const))(
    'of ours, such as %s, read the same everywhere',
    async (_, subject) => {
      const table = await write(subject)
      const rows = subject.expected ?? subject.commits.flat()
      const expected = rows.map((row) => canonicalRow(row, table.schema.fields))
      const opened = await openTable(table.location, { properties: bucket.properties })
      expect(difference(await linesOf(opened.scan()), expected), 'Moraine').toEqual(sameRows)
      const problems = await Promise.all(judges.map((judge) => judgeTable(judge, subject, table, expected)))
      expect(problems.flat()).toEqual([])
    },
  )

  test("of PyIceberg's read as PyIceberg reads them, from s3: and s3a: locations", async () => {
    const judge = judges.find(({ engine }) => engine === 'pyiceberg')!
    for (const scheme of ['s3', 's3a']) {
      const warehouse = `${bucket.location.replace(/^s3/, scheme)}/theirs-${scheme}`
      const metadata = await judge.write(bucket.properties, warehouse, 1000)
      const theirs = await judge.read(await requestFor({ metadataLocation: metadata, location: warehouse }))
      if ('error' in theirs) throw new Error(theirs.error)
      const table = await openTable(metadata, { properties: bucket.properties })
      const ours = await linesOf(table.scan())
      expect(ours).toHaveLength(1000)
      expect(difference(ours, theirs.lines)).toEqual(sameRows)
      const found = await openTable(table.location, { properties: bucket.properties })
      expect(found.metadataLocation).toBe(table.metadataLocation)
    }
  })
})

async function write(subject: Subject): Promise<Table> {
  let table = (await lake.createTable(['written', subject.name], subject.options)) as unknown as Table
  for (const rows of subject.commits) table = await table.append(rows)
  return table
}

async function judgeTable(
  judge: Judge,
  subject: Subject,
  table: Table,
  expected: readonly string[],
): Promise<string[]> {
  const { engine } = judge
  const verdict = await judge.read(await requestFor(table))
  const refusal = subject.refusals?.[engine]
  if (refusal !== undefined) {
    const isRefused = 'error' in verdict && refusal.test(verdict.error)
    if (isRefused) refused(subject.name, engine, verdict.error)
    return isRefused ? [] : [`${engine} does not refuse with ${refusal}`]
  }
  if ('error' in verdict) return [`${engine}: ${verdict.error}`]
  const normal = (line: string) =>
    subject.nullAsEmpty?.includes(engine) ? nullsAsEmpty(line, table.schema.fields) : line
  const { missing, surplus } = difference(verdict.lines.map(normal), expected.map(normal))
  agreed(subject.name, engine, expected.length)
  return [
    ...missing.map((line) => `${engine} lacks ${line}`),
    ...surplus.map((line) => `${engine} adds ${line}`),
  ]
}

/** The judges take the schema from a file of this machine, each from one of its own: they read at the same time. */
async function requestFor(table: Pick<Table, 'location' | 'metadataLocation'>): Promise<ReadRequest> {
  const { metadataLocation: metadata, location } = table
  const store = new S3Store({ properties: bucket.properties })
  const schema = join(folder, `${randomUUID()}.metadata.json`)
  await writeFile(schema, await store.get(metadata))
  await store.close()
  return { metadata, location, schema, s3: bucket.properties }
}
