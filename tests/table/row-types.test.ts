import { expectTypeOf, it } from 'vitest'
import { connect, type Row, type RowInput, type Schema, schema, type Table, t } from '../../index.ts'

const orders = schema({
  id: t.long().required(),
  city: t.string(),
  total: t.decimal(10, 2).required(),
  placed: t.timestamptz(),
  day: t.date().required(),
  tags: t.list(t.string().required()),
  notes: t.list(t.string()).required(),
  counts: t.map(t.string(), t.int().required()).required(),
  by: t.map(t.long(), t.double()),
  address: t.struct({ street: t.string().required(), number: t.int() }),
  lines: t.list(t.struct({ sku: t.uuid().required(), price: t.float() }).required()).required(),
  none: t.unknown(),
})

interface ReadRow {
  id: bigint
  city: string | null
  total: string
  placed: bigint | null
  day: string
  tags: string[] | null
  notes: (string | null)[]
  counts: Map<string, number>
  by: Map<bigint, number | null> | null
  address: { street: string; number: number | null } | null
  lines: { sku: string; price: number | null }[]
  none: null
}

it('a row is read with the types that its schema declares', () => {
  expectTypeOf<Row<typeof orders>>().toEqualTypeOf<ReadRow>()
})

it('a row is written with all that a column takes; optional columns may be left out', () => {
  type Input = RowInput<typeof orders>
  expectTypeOf<Input['id']>().toEqualTypeOf<bigint | number>()
  expectTypeOf<Input['city']>().toEqualTypeOf<string | null | undefined>()
  expectTypeOf<Input['total']>().toEqualTypeOf<string | bigint>()
  expectTypeOf<Input['placed']>().toEqualTypeOf<bigint | Date | string | null | undefined>()
  expectTypeOf<Input['day']>().toEqualTypeOf<string | Date>()
  expectTypeOf<Input['tags']>().toEqualTypeOf<Iterable<string> | null | undefined>()
  expectTypeOf<Input['notes']>().toEqualTypeOf<Iterable<string | null>>()
  expectTypeOf<string[]>().toExtend<NonNullable<Input['tags']>>()
  expectTypeOf<{ a: number }>().toExtend<Input['counts']>()
  expectTypeOf<Map<string, number>>().toExtend<Input['counts']>()
  expectTypeOf<[string, number][]>().toExtend<Input['counts']>()
  expectTypeOf<{ 1: number }>().not.toExtend<NonNullable<Input['by']>>()
  expectTypeOf<{ street: string }>().toExtend<NonNullable<Input['address']>>()
  expectTypeOf<{ number: number }>().not.toExtend<NonNullable<Input['address']>>()

  expectTypeOf<{
    id: number
    total: string
    day: string
    notes: string[]
    counts: Map<string, number>
    lines: { sku: string }[]
  }>().toExtend<Input>()
  expectTypeOf<{ id: number }>().not.toExtend<Input>()
  expectTypeOf<Omit<ReadRow, 'id'> & { id: string }>().not.toExtend<Input>()
})

it('what is read may be written again', () => {
  expectTypeOf<ReadRow>().toExtend<RowInput<typeof orders>>()
})

it('a created table has the row types of its schema, and one that is loaded any', async () => {
  const lake = await connect('memory:')
  const created = await lake.createTable('shop.orders', {
    schema: orders,
    properties: { 'format-version': '3' },
  })
  expectTypeOf(created).toEqualTypeOf<Table<Row<typeof orders>, RowInput<typeof orders>>>()
  expectTypeOf(created.scan().rows()).toEqualTypeOf<AsyncGenerator<ReadRow>>()
  // @ts-expect-error A required column is missing.
  await created.append([{ id: 1n }]).catch(() => undefined)
  // @ts-expect-error A column has another type.
  await created.append([{ id: 'one' }]).catch(() => undefined)

  const loaded = await lake.loadTable('shop.orders')
  expectTypeOf(loaded).toEqualTypeOf<Table>()
  expectTypeOf(loaded.scan().rows()).toEqualTypeOf<AsyncGenerator<Record<string, unknown>>>()
  const typed = await lake.loadTable<Row<typeof orders>, RowInput<typeof orders>>('shop.orders')
  expectTypeOf(typed).toEqualTypeOf<typeof created>()

  const plain: Schema = loaded.schema
  const untyped = await lake.createTable('shop.copy', {
    schema: plain,
    properties: { 'format-version': '3' },
  })
  expectTypeOf(untyped).toEqualTypeOf<Table>()
})
