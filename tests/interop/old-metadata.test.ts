import { describe, expect, test } from 'vitest'
import { identity, type Lake, schema, type Table, t } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import { asFirstWriters, rewriteMetadata } from '../readers/rewritten-table.ts'
import { canonicalRow, difference, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled, type Judge, placeOf } from './judge.ts'
import { agreed } from './matrix.ts'
import type { PlainRow } from './samples.ts'
import { withSparkLake } from './spark-lake.ts'
import { range } from './subjects.ts'

const store = new FileStore({})
let warehouse: string
let lake: Lake
let spark: Judge

withSparkLake('old', (made) => {
  ;({ warehouse, lake, spark } = made)
})

describe.skipIf(!enginesInstalled)('a table of the first v1 writers', () => {
  test('is one table for Spark and us, through all versions', async () => {
    const name = 'first_v1'
    const created = await create(name, 1)
    const filled = await (await created.append(rowsFrom(0))).append(rowsFrom(10))
    await asFirstWriters(store, filled)
    // Iceberg Java 1.12 reads a table without one, but Spark does not.
    await rewriteMetadata(store, filled, () => ({ 'table-uuid': filled.metadata.tableUuid }))
    let rows = [...rowsFrom(0), ...rowsFrom(10)]
    await compare(name, rows)
    const grow = async (from: number, write: () => Promise<unknown>) => {
      await write()
      rows = [...rows, ...rowsFrom(from)]
      await compare(name, rows)
    }
    const mine = (from: number) => async () =>
      (await lake.loadTable(['db', name])).append(rowsFrom(from) as never)
    const theirs = (from: number) => () =>
      spark.sql(
        warehouse,
        `insert into lake.db.${name} select id, if(id % 4 = 3, null, concat('part ', id % 2)), if(id % 3 = 2, null, cast(id as decimal(9, 2)))
           from range(${from}, ${from + 10})`,
      )
    await grow(20, mine(20))
    await grow(30, theirs(30))
    for (const version of [2, 3]) {
      await spark.sql(
        warehouse,
        `alter table lake.db.${name} set tblproperties ('format-version' = '${version}')`,
      )
      await compare(name, rows)
      await grow(version * 100, mine(version * 100))
      await grow(version * 100 + 50, theirs(version * 100 + 50))
    }
    const { snapshots } = await lake.loadTable(['db', name])
    for (const [i, count] of [10, 20, 30, 40].entries()) {
      await compare(name, rows.slice(0, count), snapshots[i]!.snapshotId)
    }
  })
})

function create(name: string, version: number): Promise<Table> {
  return lake.createTable(['db', name], {
    schema: schema({ id: t.long().required(), part: t.string(), price: t.decimal(9, 2) }),
    partitionBy: [identity('part')],
    properties: { 'format-version': `${version}` },
  }) as unknown as Promise<Table>
}

function rowsFrom(from: number): PlainRow[] {
  return range(10).map((i) => ({
    id: BigInt(from + i),
    part: (from + i) % 4 === 3 ? null : `part ${(from + i) % 2}`,
    price: (from + i) % 3 === 2 ? null : `${from + i}.00`,
  }))
}

/** What Moraine and Spark read, now or of a snapshot, is `rows`. */
async function compare(name: string, rows: readonly PlainRow[], snapshotId?: bigint): Promise<void> {
  const table = await lake.loadTable(['db', name])
  const expected = rows.map((row) => canonicalRow(row, table.schema.fields))
  const scan = table.scan(snapshotId === undefined ? {} : { at: { snapshotId } })
  expect(difference(await linesOf(scan), expected), 'Moraine').toEqual(sameRows)
  agreed(name, 'moraine', expected.length)
  const ref = snapshotId === undefined ? {} : { ref: String(snapshotId) }
  const verdict = await spark.read({ ...placeOf(table), ...ref })
  if ('error' in verdict) throw new Error(verdict.error)
  expect(difference(verdict.lines, expected), 'Spark').toEqual(sameRows)
  agreed(name, 'spark', expected.length)
}
