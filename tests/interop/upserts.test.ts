/** Tables after random histories of our upserts and deletes, read and gone on with by other engines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, schema, type Table, t } from '../../index.ts'
import { UpsertHistory } from '../upserts/upsert-history.ts'
import { canonicalRow, difference, linesOf, sameRows } from './canonical.ts'
import { type Engine, enginesInstalled, type Judge, placeOf, startJudge } from './judge.ts'
import { agreed, printMatrix } from './matrix.ts'

const histories = Number(process.env['MORAINE_HISTORIES'] ?? 5)
const firstSeed = Number(process.env['MORAINE_SEED'] ?? 1)
const engines: readonly Engine[] = ['spark', 'pyiceberg', 'duckdb']

let folder: string
let judges: readonly Judge[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-upserts-'))
  judges = await Promise.all(engines.map((engine) => startJudge(engine, folder)))
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await Promise.all(judges.map((judge) => judge.close()))
  await rm(folder, { recursive: true })
})

describe.skipIf(!enginesInstalled)('after upserts and deletes', () => {
  for (const version of [2, 3] as const) {
    test(`every engine reads what a model says in ${histories} histories of version ${version}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
        const history = new UpsertHistory(seed, version, { equality: false })
        await history.run({ uri: join(folder, `v${version}-${seed}`) })
        const { table, rows } = history
        const lines = rows.map((row) => canonicalRow({ ...row }, table.schema.fields))
        expect(difference(await linesOf(table.scan()), lines)).toEqual(sameRows)
        for (const judge of judges) {
          const verdict = await judge.read(placeOf(table))
          if ('error' in verdict) throw new Error(`seed ${seed}, ${judge.engine}: ${verdict.error}`)
          expect(difference(verdict.lines, lines), `seed ${seed}, ${judge.engine}`).toEqual(sameRows)
          agreed(`upserts v${version}`, judge.engine, lines.length)
        }
      }
    })

    test(`Spark reads what a model says in ${histories} histories with equality deletes of version ${version}`, async () => {
      for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
        const history = new UpsertHistory(seed, version)
        await history.run({ uri: join(folder, `equality-v${version}-${seed}`) })
        const { table, rows } = history
        const verdict = await judges[0]!.read(placeOf(table))
        if ('error' in verdict) throw new Error(`seed ${seed}: ${verdict.error}`)
        const lines = rows.map((row) => canonicalRow({ ...row }, table.schema.fields))
        expect(difference(verdict.lines, lines), `seed ${seed}`).toEqual(sameRows)
        agreed(`equality deletes v${version}`, 'spark', lines.length)
      }
    })

    test(`Spark merges and deletes, and we go on, in version ${version}`, async () => {
      const warehouse = join(folder, 'turns')
      const lake = await connect(warehouse)
      const name = `turns_v${version}`
      let table = (await lake.createTable(['u', name], {
        schema: schema({ id: t.long().required(), name: t.string() }),
        identifierFields: ['id'],
        properties: {
          'format-version': String(version),
          'write.merge.mode': 'merge-on-read',
          'write.delete.mode': 'merge-on-read',
        },
      })) as unknown as Table
      const rows = (from: number, count: number, word: string) =>
        Array.from({ length: count }, (_, i) => ({ id: from + i, name: `${word} ${from + i}` }))
      table = await table.append(rows(0, 10, 'first'))
      table = await table.upsert(rows(5, 10, 'second'))
      const spark = judges[0]!
      await spark.sql(
        warehouse,
        `merge into lake.u.${name} t using (select explode(array(4L, 7L, 30L)) as id, 'spark' as name) s on t.id = s.id
           when matched then update set name = s.name when not matched then insert *`,
        `delete from lake.u.${name} where id in (0, 8)`,
      )
      table = (await lake.loadTable(['u', name])) as unknown as Table
      table = await table.upsert([
        { id: 7, name: 'third' },
        { id: 8, name: 'third' },
        { id: 30, name: 'third' },
      ])
      table = await table.delete([{ id: 1 }])
      const found = (await spark.query(warehouse, `select id, name from lake.u.${name}`)).map(String).sort()
      const expected = [
        ...rows(2, 2, 'first'),
        { id: 4, name: 'spark' },
        ...rows(5, 2, 'second'),
        { id: 7, name: 'third' },
        { id: 8, name: 'third' },
        ...rows(9, 6, 'second'),
        { id: 30, name: 'third' },
      ]
      expect(found).toEqual(expected.map((row) => `${row.id},${row.name}`).sort())
      if (version === 2) return
      const lineage = 'id, _row_id, _last_updated_sequence_number'
      const theirs = (await spark.query(warehouse, `select ${lineage} from lake.u.${name}`))
        .map(String)
        .sort()
      const ours: string[] = []
      for await (const row of table
        .scan({ select: ['id', '_row_id', '_last_updated_sequence_number'] })
        .rows()) {
        ours.push(Object.values(row).join())
      }
      expect(ours.sort()).toEqual(theirs)
      await lake.close()
    })
  }
})
