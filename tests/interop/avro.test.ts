import { describe, expect, test } from 'vitest'
import { and, eq, gt, type Lake, notNull } from '../../index.ts'
import { difference, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf } from './judge.ts'
import { agreed } from './matrix.ts'
import { withSparkLake } from './spark-lake.ts'

let warehouse: string
let lake: Lake
let spark: Judge

withSparkLake('avro', (made) => {
  ;({ warehouse, lake, spark } = made)
})

const COLUMNS = `id bigint not null, flag boolean, n int, f float, d double, amount decimal(9, 2), wide decimal(38, 10),
  on date, at timestamp, local timestamp_ntz, name string, raw binary, p string,
  c struct<a: int, b: struct<x: string, y: array<double>>>, l array<struct<k: string, v: bigint>>,
  m map<string, array<int>>, nm map<int, struct<w: float>>, ll array<array<string>>`

/** Rows from `from` on, a third of whose values are null. */
function rowsOf(from: number, count: number): string {
  const some = (value: string, part: number) => `if((id + ${part}) % 3 = 0, null, ${value})`
  return `select id, ${some('id % 2 = 0', 1)}, ${some('cast(id - 50 as int)', 2)}, ${some('cast(id / 4 as float)', 3)},
    ${some('cast(id / 7 as double)', 4)}, ${some('cast(id * 1.01 - 50 as decimal(9, 2))', 5)},
    ${some('cast(-id * 1234567890123456.5 as decimal(38, 10))', 6)}, ${some("date_add(date '1969-12-01', cast(id as int))", 7)},
    ${some('timestamp_micros(id * 1234567890123 - 50000000000000)', 8)},
    ${some("timestamp_ntz '1969-12-31 23:59:59.999999' + make_interval(0, 0, 0, cast(id as int))", 9)},
    ${some("concat('żółć ', id, repeat('x', cast(id % 300 as int)))", 10)}, ${some('unhex(hex(id))', 11)},
    concat('p', id % 2),
    ${some("named_struct('a', cast(id as int), 'b', if(id % 2 = 0, null, named_struct('x', 'x', 'y', array(1.5D, null))))", 12)},
    ${some("array(named_struct('k', 'k', 'v', id), null)", 13)}, ${some("map('k', array(1, null, 3), '', null)", 14)},
    ${some("map(7, named_struct('w', cast(id as float)), -7, null)", 15)}, ${some("array(array('a', null), null, array())", 16)}
    from range(${from}, ${from + count})`
}

async function compare(name: string, expectedRows: number): Promise<void> {
  const table = await lake.loadTable(['db', name])
  const verdict = await spark.read(placeOf(table))
  if ('error' in verdict) throw new Error(verdict.error)
  expect(verdict.lines).toHaveLength(expectedRows)
  expect(difference(await linesOf(table.scan()), verdict.lines)).toEqual(sameRows)
  agreed(name, 'spark', expectedRows)
}

async function formatsOf(name: string): Promise<Set<string>> {
  const formats = new Set<string>()
  for await (const file of (await lake.loadTable(['db', name])).inspect.files()) formats.add(file.fileFormat)
  return formats
}

describe.skipIf(!enginesInstalled)('a table whose data files Spark writes in Avro', () => {
  test.each(['uncompressed', 'gzip', 'snappy', 'zstd'])('has the same rows, packed by %s', async (codec) => {
    const name = `avro_${codec}`
    await spark.sql(
      warehouse,
      `create table lake.db.${name} (${COLUMNS}) using iceberg partitioned by (p, bucket(3, id))
       tblproperties ('format-version' = '2', 'write.format.default' = 'avro', 'write.avro.compression-codec' = '${codec}')`,
      `insert into lake.db.${name} ${rowsOf(0, 400)}`,
    )
    expect(await formatsOf(name)).toEqual(new Set(['avro']))
    await compare(name, 400)
    const table = await lake.loadTable(['db', name])
    const [matching] = await spark.query(
      warehouse,
      `select count(*) from lake.db.${name} where c.a > 100 and p = 'p1' and name is not null`,
    )
    const where = and(gt('c.a', 100), eq('p', 'p1'), notNull('name'))
    let count = 0
    for await (const _ of table.scan({ where, select: ['id'] }).rows()) count++
    expect([String(count)]).toEqual(matching)
  })

  test.each([2, 3])(
    'keeps them when the table evolves and rows are deleted and updated, format v%i',
    async (version) => {
      const name = `avro_evolved_v${version}`
      const table = `lake.db.${name}`
      const write = `'write.format.default' = 'avro', 'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read'`
      await spark.sql(
        warehouse,
        `create table ${table} (${COLUMNS}) using iceberg partitioned by (p)
       tblproperties ('format-version' = '${version}', ${write})`,
        `insert into ${table} ${rowsOf(0, 100)}`,
        `alter table ${table} alter column n type bigint`,
        `alter table ${table} alter column f type double`,
        `alter table ${table} alter column amount type decimal(20, 2)`,
        `alter table ${table} rename column name to title`,
        `alter table ${table} rename column c.a to first`,
        `alter table ${table} drop column flag`,
        `alter table ${table} add columns (c.z string, extra map<string, string>)`,
        `alter table ${table} drop partition field p`,
      )
      await compare(name, 100)
      await spark.sql(warehouse, `delete from ${table} where id % 10 = 3`)
      await compare(name, 90)
      await spark.sql(warehouse, `update ${table} set title = 'new', c.z = 'z' where id % 10 = 4`)
      await compare(name, 90)
      await spark.sql(
        warehouse,
        `alter table ${table} set tblproperties ('write.format.default' = 'parquet')`,
      )
      await spark.sql(warehouse, `insert into ${table} (id, title, p) values (1000, 'parquet', 'p0')`)
      expect(await formatsOf(name)).toContain('parquet')
      await compare(name, 91)
      if (version < 3) return
      const columns = ['id', '_row_id', '_last_updated_sequence_number'] as const
      const ours = []
      for await (const row of (await lake.loadTable(['db', name])).scan({ select: columns }).rows())
        ours.push(columns.map((column) => String(row[column])).join())
      const theirs = await spark.query(warehouse, `select ${columns.join(', ')} from ${table}`)
      expect(ours.sort()).toEqual(theirs.map((row) => row.join()).sort())
    },
  )
})
