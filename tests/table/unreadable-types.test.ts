import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyColumn, connect, type Lake, type Schema, schema, t } from '../../index.ts'
import { code } from './support.ts'

const wrongTypes: readonly (readonly [string, unknown])[] = [
  ['decimal(50, 2)', { kind: 'decimal', precision: 50, scale: 2 }],
  ['decimal(5, 10)', { kind: 'decimal', precision: 5, scale: 10 }],
  ['decimal(0, 0)', { kind: 'decimal', precision: 0, scale: 0 }],
  ['decimal(9, -2)', { kind: 'decimal', precision: 9, scale: -2 }],
  ['decimal(9.5, 2)', { kind: 'decimal', precision: 9.5, scale: 2 }],
  ['a decimal without scale', { kind: 'decimal', precision: 5 }],
  ['fixed[-3]', { kind: 'fixed', length: -3 }],
  ['fixed[1.5]', { kind: 'fixed', length: 1.5 }],
  ['a fixed without length', { kind: 'fixed' }],
  ['text as a length', { kind: 'fixed', length: '3' }],
  ['a geometry of an empty system', { kind: 'geometry', crs: '' }],
  ['a geography of a system with a comma', { kind: 'geography', crs: 'a, b, c' }],
  ['a kind that is none', { kind: 'varchar' }],
  ['a struct without fields', { kind: 'struct' }],
  ['no type', undefined],
]

const nestings: readonly ((type: unknown) => unknown)[] = [
  (type) => type,
  (type) => ({ kind: 'list', elementId: 2, elementRequired: false, element: type }),
  (type) => ({ kind: 'map', keyId: 2, key: { kind: 'int' }, valueId: 3, valueRequired: true, value: type }),
  (type) => ({ kind: 'struct', fields: [{ id: 2, name: 'member', required: false, type }] }),
]

const dataSchema = (type: unknown) =>
  ({ schemaId: 0, identifierFieldIds: [], fields: [{ id: 1, name: 'col', required: false, type }] }) as Schema

/** A column whose type did not come from `t`. */
const forged = (type: unknown) => ({ ...t.int(), type }) as AnyColumn

describe('a type that no reader takes', () => {
  it.each([
    ['t.decimal(50, 2)', () => t.decimal(50, 2), 'number 50'],
    ['t.decimal(5, 10)', () => t.decimal(5, 10), 'number 10'],
    ['t.decimal(0, 0)', () => t.decimal(0, 0), '1 to 38'],
    ['t.decimal(5)', () => (t.decimal as (precision: number) => unknown)(5), 'scale undefined'],
    ['t.fixed(-3)', () => t.fixed(-3), 'number -3'],
    ['t.fixed()', () => (t.fixed as () => unknown)(), 'undefined'],
    ['t.fixed(1.5)', () => t.fixed(1.5), 'number 1.5'],
    ["t.list('string')", () => t.list('string' as never), 't.long()'],
    ['t.map of t.string', () => t.map(t.string(), t.string as never), 't.long()'],
    ['t.struct(null)', () => t.struct(null as never), 'columns by name'],
  ])('is refused where it is declared: %s', (_, declare, mentioned) => {
    expect(declare).toThrowError(code('INVALID_ARGUMENT'))
    expect(declare).toThrowError(mentioned)
  })

  it.each(wrongTypes)('is refused before anything is written: %s, at any depth', async (_, wrong) => {
    const lake = await connect('memory:')
    const table = await lake.createTable('a.b', {
      schema: schema({ id: t.long() }),
      properties: { 'format-version': '3' },
    })
    for (const nest of nestings) {
      const type = nest(wrong)
      const created = lake.createTable('a.c', {
        schema: dataSchema(type),
        properties: { 'format-version': '3' },
      })
      await expect(created).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(created).rejects.toThrow(/'col/)
      expect(await lake.tableExists('a.c')).toBe(false)
      const evolved = table.update().addColumn('col', forged(type)).commit()
      await expect(evolved).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
    expect((await lake.loadTable('a.b')).metadataLocation).toBe(table.metadataLocation)
  })
})

/** What JavaScript may put in the place of a text, a number or a flag. */
const anything = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom(undefined, null, '', 'x', 1.5, 5n, true, Number.NaN, 2 ** 40),
)
const anyType = fc.oneof(
  fc.record({ kind: fc.constant('decimal'), precision: anything, scale: anything }),
  fc.record({ kind: fc.constant('fixed'), length: anything }),
  fc.record({ kind: fc.constant('geometry'), crs: anything }),
  fc.record({ kind: fc.constant('geography'), crs: anything, algorithm: anything }),
  fc.record({ kind: fc.constantFrom('int', 'uuid', 'variant', 'timestamp_ns', 'number', 'Int') }),
)

async function requireLoads(lake: Lake, change: () => Promise<unknown>): Promise<boolean> {
  const accepted = await change().then(
    () => true,
    () => false,
  )
  if (await lake.tableExists('a.b')) await lake.loadTable('a.b')
  return accepted
}

describe('whatever is accepted', () => {
  it('loads again: schemas, names, comments, properties and partition names', async () => {
    let accepted = 0
    const given = fc.record({
      type: anyType,
      nest: fc.constantFrom(...nestings),
      required: anything,
      doc: anything,
      name: fc.oneof({ weight: 3, arbitrary: fc.constant('col') }, anything),
      properties: fc.oneof(fc.constant({}), fc.record({ a: anything })),
    })
    await fc.assert(
      fc.asyncProperty(given, async ({ type, nest, required, doc, name, properties }) => {
        const lake = await connect('memory:')
        const field = { id: 1, name, required, type: nest(type), doc } as never
        const declared: Schema = { schemaId: 0, identifierFieldIds: [], fields: [field] }
        const options = { schema: declared, properties: { 'format-version': '3', ...properties } as never }
        const created = await requireLoads(lake, () => lake.createTable('a.b', options))
        accepted += created ? 1 : 0
        if (!created) {
          await lake.createTable('a.b', {
            schema: schema({ id: t.long() }),
            properties: { 'format-version': '3' },
          })
        }
        const table = await lake.loadTable('a.b')
        const update = table.update()
        for (const change of [
          () => update.addColumn('added', forged(nest(type))).commit(),
          () => update.addColumn('added', t.int().doc(doc as never)).commit(),
          () => update.addPartitionField({ column: 'id', transform: 'identity', name } as never).commit(),
          () => update.setProperties(properties as never).commit(),
        ]) {
          accepted += (await requireLoads(lake, change)) ? 1 : 0
        }
      }),
      { numRuns: 150, seed: 20261126 },
    )
    expect(accepted).toBeGreaterThan(50)
  })
})
