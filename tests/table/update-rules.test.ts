import { describe, expect, it } from 'vitest'
import {
  bucket,
  type CreateTableOptions,
  day,
  fieldsById,
  gtEq,
  hour,
  schema,
  type Table,
  type TableEvolution,
  t,
  transformToString,
} from '../../index.ts'
import { code, memoryLake, rowsOf } from './support.ts'

const columns = schema({
  id: t.long().required(),
  amount: t.int(),
  price: t.decimal(6, 2),
  at: t.timestamptz(),
  on: t.date(),
  customer: t.struct({ name: t.string(), address: t.struct({ city: t.string() }) }),
  items: t.list(t.struct({ sku: t.string() })),
  attributes: t.map(t.string(), t.struct({ weight: t.float() })),
  byPlace: t.map(t.struct({ zip: t.int() }), t.long()),
})
type Options = Partial<CreateTableOptions<typeof columns>>
type Update = TableEvolution<Table>

async function orders(options: Options = {}) {
  const { lake } = await memoryLake()
  return lake.createTable('shop.orders', { schema: columns, ...options })
}

async function filledOrders(options: Options = {}) {
  return (await orders(options)).append([{ id: 1, amount: 7, price: '1.50', customer: { name: 'Ada' } }])
}

async function failureOf(table: Table, change: (update: Update) => Update): Promise<unknown> {
  try {
    await change(table.update()).commit()
  } catch (error) {
    return error
  }
  return undefined
}

const fields = (table: Table) =>
  table.partitionSpec.fields.map((f) => `${f.fieldId} ${f.name} ${transformToString(f.transform)}`)

const v3 = { properties: { 'format-version': '3' } }
const byDay = { partitionBy: [day('at')] }
const twice = { partitionBy: [day('at'), 'amount'] }
const identified = { identifierFields: ['id'] }

const NAMES = 'Schemas: names are unique'
const EVOLUTION = 'Schema Evolution'
const PROMOTIONS = 'Schema Evolution: valid type promotions'
const REQUIRED = 'Schema Evolution: optional cannot become required'
const SOURCE = 'Schema Evolution: promotion of a partition source'
const DEFAULTS = 'Default values'
const EXTENDED = 'Version 3: Extended Types and Capabilities'
const IDENTIFIERS = 'Identifier Field IDs'
const PARTITIONS = 'Partition Evolution'
const FIELD_NAMES = 'Partition Specs: field names'

