import { describe, expect, test } from 'vitest'
import { parseColumn, parseType } from '../../cli/column-text.ts'
import { connect, day, fieldsById, isMoraineError, schema, type Table, t, typeToString } from '../../index.ts'
import { moraine, output, scratchFolder } from './shell.ts'

/** A lake with the table `shop.orders`, of one row. */
async function shop(): Promise<string> {
  const { folder, table } = await emptyShop()
  await table.append([{ id: 1, amount: 7, at: '2026-11-25T08:00:00Z', customer: { name: 'Ada', zip: 'x' } }])
  return folder
}

async function emptyShop() {
  const folder = await scratchFolder()
  const table = await (await connect(folder)).createTable('shop.orders', {
    schema: schema({
      id: t.long(),
      amount: t.long(),
      at: t.timestamptz(),
      customer: t.struct({ name: t.string(), zip: t.string() }),
    }),
    partitionBy: [day('at')],
  })
  return { folder, table }
}

const load = async (lake: string): Promise<Table> => (await connect(lake)).loadTable('shop.orders')
const columns = ({ schema }: Table) =>
  [...fieldsById(schema).values()].map(({ field, path }) => `${path.join('.')} ${field.type.kind}`)

test('evolve makes all changes in one commit, and tells what the table is now', async () => {
  const lake = await shop()
  const before = await load(lake)
  const flags = [
    ...['--add', 'coupon string', '--add', 'customer.tags list<int>', '--add', '"odd, name" decimal(9, 2)'],
    ...['--rename', 'amount=total', '--doc', 'total=in cents', '--move', 'coupon after id'],
    ...[
      '--drop',
      'customer.name',
      '--partition-add',
      'bucket(4, id) as shard',
      '--partition-drop',
      'day(at)',
    ],
    ...['--sort-by', 'total desc, id', '--set', 'team=x=y', '--unset', 'none'],
  ]
  const told = JSON.parse(await output('evolve', 'shop.orders', '-c', lake, '-f', 'json', ...flags))
  const after = await load(lake)
  expect(told).toEqual({
    evolved: 'shop.orders',
    changed: true,
    schema_id: 1,
    partition_spec_id: 1,
    sort_order_id: 1,
    format_version: 2,
    metadata: after.metadataLocation,
  })
  expect(after.metadata.metadataLog).toHaveLength(before.metadata.metadataLog.length + 1)
  expect(columns(after)).toEqual([
    'id long',
    'coupon string',
    'total long',
    'at timestamptz',
    'customer struct',
    'customer.zip string',
    'customer.tags list',
    'customer.tags.element int',
    'odd, name decimal',
  ])
  expect(after.schema.fields[2]?.doc).toBe('in cents')
  expect(after.partitionSpec.fields.map(({ name }) => name)).toEqual(['shard'])
  expect(after.sortOrder.fields.map(({ direction }) => direction)).toEqual(['desc', 'asc'])
  expect(after.properties['team']).toBe('x=y')
  expect(await output('scan', 'shop.orders', '-c', lake, '--select', 'total,coupon', '-f', 'csv')).toBe(
    'coupon,total\n,7\n',
  )
})

test('evolve upgrades to format version 3 and gives defaults in one go', async () => {
  const lake = await shop()
  const run = (...flags: string[]) => output('evolve', 'shop.orders', '-c', lake, ...flags)
  await run(
    '--format-version',
    '3',
    '--add',
    'state string required default brand new',
    '--add',
    'n int default 5',
  )
  await run('--default', 'n=6', '--default', 'state=', '--widen', 'n=long', '--optional', 'state')
  const { fields } = await load(lake).then(({ schema }) => schema)
  expect(fields.slice(-2)).toMatchObject([
    { name: 'state', required: false, initialDefault: 'brand new' },
    { name: 'n', initialDefault: 5n, writeDefault: 6n },
  ])
  expect(fields.at(-2)).not.toHaveProperty('writeDefault')
  await run('--require', 'id', '--allow-incompatible')
  await run('--identifier', 'id')
  await run('--identifier', '', '--sort-by', '')
})

test('evolve says when nothing has changed', async () => {
  const lake = await shop()
  const args = ['evolve', 'shop.orders', '-c', lake, '-f', 'json', '--rename', 'id=id']
  expect(JSON.parse(await output(...args))).toMatchObject({ changed: false, schema_id: 0 })
})

test.each([
  [[], 'nothing to change'],
  [['--rename', 'amount'], '--rename: expected OLD=NEW'],
  [['--move', 'amount last'], '--move: expected "COLUMN first"'],
  [['--widen', 'amount=number'], '--widen: expected a type (boolean, int'],
  [['--add', 'coupon'], '--add: expected a name and a type'],
  [['--drop', 'a,b'], '--drop: expected one column'],
  [['--drop', 'at'], "partition field 'at_day'"],
  [
    ['--require', 'id'],
    "--require: column 'id' may be null in rows that are there; give --allow-incompatible",
  ],
  [['--set', 'x'], '--set: expected NAME=VALUE'],
  [['--partition-add', 'week(at)'], '--partition-add: expected one of'],
  [['--format-version', '1'], 'only goes up'],
])('evolve %j is wrong use, and says what', async (flags, text) => {
  const { folder } = await emptyShop()
  const { code, stderr } = await moraine(['evolve', 'shop.orders', '-c', folder, ...flags])
  expect(stderr).toContain(text)
  expect(code).toBe(2)
})

describe('a type as people type it', () => {
  test.each([
    ['long', 'long'],
    ['decimal(9,2)', 'decimal(9, 2)'],
    ['FIXED[16]', 'fixed[16]'],
    ['timestamptz_ns', 'timestamptz_ns'],
    ['list<list< string >>', 'list<list<string>>'],
    ['map<string,double>', 'map<string, double>'],
    ['struct<a: int, b: list<date>>', 'struct<0: a: optional int, 0: b: optional list<date>>'],
  ])('%s is %s', (text, expected) => {
    expect(typeToString(parseType(text, '--add').type)).toBe(expected)
  })

  test.each([
    '',
    'lon',
    'decimal',
    'decimal(9',
    'decimal(a, 2)',
    'list<int',
    'list int',
    'struct<>',
    'int long',
    'map<int>',
  ])('%j is none', (text) => {
    expect(() => parseType(text, '--add')).toThrowError(
      expect.toSatisfy((error) => isMoraineError(error, 'INVALID_ARGUMENT')),
    )
  })

  test('stands behind a name, before what else is to be said', () => {
    expect(parseColumn('"a.b" int required', '--add')).toMatchObject({
      column: ['a.b'],
      type: { optional: false },
    })
    expect(parseColumn('a.b date default 2026-11-25', '--add')).toMatchObject({
      column: 'a.b',
      type: { optional: true, defaultValue: '2026-11-25' },
    })
  })
})

test('evolve refuses a decimal that no reader could load, and the table stays as it is', async () => {
  const { folder } = await emptyShop()
  const before = await load(folder)
  const { code, stderr } = await moraine(['evolve', 'shop.orders', '-c', folder, '--add', 'd decimal(50,2)'])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/1 to 38/)
  expect((await load(folder)).metadataLocation).toBe(before.metadataLocation)
})
