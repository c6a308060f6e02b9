/** Files of unusual forms that pyarrow and DuckDB wrote, in tables: read as what was written, and as Spark reads them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JsonObject, parseJson } from '../../format/lossless-json.ts'
import { schema, type Table, t } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import { CraftedTable } from '../deletes/crafted-table.ts'
import { rewriteMetadata } from '../readers/rewritten-table.ts'
import { difference, expectColumnsAlone, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, faulty, printMatrix, refused } from './matrix.ts'

/** What `judges/write-odd.py` tells of a table. */
interface Case {
  readonly name: string
  readonly files: readonly string[]
  readonly fields: readonly JsonObject[]
  readonly mapping: readonly JsonObject[] | null
  readonly lines: readonly string[]
}

/** What Spark (Iceberg Java 1.12) answers that is not the rows: wrong ones, or a refusal in these words. */
type Fault = 'wrong' | RegExp
/** Its faults when it reads in vectors and row by row. */
interface Spark {
  readonly vectors?: Fault
  readonly rows?: Fault
}

const same: Spark = {}
const both = (fault: Fault): Spark => ({ vectors: fault, rows: fault })

const noTime = both(/Spark does not support time fields/)
const noUnsigned = both(/Unsupported logical type: UINT_8/)
const noBrotli = both(/BrotliCodec/)

const tables: Readonly<Record<string, Spark>> = {
  names: same,
  names_without_ids: both(/ID null is not unique/),
  names_of_old_lists: same,
  ids_of_some_columns: same,
  by_position: same,
  lists_by_position: same,
  int96: same,
  int96_nested: same,
  unsigned: noUnsigned,
  units: same,
  units_in_dictionaries: { vectors: 'wrong' },
  times: noTime,
  nanoseconds: both(/Cannot convert unsupported type to Spark: timestamp_ns/),
  nanoseconds_as_micros: both('wrong'),
  decimals: same,
  uuids_without_annotation: same,
  uuids: same,
  fixed: same,
  half_floats: { vectors: /Unsupported type: float/, rows: /cannot be cast/ },
  texts_without_annotation: { vectors: /UUID require 16 bytes/, rows: /cannot be cast/ },
  bytes: same,
  nothing: same,
  lists: same,
  ...of('deep_', ['none', 'snappy', 'gzip', 'zstd', 'lz4'], ['_v1', '_v2'], same),
  ...of('deep_', ['brotli'], ['_v1', '_v2'], noBrotli),
  dictionaries_that_overflow: same,
  without_dictionaries: same,
  encodings: same,
  no_rows: same,
  rows_of_nulls: same,
  duckdb_times: noTime,
  ...of('duckdb_', ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw'], ['_v1', '_v2'], same),
  ...of('duckdb_', ['brotli'], ['_v1', '_v2'], noBrotli),
}

function of(prefix: string, names: readonly string[], suffixes: readonly string[], spark: Spark) {
  return Object.fromEntries(names.flatMap((name) => suffixes.map((end) => [`${prefix}${name}${end}`, spark])))
}

const root = resolve(import.meta.dirname, '../..')
let folder: string
let spark: Judge
let cases: ReadonlyMap<string, Case>

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-odd-'))
  const python = join(root, '.tools/venv/bin/python')
  await promisify(execFile)(python, [join(root, 'tests/interop/judges/write-odd.py'), folder])
  const written = parseJson(await readFile(join(folder, 'cases.json'))) as unknown as readonly Case[]
  cases = new Map(written.map((entry) => [entry.name, entry]))
  spark = await startJudge('spark', folder)
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await spark.close()
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('a table of files of other writers', () => {
  test('stands here by name', () => expect([...cases.keys()].sort()).toEqual(Object.keys(tables).sort()))

  test.each(Object.entries(tables))('has the rows that were written: %s', async (name, answer) => {
    const entry = cases.get(name)!
    const table = await tableOf(entry)
    expect(difference(await linesOf(table.scan()), entry.lines), 'Moraine').toEqual(sameRows)
    agreed(name, 'moraine', entry.lines.length)
    await expectColumnsAlone(table, entry.lines)
    await askSpark(entry, table, false, answer.vectors)
    await askSpark(entry, table, true, answer.rows)
  })
})

async function askSpark({ name, lines }: Case, table: Table, plain: boolean, fault?: Fault): Promise<void> {
  const mode = plain ? 'spark by rows' : 'spark'
  const verdict = await spark.read({ ...placeOf(table), plain })
  if (fault instanceof RegExp) {
    expect('error' in verdict ? verdict.error : 'reads it', mode).toMatch(fault)
    refused(name, mode, 'error' in verdict ? verdict.error : '')
    return
  }
  if ('error' in verdict) throw new Error(`${mode}: ${verdict.error}`)
  const found = difference(verdict.lines, lines)
  if (fault === 'wrong') {
    expect(found, mode).not.toEqual(sameRows)
    faulty(name, mode)
    return
  }
  expect(found, mode).toEqual(sameRows)
  agreed(name, mode, lines.length)
}

/** The files as a table of the case's schema. */
async function tableOf({ name, files, fields, mapping }: Case): Promise<Table> {
  const warehouse = join(folder, 'tables', name)
  const crafted = await CraftedTable.create(
    { schema: schema({ id: t.long() }), properties: { 'format-version': '3' } },
    { store: new FileStore({ root: warehouse }), warehouse: `file://${warehouse}` },
  )
  const add = []
  for (const file of files) add.push(await crafted.foreignFile(await readFile(join(folder, file))))
  await crafted.commit({ add })
  await rewriteMetadata(crafted.store, await crafted.load(), () => ({
    schemas: [{ type: 'struct', 'schema-id': 0, fields }],
    'last-column-id': 1000,
    properties: mapping === null ? {} : { 'schema.name-mapping.default': JSON.stringify(mapping) },
  }))
  return crafted.load()
}