describe('Table.update refuses', () => {
  it.each<[string, string, string, (u: Update) => Update, Options?]>([
    ['a name that is there', NAMES, 'exists already', (u) => u.addColumn('id', t.int())],
    ['a nested name that is there', NAMES, 'exists already', (u) => u.addColumn('items.sku', t.int())],
    ['a full name twice', NAMES, 'exists already', (u) => u.addColumn(['customer.name'], t.int())],
    ['a new name that is there', NAMES, "cannot become 'at'", (u) => u.renameColumn('id', 'at')],
    ['a column in a number', EVOLUTION, 'structs only', (u) => u.addColumn('amount.x', t.int())],
    ['dropping an element', EVOLUTION, 'element of a list', (u) => u.dropColumn('items.element')],
    ['dropping a value', EVOLUTION, 'value of a map', (u) => u.dropColumn('attributes.value')],
    ['renaming a key', EVOLUTION, 'key of a map', (u) => u.renameColumn('attributes.key', 'k')],
    ['a doc for a key', EVOLUTION, 'keys of maps', (u) => u.setColumnDoc('attributes.key', 'k')],
    ['adding to a key', EVOLUTION, 'keys of maps', (u) => u.addColumn('byPlace.key.x', t.int())],
    ['widening in a key', EVOLUTION, 'keys of maps', (u) => u.widenColumn('byPlace.key.zip', t.long())],
    ['moving before itself', EVOLUTION, 'itself', (u) => u.moveColumn('id', { before: 'id' })],
    ['moving out', EVOLUTION, 'different', (u) => u.moveColumn('id', { after: 'customer.name' })],
    ['a narrower type', PROMOTIONS, 'no other type', (u) => u.widenColumn('id', t.int())],
    ['another scale', PROMOTIONS, 'same scale', (u) => u.widenColumn('price', t.decimal(9, 3))],
    ['fewer digits', PROMOTIONS, 'more digits', (u) => u.widenColumn('price', t.decimal(4, 2))],
    ['a timestamp before version 3', PROMOTIONS, 'version 3', (u) => u.widenColumn('on', t.timestamp())],
    ['a timestamptz', PROMOTIONS, 'with a zone', (u) => u.widenColumn('on', t.timestamptz()), v3],
    ['union of kinds', PROMOTIONS, 'there', (u) => u.unionByName(schema({ id: t.list(t.int()) }))],
    ['optional to required', REQUIRED, 'allowIncompatible', (u) => u.requireColumn('amount')],
    ['required without default', DEFAULTS, 'default', (u) => u.addColumn('x', t.int().required())],
    ['a default in version 2', DEFAULTS, 'version 3', (u) => u.addColumn('x', t.int().default(1))],
    ['a write default in version 2', DEFAULTS, 'version 3', (u) => u.setColumnDefault('amount', 1)],
    ['a default of a struct', DEFAULTS, 'primitive', (u) => u.setColumnDefault('customer', {}), v3],
    ['a type of version 3', EXTENDED, 'version 3', (u) => u.addColumn('x', t.unknown())],
    ['an optional identifier', IDENTIFIERS, 'be required', (u) => u.setIdentifierFields(['amount'])],
    ['a repeated identifier', IDENTIFIERS, 'list', (u) => u.setIdentifierFields(['items.element.sku'])],
    ['dropping an identifier', IDENTIFIERS, 'is an identifier', (u) => u.dropColumn('id'), identified],
    ['an optional id', IDENTIFIERS, 'required', (u) => u.makeColumnOptional('id'), identified],
    ['dropping a partition source', PARTITIONS, "'at_day'", (u) => u.dropColumn('at'), byDay],
    [
      'dropping a sort column',
      'Sorting',
      'sort order',
      (u) => u.dropColumn('amount'),
      { sortBy: ['amount'] },
    ],
    ['a field’s name', FIELD_NAMES, 'partition field', (u) => u.addColumn('at_day', t.int()), byDay],
    [
      'a promotion that changes partitions, also of an earlier spec',
      SOURCE,
      'would change',
      (u) => u.removePartitionField('on').widenColumn('on', t.timestamp()),
      { ...v3, partitionBy: ['on'] },
    ],
    ['a term twice', PARTITIONS, "already, 'at_day'", (u) => u.addPartitionField(day('at')), byDay],
    [
      'two units of time',
      PARTITIONS,
      'redundant',
      (u) => u.addPartitionField(day('at')).addPartitionField(hour('at')),
    ],
    ['a name twice', PARTITIONS, 'another', (u) => u.addPartitionField(bucket('id', 4, 'at_day')), byDay],
    ['a taken new name', PARTITIONS, 'another', (u) => u.renamePartitionField('amount', 'at_day'), twice],
    ['removing no field', PARTITIONS, 'are: at_day', (u) => u.removePartitionField('x'), byDay],
    ['removing no term', PARTITIONS, 'by hour(at)', (u) => u.removePartitionField(hour('at')), byDay],
    ['renaming no field', PARTITIONS, 'not partitioned', (u) => u.renamePartitionField('x', 'y')],
    ['another’s name', 'Partitioning', 'not its source', (u) => u.addPartitionField(bucket('id', 4, 'at'))],
    ['day of a long', 'Partitioning', 'cannot apply day', (u) => u.addPartitionField(day('id'))],
    ['a repeated source', 'Partitioning', 'list or map', (u) => u.addPartitionField('items.element.sku')],
    ['sorting by a struct', 'Sorting', 'primitive', (u) => u.replaceSortOrder(['customer'])],
  ])('%s, and says the rule', async (_, rule, text, change, options) => {
    const table = await orders(options)
    const error = await failureOf(table, change)
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { rule } })
    expect(error).toHaveProperty('message', expect.stringContaining(text))
    expect((await table.refresh()).metadataLocation).toBe(table.metadataLocation)
  })

  it('a struct that holds an identifier, by the name that was dropped', async () => {
    const { lake } = await memoryLake()
    const table = (await lake.createTable('shop.orders', {
      schema: schema({ key: t.struct({ id: t.long().required() }).required(), x: t.int() }),
      identifierFields: ['key.id'],
    })) as Table
    const error = await failureOf(table, (u) => u.dropColumn('key'))
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining("'key' holds the identifier field key.id"),
    )
  })

  it.each<[string, string, string, (u: Update) => Update]>([
    ['an unknown column', 'INVALID_ARGUMENT', "mean 'amount'?", (u) => u.dropColumn('amout')],
    ['a column of another case', 'INVALID_ARGUMENT', "mean 'id'", (u) => u.dropColumn('ID')],
    ['a lower format version', 'INVALID_ARGUMENT', 'only goes up', (u) => u.upgradeFormatVersion(1)],
    ['format version 4', 'UNSUPPORTED', 'version 4', (u) => u.setProperties({ 'format-version': '4' })],
    ['no format version', 'INVALID_ARGUMENT', 'two', (u) => u.setProperties({ 'format-version': 'two' })],
    ['a reserved property', 'INVALID_ARGUMENT', 'reserved', (u) => u.setProperties({ uuid: 'x' })],
    [
      'a property that does not parse',
      'INVALID_ARGUMENT',
      'integer',
      (u) => u.setProperties({ 'commit.retry.num-retries': 'x' }),
    ],
    [
      'metrics of no column',
      'INVALID_ARGUMENT',
      'does not exist',
      (u) => u.setProperties({ 'write.metadata.metrics.column.x': 'full' }),
    ],
    ['another location', 'UNSUPPORTED', 'cannot move', (u) => u.setLocation('memory://lake/x')],
    ['a metadata path', 'UNSUPPORTED', 'path', (u) => u.setProperties({ 'write.metadata.path': 'x' })],
  ])('%s', async (_, expected, text, change) => {
    const error = await failureOf(await orders(), change)
    expect(error).toMatchObject({ code: expected })
    expect(error).toHaveProperty('message', expect.stringContaining(text))
  })

  it('all of it when one change is refused', async () => {
    const table = await orders()
    const update = table.update().addColumn('x', t.int()).setProperties({ a: 'b' }).dropColumn('no such')
    await expect(update.commit()).rejects.toThrow(code('INVALID_ARGUMENT'))
    expect((await table.refresh()).metadataLocation).toBe(table.metadataLocation)
  })

  it('what only allowIncompatible allows', async () => {
    const table = await filledOrders()
    const evolved = await table
      .update()
      .requireColumn('amount', { allowIncompatible: true })
      .addColumn('x', t.int().required(), { allowIncompatible: true })
      .commit()
    const required = evolved.schema.fields.filter((field) => field.required)
    expect(required.map(({ name }) => name)).toEqual(['id', 'amount', 'x'])
    await expect(rowsOf(evolved.scan({ select: ['x'] }))).rejects.toThrow("column 'x' is required")
  })
})

