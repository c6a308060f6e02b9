import { describe, expect, test } from 'vitest'
import {
  bucket,
  day,
  desc,
  hour,
  type Lake,
  type Table,
  type TableEvolution,
  t,
  truncate,
} from '../../index.ts'
import { everyShape } from './every-shape.ts'
import { enginesInstalled, type Judge } from './judge.ts'
import { agreed } from './matrix.ts'
import { withSparkLake } from './spark-lake.ts'

let warehouse: string
let lake: Lake
let spark: Judge

withSparkLake('same', (made) => {
  ;({ warehouse, lake, spark } = made)
})

describe.skipIf(!enginesInstalled)('the same evolution by Moraine and by Spark', () => {
  test.each([1, 2, 3])(
    'comes to the same schemas, specs, orders and properties, format v%i',
    async (version) => {
      const [ours, theirs] = [`ours_v${version}`, `theirs_v${version}`]
      for (const name of [ours, theirs]) await create(name, version)
      let compared = 0
      for (const [change, sql] of sameChanges) {
        const table = (await lake.loadTable(['db', ours])) as Table
        const evolved = await change(table.update()).commit()
        await spark.sql(warehouse, `alter table lake.db.${theirs} ${sql}`)
        const other = (await lake.loadTable(['db', theirs])) as Table
        expect.soft(structureOf(evolved), sql).toEqual(structureOf(other))
        compared++
      }
      agreed(`same_v${version}`, 'spark metadata', compared)
    },
  )
})

async function create(name: string, version: number): Promise<void> {
  await lake.createTable(['db', name], everyShape(version))
}

const mapping = JSON.stringify([
  { 'field-id': 1, names: ['id'] },
  { 'field-id': 3, names: ['n', 'count'] },
  { 'field-id': 7, names: ['c'], fields: [{ 'field-id': 10, names: ['a'] }] },
])

const sameChanges: readonly (readonly [(update: TableEvolution<Table>) => TableEvolution<Table>, string])[] =
  [
    [
      (u) =>
        u.setProperties({
          'schema.name-mapping.default': mapping,
          'write.metadata.metrics.column.n': 'full',
          'write.metadata.metrics.column.f': 'none',
        }),
      `set tblproperties ('schema.name-mapping.default' = '${mapping}', 'write.metadata.metrics.column.n' = 'full',
       'write.metadata.metrics.column.f' = 'none')`,
    ],
    [(u) => u.addColumn('x', t.string().doc('new')), `add column x string comment 'new'`],
    [
      (u) =>
        u
          .addColumn('s', t.struct({ p: t.int(), q: t.list(t.struct({ r: t.date() })) }))
          .addColumn('y', t.map(t.string(), t.int()))
          .moveColumn('y', { after: 'id' }),
      'add columns (s struct<p: int, q: array<struct<r: date>>>, y map<string, int> after id)',
    ],
    [(u) => u.addColumn('c.z', t.int()), 'add column c.z int'],
    [(u) => u.addColumn('l.v', t.double()), 'add column l.element.v double'],
    [(u) => u.addColumn('m.u', t.string()), 'add column m.value.u string'],
    [(u) => u.renameColumn('n', 'count'), 'rename column n to count'],
    [(u) => u.renameColumn('c.a', 'first'), 'rename column c.a to first'],
    [(u) => u.widenColumn('count', t.long()), 'alter column count type bigint'],
    [(u) => u.widenColumn('d', t.decimal(12, 2)), 'alter column d type decimal(12, 2)'],
    [(u) => u.widenColumn('m.value.w', t.double()), 'alter column m.value.w type double'],
    [(u) => u.moveColumn('x', 'first'), 'alter column x first'],
    [(u) => u.moveColumn('c.z', { after: 'c.first' }), 'alter column c.z after first'],
    [(u) => u.setColumnDoc('count', 'how many'), `alter column count comment 'how many'`],
    [(u) => u.setIdentifierFields(['must']), 'set identifier fields must'],
    [(u) => u.setIdentifierFields([]), 'drop identifier fields must'],
    [(u) => u.makeColumnOptional('must'), 'alter column must drop not null'],
    [(u) => u.dropColumn('f'), 'drop column f'],
    [(u) => u.dropColumn('s.q'), 'drop column s.q'],
    [(u) => u.addColumn('f', t.float()), 'add column f float'],
    [(u) => u.addPartitionField(truncate('x', 2)), 'add partition field truncate(2, x)'],
    [
      (u) => u.addPartitionField(bucket('count', 8, 'eight')),
      'add partition field bucket(8, count) as eight',
    ],
    [(u) => u.removePartitionField(day('at')), 'drop partition field days(at)'],
    [(u) => u.addPartitionField(hour('at')), 'add partition field hours(at)'],
    [(u) => u.removePartitionField('x_trunc_2'), 'drop partition field x_trunc_2'],
    [(u) => u.addPartitionField(truncate('x', 2)), 'add partition field truncate(2, x)'],
    [(u) => u.addPartitionField('must'), 'add partition field must'],
    [
      (u) => u.removePartitionField(hour('at')).addPartitionField(day('at')),
      'replace partition field hours(at) with days(at)',
    ],
    [
      (u) => u.removePartitionField('eight').addPartitionField(bucket('count', 4)),
      'replace partition field eight with bucket(4, count)',
    ],
    [(u) => u.replaceSortOrder([desc('count'), 'x']), 'write ordered by count desc, x'],
    [(u) => u.replaceSortOrder([]), 'write unordered'],
    [(u) => u.replaceSortOrder(['id']), 'write ordered by id'],
    [(u) => u.renameColumn('x', 'w'), 'rename column x to w'],
    [(u) => u.removePartitionField(truncate('w', 2)), 'drop partition field truncate(2, w)'],
    [(u) => u.dropColumn('w'), 'drop column w'],
    [(u) => u.setProperties({ 'format-version': '3' }), `set tblproperties ('format-version' = '3')`],
  ]

/** What an evolution leaves, but for the name mapping's order. */
function structureOf({ metadata }: Table) {
  const { schemas, partitionSpecs, sortOrders, properties } = metadata
  const names = properties['schema.name-mapping.default'] ?? '[]'
  return {
    schemas: schemas.map((known) => JSON.parse(JSON.stringify(known))),
    currentSchemaId: metadata.currentSchemaId,
    lastColumnId: metadata.lastColumnId,
    partitionSpecs,
    defaultSpecId: metadata.defaultSpecId,
    lastPartitionId: metadata.lastPartitionId,
    sortOrders,
    defaultSortOrderId: metadata.defaultSortOrderId,
    formatVersion: metadata.formatVersion,
    metrics: Object.entries(properties)
      .filter(([name]) => name.startsWith('write.metadata.metrics.column.'))
      .sort(),
    mapping: sortedMapping(JSON.parse(names)),
  }
}

interface MappingJson {
  readonly 'field-id': number
  readonly names: readonly string[]
  readonly fields?: readonly MappingJson[]
}

function sortedMapping(entries: readonly MappingJson[]): unknown {
  return [...entries]
    .sort((a, b) => a['field-id'] - b['field-id'])
    .map((entry) => ({
      ...entry,
      names: [...entry.names].sort(),
      fields: sortedMapping(entry.fields ?? []),
    }))
}
