/** Tables into which Spark took Parquet files of other writers and its own old ones: `add_files`, then evolution. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schemaToJson } from '../../format/schema-json.ts'
import { connect, identity, type Lake, schema, t } from '../../index.ts'
import { canonicalRow, difference, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, printMatrix } from './matrix.ts'
import type { PlainRow } from './samples.ts'
import { range } from './subjects.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string
let warehouse: string
/** Of the files, in the warehouse: a lake reads nothing outside of its own. */
let sources: string
let lake: Lake
let spark: Judge
/** The canonical rows of the folders that pyarrow and DuckDB wrote. */
let rows: readonly string[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-added-'))
  warehouse = join(folder, 'lake')
  sources = join(warehouse, 'sources')
  await mkdir(sources, { recursive: true })
  lake = await connect(warehouse, { durability: 'os' })
  const table = await createFolders('fields', 2)
  await writeFolders(JSON.stringify(schemaToJson(table.schema)['fields']))
  rows = (await readFile(join(sources, 'rows.jsonl'), 'utf8')).trimEnd().split('\n')
  spark = await startJudge('spark', folder)
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await spark.close()
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('a table of files that Spark added', () => {
  for (const writer of ['pyarrow', 'duckdb']) {
    test.each([1, 2, 3])(
      `has the rows of ${writer}’s folders, and keeps them as it evolves, v%i`,
      async (version) => {
        const name = `${writer}_v${version}`
        await createFolders(name, version)
        const sql = (...statements: string[]) =>
          spark.sql(warehouse, ...statements.map((text) => text.replaceAll('TABLE', `lake.db.${name}`)))
        await sql(
          `call lake.system.add_files(table => 'db.${name}', source_table => '\`parquet\`.\`${join(sources, writer)}\`')`,
        )
        const table = await lake.loadTable(['db', name])
        let expected = rows.map((line) => JSON.parse(line) as PlainRow)
        const check = async () => {
          const { schema: now } = await lake.loadTable(['db', name])
          await compare(
            name,
            expected.map((row) =>
              JSON.stringify(
                pick(
                  row,
                  now.fields.map((field) => field.name),
                ),
              ),
            ),
          )
        }
        await check()
        await sql(
          'alter table TABLE rename column name to title',
          'alter table TABLE rename column s.a to count',
          'alter table TABLE alter column n type bigint',
          'alter table TABLE alter column s.count type bigint',
          'alter table TABLE drop column m',
          'alter table TABLE add column name string',
          'alter table TABLE add column s.a int',
        )
        // A name that is given anew takes what the files hold under it from the column that had it before.
        expected = expected.map(({ s, n, ...row }) => ({
          ...row,
          title: null,
          n: String(n),
          s: s === null ? null : renamed(s as PlainRow),
        }))
        await check()
        await sql(
          'alter table TABLE drop partition field p',
          'alter table TABLE rename column p to place',
          'alter table TABLE add partition field truncate(1, place)',
          `delete from TABLE where id % 9 = 4`,
        )
        expected = expected
          .filter((row) => BigInt(row['id'] as string) % 9n !== 4n)
          .map(({ p: place, ...row }) => ({ ...row, place }))
        await check()
        const ours = {
          id: 900n,
          title: 'ours',
          l: [7],
          s: { count: 1n, b: null, a: 3 },
          place: 'a b',
          d: '1970-01-01',
          n: 1n,
        }
        const appended = await (await lake.loadTable(['db', name])).append([ours])
        const line = canonicalRow({ name: null, at: null, ...ours }, appended.schema.fields)
        expected = [...expected, JSON.parse(line) as PlainRow]
        await check()
        await sql(
          `call lake.system.rewrite_data_files(table => 'db.${name}', options => map('rewrite-all', 'true'))`,
        )
        await check()
        expect(table.properties['schema.name-mapping.default']).toBeDefined()
      },
    )
  }

  test.each(
    ['none', 'snappy', 'gzip', 'zstd', 'lz4', 'lz4_raw'].flatMap(
      (codec) =>
        [
          [codec, 'v1'],
          [codec, 'v2'],
        ] as const,
    ),
  )('has the rows of pages that take many blocks of their codec: %s, %s', async (codec, pages) => {
    const name = `pages_${codec}_${pages}`
    await spark.sql(
      warehouse,
      `set spark.sql.parquet.compression.codec=${codec}`,
      `create table spark_catalog.default.${name} using parquet options ('parquet.page.size' = '3000000', 'parquet.enable.dictionary' = 'false', 'parquet.writer.version' = '${pages}')
           location '${join(sources, name)}' as
           select /*+ coalesce(1) */ id, concat_ws(' ', transform(sequence(1, 2000), x -> sha2(cast(x * id as string), 256))) as noise,
             repeat(cast(id as string), 50000) as same,
             cast(null as string) as nothing, if(id % 2 = 0, null, array(id)) as l from range(40)`,
      'reset spark.sql.parquet.compression.codec',
      `create table lake.db.${name} (id bigint, noise string, same string, nothing string, l array<bigint>) using iceberg`,
      `call lake.system.add_files(table => 'db.${name}', source_table => 'spark_catalog.default.${name}')`,
    )
    const table = await lake.loadTable(['db', name])
    // Spark's own reader takes long texts in uncompressed pages of v2 for others: what was written is computed here.
    let count = 0
    for await (const row of table.scan().rows()) {
      const id = row['id'] as bigint
      const digest = (n: number) =>
        createHash('sha256')
          .update(`${BigInt(n) * id}`)
          .digest('hex')
      const noise = range(2000)
        .map((n) => digest(n + 1))
        .join(' ')
      // Texts are long: what differs is not printed.
      expect([row['noise'] === noise, row['same'] === String(id).repeat(50_000)], `row ${id}`).toEqual([
        true,
        true,
      ])
      expect([row['nothing'], row['l']]).toEqual([null, id % 2n === 0n ? null : [id]])
      count++
    }
    expect(count).toBe(40)
    agreed(name, 'moraine', count)
  })

  test.each(Object.entries(olds))(
    'has the rows that old settings of Spark wrote: %s',
    async (setting, java) => {
      const name = `old_${setting.replace(/\W/g, '_')}`
      const [key] = setting.split('=')
      await spark.sql(
        warehouse,
        `set ${setting}`,
        `create table spark_catalog.default.${name} using parquet partitioned by (p) location '${join(sources, name)}' as
         select id, timestamp_micros(id * 86400000000 * 400 - 30000000000000000 + 1000) as at, array(id, null) as l,
           array(array('x', null), array()) as ll, map('k', id, 'n', null) as m, cast(id as decimal(9, 2)) as d9, cast(-id as decimal(20, 4)) as d20,
           named_struct('a', cast(id as int), 'b', array(cast(id as double))) as s, array(named_struct('x', id, 'y', 'z'), null) as pairs,
           array(named_struct('x', id)) as singles, if(id % 3 = 0, null, concat('a b/ü%', id % 2)) as p from range(40)`,
        `reset ${key}`,
        `create table lake.db.${name} (id bigint, at timestamp, l array<bigint>, ll array<array<string>>, m map<string, bigint>, d9 decimal(9, 2),
         d20 decimal(20, 4), s struct<a: int, b: array<double>>, pairs array<struct<x: bigint, y: string>>, singles array<struct<x: bigint>>,
         p string) using iceberg partitioned by (p)`,
        `call lake.system.add_files(table => 'db.${name}', source_table => 'spark_catalog.default.${name}')`,
      )
      const table = await lake.loadTable(['db', name])
      const source = await spark.read({ ...placeOf(table), source: `spark_catalog.default.${name}` })
      if ('error' in source) throw new Error(source.error)
      expect(source.lines).toHaveLength(40)
      expect(difference(await linesOf(table.scan()), source.lines)).toEqual(sameRows)
      for (const column of ['singles.element.x', 'pairs.element.x', 's.b'] as const) {
        const alone = await linesOf(table.scan({ select: ['id', column] }))
        const whole = source.lines.map((line) =>
          JSON.stringify(narrowed(JSON.parse(line) as PlainRow, column)),
        )
        expect(difference(alone, whole), column).toEqual(sameRows)
      }
      agreed(name, 'spark source', source.lines.length)
      const iceberg = await spark.read(placeOf(table))
      if (java === undefined) {
        if ('error' in iceberg) throw new Error(iceberg.error)
        expect(difference(iceberg.lines, source.lines)).toEqual(sameRows)
      } else expect('error' in iceberg ? iceberg.error : 'reads it').toMatch(java)
    },
  )
})

/** Settings of the session that writes, and what Iceberg Java says that does not read what it wrote. */
const olds: Readonly<Record<string, RegExp | undefined>> = {
  'spark.sql.parquet.outputTimestampType=INT96': undefined,
  'spark.sql.parquet.outputTimestampType=TIMESTAMP_MILLIS': undefined,
  'spark.sql.parquet.compression.codec=lz4': undefined,
  'spark.sql.parquet.fieldId.write.enabled=false': undefined,
  // A repeated group `array` of one field is the element by the rules of Parquet; Java misreads it.
  'spark.sql.parquet.writeLegacyFormat=true': /past page end/,
}

function renamed({ a, b }: PlainRow): PlainRow {
  return { count: null, b, a }
}

function pick(row: PlainRow, names: readonly string[]): PlainRow {
  return Object.fromEntries(names.map((name) => [name, row[name]]))
}

/** The id and one column of a struct, or of the structs of a list. */
function narrowed(row: PlainRow, column: string): PlainRow {
  const [name, part, member = part] = column.split('.') as [string, string, string?]
  const inside = (value: unknown) =>
    value === null ? null : { [member!]: (value as Readonly<Record<string, unknown>>)[member!] }
  const value = row[name]
  return { id: row['id'], [name]: Array.isArray(value) ? value.map(inside) : inside(value) }
}

/** An empty table of what `write-folders.py` writes. */
function createFolders(name: string, version: number) {
  return lake.createTable(['db', name], {
    schema: schema({
      id: t.long(),
      name: t.string(),
      at: t.timestamptz(),
      l: t.list(t.int()),
      s: t.struct({ a: t.int(), b: t.list(t.string()) }),
      m: t.map(t.string(), t.double()),
      p: t.string(),
      d: t.date(),
      n: t.int(),
    }),
    partitionBy: [identity('p'), identity('d'), identity('n')],
    properties: { 'format-version': `${version}` },
  })
}

async function writeFolders(fields: string): Promise<void> {
  const script = join(root, 'tests/interop/judges/write-folders.py')
  const child = spawn(join(root, '.tools/venv/bin/python'), [script, sources], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.stdin.end(fields)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${script} ended with ${status}`)
}

/** What Moraine and Spark read now are these lines. */
async function compare(name: string, expected: readonly string[]): Promise<void> {
  const table = await lake.loadTable(['db', name])
  expect(difference(await linesOf(table.scan()), expected), 'Moraine').toEqual(sameRows)
  agreed(name, 'moraine', expected.length)
  const verdict = await spark.read(placeOf(table))
  if ('error' in verdict) throw new Error(verdict.error)
  expect(difference(verdict.lines, expected), 'Spark').toEqual(sameRows)
  agreed(name, 'spark', expected.length)
}