describe('Table.update allows', () => {
  it('dropping an identifier, partition source and sort column that is none after the update', async () => {
    const table = await filledOrders({ ...identified, ...twice, sortBy: ['at'] })
    const evolved = await table
      .update()
      .dropColumn('id')
      .dropColumn('at')
      .setIdentifierFields([])
      .removePartitionField(day('at'))
      .replaceSortOrder(['price'])
      .commit()
    expect(fields(evolved)).toEqual(['1001 amount identity'])
    expect(await rowsOf(evolved.scan({ select: ['amount'] }))).toEqual([{ amount: 7 }])
  })

  it('a dropped name again, as another column', async () => {
    const table = await filledOrders()
    const evolved = await table.update().dropColumn('amount').addColumn('amount', t.string()).commit()
    expect(await rowsOf(evolved.scan({ select: ['amount'] }))).toEqual([{ amount: null }])
    const last = evolved.metadata.lastColumnId
    const dropped = await evolved.update().dropColumn('amount').commit()
    const again = await dropped.update().addColumn('amount', t.int()).commit()
    expect(again.schema.fields.at(-1)).toMatchObject({ name: 'amount', id: last + 1 })
  })

  it('terms over columns that the same update adds or renames', async () => {
    const table = await orders()
    const evolved = await table
      .update()
      .addPartitionField(bucket('total', 4))
      .replaceSortOrder(['coupon'])
      .addColumn('coupon', t.string())
      .renameColumn('amount', 'total')
      .commit()
    expect(fields(evolved)).toEqual(['1000 total_bucket_4 bucket[4]'])
    expect((await evolved.append([{ id: 2, total: 5, coupon: 'X' }])).snapshots).toHaveLength(1)
  })

  it('widening a date that is partitioned by its days', async () => {
    const table = await orders({ ...v3, partitionBy: [day('on')] })
    const rows = [{ id: 2, on: '2026-11-25' }]
    const evolved = await (await table.append(rows)).update().widenColumn('on', t.timestamp()).commit()
    const after = await evolved.append([{ id: 3, on: '2026-11-25T13:00:00' }])
    const where = gtEq('on', '2026-11-25T00:00:00')
    expect(await rowsOf(after.scan({ select: ['id'], where }))).toEqual([{ id: 3n }, { id: 2n }])
  })
})

