/** Random rows of every type, encoded in every way that pyarrow and DuckDB have, read as they read them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Table as ArrowTable, type RecordBatch, tableToIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMoraineError, type Schema, type Table } from '../../index.ts'
import { runs } from '../runs.ts'
import { linesOf } from './canonical.ts'
import { partialSchemaOf, storedFile, tableAround } from './foreign-file.ts'
import { enginesInstalled, type Judge, startJudge, type Verdict } from './judge.ts'
import { range } from './subjects.ts'

const root = resolve(import.meta.dirname, '../..')
const { seed, numRuns } = runs(20261126, 200)

let folder: string
let scratch: string
let pyarrow: Judge<'pyarrow'>
let duckdb: Judge<'duckdb'>
let names: string[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-foreign-'))
  scratch = await mkdtemp(join(tmpdir(), 'moraine-foreign-'))
  const script = join(root, 'tests/interop/judges/write-foreign.py')
  const written = promisify(execFile)(join(root, '.tools/venv/bin/python'), [
    script,
    folder,
    String(seed),
    String(numRuns),
  ])
  ;[pyarrow, duckdb] = await Promise.all([startJudge('pyarrow', scratch), startJudge('duckdb', scratch)])
  await written
  names = (await readdir(folder)).sort()
})

afterAll(async () => {
  if (!enginesInstalled) return
  await Promise.all([pyarrow.close(), duckdb.close()])
  await Promise.all([folder, scratch].map((path) => rm(path, { recursive: true })))
})

describe.skipIf(!enginesInstalled)(`files of other writers, seed ${seed}`, () => {
  test('are as many as were asked for', () => {
    expect(names).toHaveLength(numRuns)
  })

  test.each(['pyarrow', 'duckdb'] as const)('of %s have the rows that it reads', async (writer) => {
    const judge = writer === 'pyarrow' ? pyarrow : duckdb
    const problems: string[] = []
    for (const name of names.filter((file) => file.startsWith(writer))) {
      const file = await storedFile(name, await readFile(join(folder, name)))
      const schema = await partialSchemaOf(file)
      const table = await tableAround(file, schema)
      const expected = linesOfVerdict(await judge.readFile(join(folder, name), schema))
      const found = await read(table, schema)
      if (typeof found !== 'string') problems.push(...differences(name, found, expected))
      else if (refusals[writer].test(found)) problems.push(...(await columnByColumn(name, table, schema)))
      else problems.push(`${name}: ${found}`)
    }
    expect(problems).toEqual([])
  })
})

/** What is refused of a writer's files. */
const refusals = {
  pyarrow: /^$/,
  // DuckDB counts the deltas of 32-bit integers in 64 bits, in pages of version 2.
  duckdb: /-v2-.* cannot be decoded: .*(first value too large|'min_delta' too large|Invalid delta bit width)/,
}

interface Found {
  readonly rows: readonly string[]
  /** The rows that pyarrow takes the batches for. */
  readonly batches: readonly string[]
}

/** All of the table, or what it is refused with. */
async function read(table: Table, schema: Schema, select?: string[][]): Promise<Found | string> {
  const scan = () => table.scan(select === undefined ? {} : { select })
  try {
    const rows = await linesOf(scan())
    const batches: RecordBatch[] = []
    for await (const batch of scan().batches()) batches.push(batch)
    return { rows, batches: await linesOfBatches(batches, schema) }
  } catch (error) {
    if (!isMoraineError(error, 'INVALID_DATA')) throw error
    return error.message
  }
}

async function linesOfBatches(batches: readonly RecordBatch[], schema: Schema): Promise<readonly string[]> {
  if (batches.length === 0) return []
  const stream = join(scratch, 'batches.arrows')
  await writeFile(stream, tableToIPC(new ArrowTable([...batches]), 'stream'))
  return linesOfVerdict(await pyarrow.readFile(stream, schema))
}

/** The same of a file of DuckDB of which some columns are refused. */
async function columnByColumn(name: string, table: Table, schema: Schema): Promise<string[]> {
  const problems: string[] = []
  for (const field of schema.fields) {
    const alone = { ...schema, fields: [field] }
    const found = await read(table, alone, [[field.name]])
    if (typeof found !== 'string') {
      const expected = linesOfVerdict(await duckdb.readFile(join(folder, name), alone))
      problems.push(...differences(name, found, expected))
    } else if (!refusals.duckdb.test(found)) problems.push(`${name}: ${found}`)
  }
  return problems
}

function differences(name: string, { rows, batches }: Found, expected: readonly string[]): string[] {
  return [
    ...firstDifference(`${name}, rows`, rows, expected),
    ...firstDifference(`${name}, batches`, batches, expected),
  ]
}

/** Where the rows differ first, in short. */
function firstDifference(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const row = range(Math.max(found.length, expected.length)).find((i) => found[i] !== expected[i])
  if (row === undefined) return []
  const [ours = 'nothing', theirs = 'nothing'] = [found[row], expected[row]]
  const at = range(ours.length).findIndex((i) => ours[i] !== theirs[i])
  const part = (line: string) => line.slice(Math.max(0, at - 40), at + 80)
  return [`${what}: row ${row} is …${part(ours)}, expected …${part(theirs)}`]
}

function linesOfVerdict(verdict: Verdict): readonly string[] {
  if ('error' in verdict) throw new Error(verdict.error)
  return verdict.lines
}
