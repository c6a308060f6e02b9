/** Histories that Moraine writes, and goes on with after Spark: merged manifests, branches, tags, row lineage. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bucket, connect, type Lake, schema, type Table, t } from '../../index.ts'
import { canonicalRow, difference, linesOf, sameRows } from './canonical.ts'
import { type Engine, enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, printMatrix } from './matrix.ts'
import type { PlainRow } from './samples.ts'
import { range } from './subjects.ts'

const engines: readonly Engine[] = ['spark', 'pyiceberg', 'duckdb']
let folder: string
let warehouse: string
let lake: Lake
let judges: readonly Judge[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-history-'))
  warehouse = join(folder, 'lake')
  lake = await connect(warehouse, { durability: 'os' })
  judges = await Promise.all(engines.map((engine) => startJudge(engine, folder)))
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await Promise.all(judges.map((judge) => judge.close()))
  await rm(folder, { recursive: true })
})

const rows = (from: number, count = 5): PlainRow[] =>
  range(count).map((i) => ({ id: BigInt(from + i), name: i % 3 === 0 ? null : `name ${from + i}` }))

async function newTable(name: string, version: number): Promise<Table> {
  return (await lake.createTable(['history', name], {
    schema: schema({ id: t.long().required(), name: t.string() }),
    partitionBy: [bucket('id', 3)],
    properties: {
      'format-version': `${version}`,
      'commit.manifest.min-count-to-merge': '3',
      'write.summary.partition-limit': '10',
    },
  })) as unknown as Table
}

describe.skipIf(!enginesInstalled)('merged manifests, branches and tags', () => {
  test.each([1, 2, 3])('read the same everywhere, format v%i', async (version) => {
    const name = `history_v${version}`
    let table = await newTable(name, version)
    for (const i of range(7)) table = await table.append(rows(i * 10))
    expect(table.currentSnapshot!.summary['manifests-replaced']).toBe('2')
    table = await table.createTag('seven')
    table = await table.createBranch('audit', { minSnapshotsToKeep: 5 })
    for (const i of range(3)) table = await table.append(rows(1000 + i * 10), { branch: 'audit' })
    table = (await table.update().addPartitionField(bucket('name', 2)).commit()) as Table
    for (const i of range(4)) table = await table.append(rows(70 + i * 10))
    const sevens = range(7).flatMap((i) => rows(i * 10))
    await everyEngineReads(name, table, 'main', [...sevens, ...range(4).flatMap((i) => rows(70 + i * 10))])
    await everyEngineReads(name, table, 'seven', sevens)
    await everyEngineReads(name, table, 'audit', [...sevens, ...range(3).flatMap((i) => rows(1000 + i * 10))])

    const forward = await table.createBranch('next', { at: { ref: 'seven' } })
    const moved = await forward.fastForward('next', 'audit')
    expect(
      await sparkRows(`select name, type, snapshot_id, min_snapshots_to_keep from lake.history.${name}.refs`),
    ).toEqual(
      [...moved.refs]
        .map(([ref, { type, snapshotId, minSnapshotsToKeep }]) => [
          ref,
          type.toUpperCase(),
          `${snapshotId}`,
          minSnapshotsToKeep === undefined ? null : `${minSnapshotsToKeep}`,
        ])
        .sort(),
    )
    const back = await moved.rollbackTo({ snapshotId: table.refs.get('seven')!.snapshotId })
    await everyEngineReads(name, back, 'main', sevens)
  })
})

describe.skipIf(!enginesInstalled)('in turns with Spark', () => {
  test('branches are written and forwarded by either, and manifests of either are merged', async () => {
    const name = 'turns'
    let table = await newTable(name, 2)
    table = await table.append(rows(0))
    table = await table.createBranch('audit')
    await spark(
      `insert into lake.history.${name}.branch_audit values (100, 'spark'), (101, null)`,
      `insert into lake.history.${name}.branch_audit values (102, 'spark')`,
    )
    table = await reloaded(name)
    for (const i of range(3)) table = await table.append(rows(200 + i * 10), { branch: 'audit' })
    const audit = [...rows(0), ...sparkAudit, ...range(3).flatMap((i) => rows(200 + i * 10))]
    await everyEngineReads(name, table, 'audit', audit)
    await everyEngineReads(name, table, 'main', rows(0))
    await spark(`call lake.system.fast_forward('history.${name}', 'main', 'audit')`)
    table = await (await reloaded(name)).append(rows(300))
    await everyEngineReads(name, table, 'main', [...audit, ...rows(300)])
    const total = await sparkRows(`select count(*) from lake.history.${name}`)
    expect(table.currentSnapshot!.summary['total-records']).toBe(total[0]![0])
  })

  test('row ids stay when manifests of Spark and of ours are merged', async () => {
    const name = 'lineage'
    let table = await newTable(name, 2)
    table = await table.append(rows(0))
    await spark(
      `insert into lake.history.${name} values (100, 'spark')`,
      `alter table lake.history.${name} set tblproperties ('format-version' = '3')`,
      `insert into lake.history.${name} values (101, 'spark')`,
    )
    const lineage = () =>
      sparkRows(`select id, _row_id, _last_updated_sequence_number from lake.history.${name} order by id`)
    const before = await lineage()
    expect(new Set(before.map(([, rowId]) => rowId)).size).toBe(7)
    table = await reloaded(name)
    for (const i of range(4)) table = await table.append(rows(200 + i * 10))
    const after = await lineage()
    expect(after.slice(0, 7)).toEqual(before)
    expect(new Set(after.map(([, rowId]) => rowId)).size).toBe(27)
  })

  test.each([2, 3])('delete manifests of Spark are merged and still apply, format v%i', async (version) => {
    const name = `deletes_v${version}`
    let table = await newTable(name, version)
    for (const i of range(6)) table = await table.append(rows(i * 5))
    await spark(
      `alter table lake.history.${name} set tblproperties ('write.delete.mode' = 'merge-on-read', 'commit.manifest-merge.enabled' = 'false')`,
      ...range(6).map((i) => `delete from lake.history.${name} where id = ${i * 5}`),
      `alter table lake.history.${name} unset tblproperties ('commit.manifest-merge.enabled')`,
    )
    const deleteManifests = async () => {
      const query = `select count(*) from lake.history.${name}.manifests where content = 1`
      return Number((await sparkRows(query))[0]![0])
    }
    expect(await deleteManifests()).toBeGreaterThanOrEqual(3)
    await (await reloaded(name)).append(rows(100))
    expect(await deleteManifests()).toBe(1)
    const left = await sparkRows(`select id from lake.history.${name} order by id`)
    const kept = range(30).filter((id) => id % 5 !== 0)
    expect(left.map(([id]) => Number(id))).toEqual([...kept, ...range(5).map((i) => 100 + i)])
  })
})

const sparkAudit: PlainRow[] = [
  { id: 100n, name: 'spark' },
  { id: 101n, name: null },
  { id: 102n, name: 'spark' },
]

async function reloaded(name: string): Promise<Table> {
  return (await lake.loadTable(['history', name])) as unknown as Table
}

function spark(...statements: string[]): Promise<void> {
  return judges[0]!.sql(warehouse, ...statements)
}

async function sparkRows(query: string): Promise<(string | null)[][]> {
  return (await judges[0]!.query(warehouse, query)).sort((a, b) =>
    `${a[0]}`.localeCompare(`${b[0]}`, 'en', { numeric: true }),
  )
}

async function everyEngineReads(
  name: string,
  table: Table,
  ref: string,
  expected: readonly PlainRow[],
): Promise<void> {
  const lines = expected.map((row) => canonicalRow(row, table.schema.fields))
  expect(difference(await linesOf(table.scan({ at: { ref } })), lines), `Moraine at ${ref}`).toEqual(sameRows)
  agreed(name, 'moraine', lines.length)
  const snapshot = `${table.refs.get(ref)!.snapshotId}`
  for (const judge of judges) {
    const verdict = await judge.read({ ...placeOf(table), ...(ref === 'main' ? {} : { ref, snapshot }) })
    if ('error' in verdict) throw new Error(`${judge.engine} at ${ref}: ${verdict.error}`)
    expect(difference(verdict.lines, lines), `${judge.engine} at ${ref}`).toEqual(sameRows)
    agreed(name, judge.engine, lines.length)
  }
}