describe('Table.update keeps what names columns', () => {
  it('in properties, for columns that are renamed or dropped, and those inside of them', async () => {
    const table = await orders({
      properties: {
        'write.metadata.metrics.column.amount': 'full',
        'write.metadata.metrics.column.customer.name': 'counts',
        'write.metadata.metrics.column.at': 'none',
        'write.parquet.bloom-filter-enabled.column.id': 'true',
      },
    })
    const evolved = await table
      .update()
      .renameColumn('amount', 'total')
      .renameColumn('customer', 'buyer')
      .renameColumn('id', 'key')
      .dropColumn('at')
      .commit()
    expect({ ...evolved.properties }).toEqual({
      'write.metadata.metrics.column.total': 'full',
      'write.metadata.metrics.column.buyer.name': 'counts',
      'write.parquet.bloom-filter-enabled.column.key': 'true',
      'write.parquet.compression-codec': 'zstd',
    })
  })

  it('in the name mapping: files keep their names for columns, and new names are taken from others', async () => {
    const table = await orders()
    const idOf = (name: string) =>
      [...fieldsById(table.schema).values()].find(({ path }) => path.join('.') === name)?.field.id
    const mapping = [
      { 'field-id': idOf('id'), names: ['id'] },
      { 'field-id': idOf('amount'), names: ['amount', 'total'] },
      {
        'field-id': idOf('customer'),
        names: ['customer'],
        fields: [{ 'field-id': idOf('customer.name'), names: ['name'] }],
      },
    ]
    const text = JSON.stringify(mapping)
    const mapped = await table.update().setProperties({ 'schema.name-mapping.default': text }).commit()
    const evolved = await mapped
      .update()
      .renameColumn('id', 'key')
      .dropColumn('amount')
      .addColumn('total', t.list(t.int()))
      .renameColumn('customer.name', 'full name')
      .commit()
    const last = evolved.metadata.lastColumnId
    expect(JSON.parse(evolved.properties['schema.name-mapping.default']!)).toEqual([
      { ...mapping[0], names: ['id', 'key'] },
      { ...mapping[1], names: ['amount'] },
      { ...mapping[2], fields: [{ 'field-id': idOf('customer.name'), names: ['name', 'full name'] }] },
      { 'field-id': last - 1, names: ['total'], fields: [{ 'field-id': last, names: ['element'] }] },
    ])
  })

  it('leaves a name mapping alone that cannot be read', async () => {
    const table = await orders({ properties: { 'schema.name-mapping.default': 'nonsense' } })
    const evolved = await table.update().addColumn('x', t.int()).commit()
    expect(evolved.properties['schema.name-mapping.default']).toBe('nonsense')
  })
})

describe('Table.update with unionByName', () => {
  it('adds, widens and loosens, and takes nothing away', async () => {
    const table = await orders()
    const wanted = schema({
      id: t.int(),
      amount: t.long(),
      price: t.decimal(5, 2),
      customer: t.struct({ phone: t.string().required(), address: t.struct({ zip: t.int() }) }),
      items: t.list(t.struct({ count: t.int() })),
      extra: t.map(t.string(), t.int()),
    })
    const evolved = await table.update().unionByName(wanted).commit()
    const texts = [...fieldsById(evolved.schema).values()].map(
      ({ field, path }) => `${path.join('.')} ${field.required ? 'required' : 'optional'} ${field.type.kind}`,
    )
    expect(texts).toEqual(
      expect.arrayContaining([
        'id optional long',
        'amount optional long',
        'price optional decimal',
        'customer.name optional string',
        'customer.phone optional string',
        'customer.address.zip optional int',
        'items.element.sku optional string',
        'items.element.count optional int',
        'extra.value optional int',
        'at optional timestamptz',
      ]),
    )
    const again = await evolved.update().unionByName(wanted).commit()
    expect(again.metadataLocation).toBe(evolved.metadataLocation)
  })
})
