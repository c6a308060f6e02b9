import { describe, expect, test } from 'vitest'
import type { Lake } from '../../index.ts'
import { enginesInstalled, type Judge } from './judge.ts'
import { agreed } from './matrix.ts'
import { seededRandom } from './samples.ts'
import { withSparkLake } from './spark-lake.ts'
import { range } from './subjects.ts'

const histories = Number(process.env['MORAINE_HISTORIES'] ?? 1)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)

let warehouse: string
let lake: Lake
let spark: Judge

withSparkLake('lineage', (made) => {
  ;({ warehouse, lake, spark } = made)
})

describe.skipIf(!enginesInstalled)('the lineage of rows', () => {
  test('is kept from v1 to v3, through every kind of change that Spark makes', async () => {
    const name = 'upgraded'
    const sql = (statement: string) => spark.sql(warehouse, statement.replaceAll('TABLE', `lake.db.${name}`))
    const properties = (text: string) => sql(`alter table TABLE set tblproperties (${text})`)
    const modes = (mode: string) =>
      properties(['delete', 'update', 'merge'].map((verb) => `'write.${verb}.mode' = '${mode}'`).join(', '))
    await sql(`create table TABLE (id bigint, name string, part int) using iceberg partitioned by (part)
      tblproperties ('format-version' = '1')`)
    await sql(`insert into TABLE select id, concat('v1 ', id), cast(id % 2 as int) from range(10)`)
    await append(name, 10, 4)
    await properties(`'format-version' = '2'`)
    await sql(`insert into TABLE select id, concat('v2 ', id), cast(id % 2 as int) from range(20, 30)`)
    await modes('merge-on-read')
    await sql(`delete from TABLE where id in (1, 11, 21)`)
    await compare(name)
    await properties(`'format-version' = '3'`)
    await compare(name)

    const changes = [
      `insert into TABLE select id, concat('v3 ', id), cast(id % 2 as int) from range(30, 40)`,
      `update TABLE set name = concat(name, ' changed') where id % 4 = 0`,
      `delete from TABLE where id % 7 = 3`,
      `merge into TABLE t using (select id from range(38, 44)) s on t.id = s.id
         when matched then update set part = 1 - part when not matched then insert (id, name, part) values (s.id, 'new', 0)`,
    ]
    for (const mode of ['merge-on-read', 'copy-on-write']) {
      await modes(mode)
      for (const change of changes) {
        await sql(change)
        await compare(name)
      }
      await append(name, mode === 'merge-on-read' ? 100 : 200, 5)
      await compare(name)
    }
    for (const call of [
      `rewrite_data_files(table => 'db.${name}', options => map('rewrite-all', 'true'))`,
      `rewrite_manifests('db.${name}')`,
      `rewrite_data_files(table => 'db.${name}', strategy => 'sort', sort_order => 'name desc', options => map('rewrite-all', 'true'))`,
      `expire_snapshots(table => 'db.${name}', older_than => timestamp '9999-01-01', retain_last => 1)`,
    ]) {
      await sql(`call lake.system.${call}`)
      await compare(name)
    }
    await append(name, 300, 3)
    await compare(name)
    expect((await lake.loadTable(['db', name])).metadata.nextRowId).toBeGreaterThan(60n)
  })

  for (const version of [1, 2, 3]) {
    test(`is what Spark reads in ${histories} random histories that begin in v${version}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) await history(seed, version)
    })
  }
})

async function history(seed: number, version: number): Promise<void> {
  const name = `history_v${version}_${seed}`
  const random = seededRandom(seed * 10 + version)
  const sql = (statement: string) => spark.sql(warehouse, statement.replaceAll('TABLE', `lake.db.${name}`))
  const partitions = ['', 'partitioned by (part)', 'partitioned by (bucket(3, id))'][random(3)]
  let formatVersion = version
  // Tables of v1 have no deletes.
  const mode = () => ['copy-on-write', 'merge-on-read'][formatVersion === 1 ? 0 : random(2)]
  let next = 0
  const take = (count: number) => {
    next += count
    return next - count
  }
  const insert = (count: number) =>
    sql(
      `insert into TABLE select id, concat('row ', id), cast(id % 2 as int) from range(${take(count)}, ${next})`,
    )
  await sql(`create table TABLE (id bigint, name string, part int) using iceberg ${partitions}
    tblproperties ('format-version' = '${version}')`)
  await insert(8)
  const upgrade = async (): Promise<void> => {
    if (formatVersion < 3)
      await sql(`alter table TABLE set tblproperties ('format-version' = '${++formatVersion}')`)
  }
  const steps: readonly (() => Promise<unknown>)[] = [
    () => insert(1 + random(6)),
    () => append(name, take(5), 5),
    () => append(name, take(1), 1),
    async () =>
      sql(`alter table TABLE set tblproperties ('write.delete.mode' = '${mode()}',
      'write.update.mode' = '${mode()}', 'write.merge.mode' = '${mode()}')`),
    () => sql(`delete from TABLE where id % ${5 + random(5)} = ${random(5)}`),
    () => sql(`update TABLE set name = concat('up', name) where id % ${2 + random(3)} = 0`),
    () => sql(`update TABLE set part = 1 - part where id % ${3 + random(3)} = 1`),
    () =>
      sql(`merge into TABLE t using (select id from range(${random(next)}, ${next + 2})) s on t.id = s.id
        when matched and s.id % 3 = 0 then delete when matched then update set name = 'merged'
        when not matched then insert (id, name, part) values (s.id, 'new', 1)`),
    () =>
      sql(
        `call lake.system.rewrite_data_files(table => 'db.${name}', options => map('rewrite-all', '${random(2) === 0}'))`,
      ),
    () => sql(`call lake.system.rewrite_manifests('db.${name}')`),
    upgrade,
    upgrade,
  ]
  const done: string[] = []
  for (let step = 0; step < 14; step++) {
    const choice = step === 12 ? steps.length - 1 : random(steps.length)
    if (step === 12) while (formatVersion < 3) await upgrade()
    done.push(String(steps[choice]))
    await steps[choice]!()
    if (formatVersion === 3) await compare(name, `seed ${seed} after ${done.length} steps`)
  }
}

async function append(name: string, from: number, count: number): Promise<void> {
  const table = await lake.loadTable(['db', name])
  await table.append(range(count).map((i) => ({ id: from + i, name: `ours ${i}`, part: i % 2 })))
}

/** Before v3 there is no lineage: both columns are null, and so they stay until the first commit of v3. */
async function compare(name: string, when = ''): Promise<void> {
  const table = await lake.loadTable(['db', name])
  const lineage = ['_row_id', '_last_updated_sequence_number'] as const
  const select = ['id', 'name', 'part', ...lineage] as const
  const ours: string[] = []
  for await (const row of table.scan({ select }).rows()) {
    ours.push(JSON.stringify(select.map((column) => (row[column] === null ? null : String(row[column])))))
  }
  const names = table.metadata.formatVersion === 3 ? lineage : ['null', 'null']
  const theirs = await spark.query(
    warehouse,
    `select id, name, part, ${names.join(', ')} from lake.db.${name}`,
  )
  expect(ours.sort(), `${name} ${when}`).toEqual(theirs.map((row) => JSON.stringify(row)).sort())
  const rowIds = ours.map((line) => JSON.parse(line)[3]).filter((id) => id !== null)
  expect(new Set(rowIds).size, `${name} ${when}`).toBe(rowIds.length)
  agreed(name, 'spark', ours.length)
}
