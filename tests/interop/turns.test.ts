/** Spark and Moraine write one table in a folder, one after the other, and each reads on what the other left. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bucket, connect, day, type Lake, schema, type Table, t } from '../../index.ts'
import { canonicalRow, difference, linesOf, nullsAsEmpty, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, printMatrix } from './matrix.ts'
import type { PlainRow } from './samples.ts'
import { range } from './subjects.ts'

let folder: string
let warehouse: string
let lake: Lake
let spark: Judge
let pyiceberg: Judge

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-turns-'))
  warehouse = join(folder, 'lake')
  lake = await connect(warehouse, { durability: 'os' })
  const started = await Promise.all([startJudge('spark', folder), startJudge('pyiceberg', folder)])
  spark = started[0]
  pyiceberg = started[1]
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await Promise.all([spark.close(), pyiceberg.close()])
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('a table that Spark and Moraine write in turns', () => {
  test.each([1, 2, 3])('grows and evolves, format v%i', async (version) => {
    const name = `turns_v${version}`
    await createEvents(name, version)
    let rows: PlainRow[] = []
    const mine = async (made: readonly PlainRow[]) => {
      await (await lake.loadTable(['db', name])).append(made)
      rows = [...rows, ...made]
      await compare(name, rows)
    }
    const theirs = async (sql: string, change: (rows: PlainRow[]) => PlainRow[]) => {
      await spark.sql(warehouse, sql.replace('TABLE', `lake.db.${name}`))
      rows = change(rows)
      await compare(name, rows)
    }
    const insert = (values: string, row: PlainRow) =>
      theirs(`insert into TABLE values ${values}`, (before) => [...before, row])

    await mine(events(1, 10))
    await insert(`(100, 'spark', 7, timestamp '1969-12-31T22:00:00Z', cast(1.5 as float))`, {
      id: 100n,
      name: 'spark',
      n: 7,
      at: -7_200_000_000n,
      score: 1.5,
    })
    await mine(events(2, 10))
    await theirs('alter table TABLE add column extra struct<a: int, b: array<string>>', (before) =>
      before.map((row) => ({ ...row, extra: null })),
    )
    await mine(events(3, 5).map((row, i) => ({ ...row, extra: i === 0 ? null : { a: i, b: ['x', null] } })))
    await theirs('alter table TABLE rename column name to title', (before) =>
      before.map(({ name: title, id, ...rest }) => ({ id, title, ...rest })),
    )
    await theirs('alter table TABLE alter column n type bigint', (before) =>
      before.map((row) => ({ ...row, n: row['n'] === null ? null : BigInt(row['n'] as number) })),
    )
    await theirs('alter table TABLE alter column score type double', (before) => before)
    await mine([{ id: 4n, title: 'wide', n: 2n ** 40n, at: 0n, score: 0.1, extra: { a: null, b: null } }])
    await theirs('alter table TABLE add partition field truncate(2, title)', (before) => before)
    await mine([{ id: 5n, title: 'parted', n: null, at: 1n, score: Number.NaN, extra: null }])
    await insert(`(101, null, 8, null, null, named_struct('a', 1, 'b', array('q')))`, {
      id: 101n,
      title: null,
      n: 8n,
      at: null,
      score: null,
      extra: { a: 1, b: ['q'] },
    })
    await theirs('alter table TABLE drop partition field truncate(2, title)', (before) => before)
    await theirs('alter table TABLE replace partition field days(at) with months(at)', (before) => before)
    await mine([{ id: 6n, title: 'monthly', n: 1n, at: -1n, score: -0, extra: null }])
    await theirs('alter table TABLE drop column score', (before) =>
      before.map(({ score: _, ...rest }) => rest),
    )
    await mine([{ id: 7n, title: 'narrow', n: 1n, at: 5n, extra: null }])
    await theirs('alter table TABLE add column score string', (before) =>
      before.map((row) => ({ ...row, score: null })),
    )
    await mine([{ id: 8n, title: 'again', n: 1n, at: 5n, extra: null, score: 'text' }])
  })

  test.each([2, 3])('is created by Spark, format v%i', async (version) => {
    const name = `theirs_v${version}`
    await spark.sql(
      warehouse,
      `create table lake.db.${name} (id bigint not null, s string, d decimal(20, 3), t timestamp, n timestamp_ntz,
         l array<struct<k: string, v: double>>, m map<string, int>) using iceberg
       partitioned by (bucket(3, id), truncate(2, s), months(t), hours(n)) tblproperties ('format-version' = '${version}')`,
      `insert into lake.db.${name} values (1, 'one', 1.5, timestamp '2026-11-21T01:02:03Z',
         timestamp_ntz '1969-12-31T23:59:59', array(named_struct('k', 'a', 'v', 1.5D), null), map('x', 1)),
         (2, null, null, null, null, null, null)`,
    )
    const given = [
      {
        id: 1n,
        s: 'one',
        d: '1.500',
        t: 1_795_222_923_000_000n,
        n: -1_000_000n,
        l: [{ k: 'a', v: 1.5 }, null],
        m: new Map([['x', 1]]),
      },
      { id: 2n, s: null, d: null, t: null, n: null, l: null, m: null },
    ]
    await compare(name, given)
    const ours = range(12).map((i) => ({
      id: BigInt(i),
      s: `s${i % 3}`,
      d: `${i}.125`,
      t: BigInt(i) * 2_592_000_000_000n - 9_000_000_000_000n,
      n: BigInt(i) * 3_600_000_000n - 7_200_000_001n,
      l: i === 3 ? null : [{ k: null, v: i / 3 }],
      m: new Map([[`k${i}`, null]]),
    }))
    await (await lake.loadTable(['db', name])).append(ours)
    await compare(name, [...given, ...ours])
    expect(
      await spark.query(
        warehouse,
        `select count(*) from lake.db.${name} where s = 's1' and n < timestamp_ntz '1970-01-01'`,
      ),
    ).toEqual([['1']])
  })

  test('numbers its rows as Spark does, and Spark goes on numbering', async () => {
    const table = await createEvents('lineage', 3)
    await (await table.append(events(1, 7))).append(events(2, 5))
    await spark.sql(
      warehouse,
      `insert into lake.db.lineage select id + 500, name, n, at, score from lake.db.lineage`,
    )
    await (await lake.loadTable(['db', 'lineage'])).append(events(3, 4))
    await compareLineage('lineage', 28)
    // Rows that Spark carries over into new files keep their ids, which then stand in the files.
    await spark.sql(
      warehouse,
      `alter table lake.db.lineage set tblproperties ('write.update.mode' = 'copy-on-write')`,
      `update lake.db.lineage set name = 'changed' where id % 3 = 0`,
    )
    await (await lake.loadTable(['db', 'lineage'])).append(events(4, 4))
    await compareLineage('lineage', 32)
  })

  test.each([2, 3])('survives copy-on-write and merge-on-read, format v%i', async (version) => {
    const name = `deletes_v${version}`
    const table = await createEvents(name, version)
    let rows = events(1, 20)
    await table.append(rows)
    await spark.sql(warehouse, `delete from lake.db.${name} where id < 5`)
    rows = rows.filter((row) => (row['id'] as bigint) >= 5n)
    await compare(name, rows)
    await spark.sql(
      warehouse,
      `merge into lake.db.${name} t using (select id from range(8, 30, 10)) s on t.id = s.id
         when matched then update set name = 'merged' when not matched then insert (id, name) values (s.id, 'new')`,
    )
    const fresh = { n: null, at: null, score: null }
    rows = rows.map((row) => (row['id'] === 8n || row['id'] === 18n ? { ...row, name: 'merged' } : row))
    rows = [...rows, { id: 28n, name: 'new', ...fresh }]
    await compare(name, rows)
    await spark.sql(
      warehouse,
      `alter table lake.db.${name} set tblproperties ('write.delete.mode' = 'merge-on-read')`,
      `delete from lake.db.${name} where id = 9`,
    )
    rows = rows.filter((row) => row['id'] !== 9n)
    await compare(name, rows)
    const more = events(100, 20)
    await (await lake.loadTable(['db', name])).append(more)
    await compare(name, [...rows, ...more])
    await spark.sql(warehouse, `delete from lake.db.${name} where id % 10 = 1`)
    await compare(
      name,
      [...rows, ...more].filter((row) => (row['id'] as bigint) % 10n !== 1n),
    )
  })

  test('deletes its old metadata whoever writes, and is found by both', async () => {
    await lake.createTable(['db', 'retiring'], {
      schema: schema({ id: t.long(), name: t.string() }),
      properties: {
        'write.metadata.delete-after-commit.enabled': 'true',
        'write.metadata.previous-versions-max': '2',
      },
    })
    const rows: PlainRow[] = []
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0; i < 20; i++) {
        const row = { id: BigInt(turn * 100 + i), name: `ours ${turn}` }
        await (await lake.loadTable(['db', 'retiring'])).append([row])
        rows.push(row)
      }
      await compare('retiring', rows)
      for (let i = 50; i < 53; i++) {
        const id = turn * 100 + i
        await spark.sql(warehouse, `insert into lake.db.retiring values (${id}, 'theirs ${turn}')`)
        rows.push({ id: BigInt(id), name: `theirs ${turn}` })
      }
      await compare('retiring', rows)
    }
    const versions = (await readdir(join(warehouse, 'db/retiring/metadata'))).filter((name) =>
      /^v\d+\.metadata\.json$/.test(name),
    )
    expect(versions.length).toBeLessThan(30)
    expect(versions).toContain('v70.metadata.json')
  })

  test('is described alike by Spark and Moraine', async () => {
    await createEvents('described', 2)
    const first = await (await lake.loadTable(['db', 'described'])).append(events(1, 10))
    const second = await first.append(events(2, 10))
    await spark.sql(
      warehouse,
      `insert into lake.db.described select id, name, n, at, score from lake.db.described`,
    )
    const table = await second.refresh()
    const query = async (sql: string) => sorted(await spark.query(warehouse, sql))
    const files = []
    for await (const file of table.inspect.files()) {
      files.push([file.filePath, file.fileFormat, file.specId, file.recordCount, file.fileSizeInBytes])
    }
    expect(texts(files)).toEqual(
      await query(
        `select file_path, lower(file_format), spec_id, record_count, file_size_in_bytes from lake.db.described.files`,
      ),
    )
    agreed('described', 'spark .files', files.length)
    const snapshots = table.snapshots.map((snapshot) => [
      snapshot.snapshotId,
      snapshot.parentSnapshotId ?? null,
      snapshot.summary?.['operation'] ?? 'append',
    ])
    expect(texts(snapshots)).toEqual(
      await query(`select snapshot_id, parent_id, operation from lake.db.described.snapshots`),
    )
    agreed('described', 'spark .snapshots', snapshots.length)
    const manifests = (await table.inspect.manifests()).map((manifest) => [
      manifest.path,
      manifest.length,
      manifest.specId,
      manifest.addedSnapshotId,
      manifest.addedFiles,
      manifest.existingFiles,
      manifest.deletedFiles,
    ])
    expect(texts(manifests)).toEqual(
      await query(
        `select path, length, partition_spec_id, added_snapshot_id, added_data_files_count,
           existing_data_files_count, deleted_data_files_count from lake.db.described.manifests`,
      ),
    )
    agreed('described', 'spark .manifests', manifests.length)
    const partitions = await table.inspect.partitions()
    const counts = partitions.map((partition) => [partition.records, partition.dataFiles, partition.bytes])
    expect(texts(counts)).toEqual(
      await query(
        'select record_count, file_count, total_data_file_size_in_bytes from lake.db.described.partitions',
      ),
    )
    agreed('described', 'spark .partitions', partitions.length)
  })
})

function createEvents(name: string, version: number): Promise<Table> {
  return lake.createTable(['db', name], {
    schema: schema({ id: t.long(), name: t.string(), n: t.int(), at: t.timestamptz(), score: t.float() }),
    partitionBy: [bucket('id', 4), day('at')],
    properties: { 'format-version': `${version}` },
  }) as unknown as Promise<Table>
}

function events(turn: number, count: number): PlainRow[] {
  return range(count).map((i) => ({
    id: BigInt(turn * 1000 + i) % 1000n,
    name: i % 4 === 3 ? null : `name ${turn}/${i}`,
    n: i % 5 === 4 ? null : i * turn,
    at: i % 6 === 5 ? null : BigInt(i - 3) * 40_000_000_000n + BigInt(turn),
    score: i / 2,
  }))
}

/** What Moraine, Spark and PyIceberg read now is `rows`. */
async function compare(name: string, rows: readonly PlainRow[]): Promise<void> {
  const table = await lake.loadTable(['db', name])
  const expected = rows.map((row) => canonicalRow(row, table.schema.fields))
  expect(difference(await linesOf(table.scan()), expected), 'Moraine').toEqual(sameRows)
  agreed(name, 'moraine', expected.length)
  await Promise.all(
    [spark, pyiceberg].map(async (judge) => {
      const verdict = await judge.read(placeOf(table))
      if ('error' in verdict) throw new Error(`${judge.engine}: ${verdict.error}`)
      const normal = (line: string) =>
        judge.engine === 'pyiceberg' ? nullsAsEmpty(line, table.schema.fields) : line
      expect(difference(verdict.lines.map(normal), expected.map(normal)), judge.engine).toEqual(sameRows)
      agreed(name, judge.engine, expected.length)
    }),
  )
}

async function compareLineage(name: string, count: number): Promise<void> {
  const columns = ['id', 'name', '_row_id', '_last_updated_sequence_number'] as const
  const table = await lake.loadTable(['db', name])
  const ours = []
  for await (const row of table.scan({ select: columns }).rows())
    ours.push(columns.map((column) => row[column]))
  expect(new Set(ours.map((row) => row[2])).size).toBe(count)
  expect(texts(ours)).toEqual(
    sorted(await spark.query(warehouse, `select ${columns.join(', ')} from lake.db.${name}`)),
  )
  agreed(name, 'spark lineage', count)
}

function texts(rows: readonly (readonly unknown[])[]): (string | null)[][] {
  return sorted(
    rows.map((row) => row.map((value) => (value === null || value === undefined ? null : String(value)))),
  )
}

function sorted(rows: readonly (string | null)[][]): (string | null)[][] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
