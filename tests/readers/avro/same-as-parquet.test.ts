import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalType, fixedType, type NestedField, type Type, type Value } from '../../../format/types.ts'
import { runs } from '../../runs.ts'
import { entries, listOf, mapOf, optional, parquetFile, readRows, struct, structOf } from '../support.ts'
import { avroFile, type Shape } from './avro-bytes.ts'

const kinds = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
] as const
const leaves: fc.Arbitrary<Type> = fc.oneof(
  fc.constantFrom(...kinds, 'uuid' as const, 'binary' as const).map((kind): Type => ({ kind })),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) => fc.nat(precision).map((scale) => decimalType(precision, scale))),
  fc.integer({ min: 1, max: 20 }).map(fixedType),
)
const names = fc.uniqueArray(fc.constantFrom('a', 'b', '__proto__', 'ż ó', 'constructor', 'a.b'), {
  minLength: 1,
  maxLength: 3,
})

/** Ids are given later: they are the same nowhere. */
function types(depth: number): fc.Arbitrary<Type> {
  if (depth === 0) return leaves
  const inner = types(depth - 1)
  return fc.oneof(
    { weight: 3, arbitrary: leaves },
    { weight: 2, arbitrary: structs(inner) },
    { weight: 1, arbitrary: inner.map((element) => listOf(0, element)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('string', 'int', 'date'), inner)
        .map(([kind, value]) => mapOf(0, { kind } as Type, 0, value)),
    },
  )
}

function structs(inner: fc.Arbitrary<Type>): fc.Arbitrary<Extract<Type, { kind: 'struct' }>> {
  return names.chain((chosen) =>
    fc
      .tuple(...chosen.map(() => inner))
      .map((members) => structOf(...members.map((type, i) => optional(0, chosen[i]!, type)))),
  )
}

function numbered(fields: readonly NestedField[]): readonly NestedField[] {
  let next = 1
  const number = (type: Type): Type => {
    switch (type.kind) {
      case 'struct':
        return structOf(...type.fields.map((field) => optional(next++, field.name, number(field.type))))
      case 'list':
        return listOf(next++, number(type.element))
      case 'map':
        return mapOf(next++, type.key, next++, number(type.value))
      default:
        return type
    }
  }
  return (number(structOf(...fields)) as Extract<Type, { kind: 'struct' }>).fields
}

function values(type: Type): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer()
    case 'date':
      return fc.integer({ min: -100_000, max: 100_000 })
    case 'float':
      return fc.float()
    case 'double':
      return fc.double()
    case 'time':
      return fc.bigInt({ min: 0n, max: 86_399_999_999n })
    case 'timestamp':
    case 'timestamptz':
      return fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
    case 'long':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 12 })
    case 'uuid':
      return fc.uuid()
    case 'binary':
      return fc.uint8Array({ maxLength: 12 })
    case 'fixed':
      return fc.uint8Array({ minLength: type.length, maxLength: type.length })
    case 'decimal': {
      const most = 10n ** BigInt(type.precision) - 1n
      return fc.bigInt({ min: -most, max: most })
    }
    case 'struct':
      return members(type.fields).map(struct)
    case 'list':
      return fc.array(nullable(type.element), { maxLength: 4 })
    case 'map':
      return fc
        .uniqueArray(fc.tuple(values(type.key), nullable(type.value)), {
          maxLength: 4,
          selector: ([key]) => key,
        })
        .map((pairs) => entries(...pairs))
    default:
      throw new Error(`no values of ${type.kind}`)
  }
}

function nullable(type: Type): fc.Arbitrary<Value> {
  return fc.option(values(type), { freq: 3 })
}

function members(fields: readonly NestedField[]): fc.Arbitrary<Record<string, Value>> {
  return fc
    .tuple(...fields.map((field) => nullable(field.type)))
    .map((row) =>
      Object.assign(Object.create(null), Object.fromEntries(row.map((value, i) => [fields[i]!.name, value]))),
    )
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  nullLast: fc.boolean(),
  withoutIds: fc.boolean(),
  avroMaps: fc.boolean(),
  codec: fc.constantFrom('null', 'deflate'),
  rowsPerBlock: fc.integer({ min: 1, max: 10 }),
})

const tables = structs(types(3))
  .map(({ fields }) => numbered(fields))
  .chain((fields) =>
    fc.tuple(fc.constant(fields), fc.array(members(fields), { minLength: 1, maxLength: 12 })),
  )

test('an Avro file of any schema and rows has the rows that a Parquet file of them has, whole and in part', async () => {
  await fc.assert(
    fc.asyncProperty(
      tables,
      shapes,
      fc.nat(),
      fc.integer({ min: 1, max: 20 }),
      async ([fields, rows], shape, which, batchSize) => {
        const avro = avroFile(fields, rows, shape)
        const parquet = parquetFile(fields, [rows])
        const field = fields[which % fields.length]!
        const nested =
          field.type.kind === 'struct' ? field.type.fields[which % field.type.fields.length]! : undefined
        for (const select of [
          undefined,
          ['_pos', nested === undefined ? [field.name] : [field.name, nested.name]],
        ]) {
          const reading = { batchSize, ...(select === undefined ? {} : { select: select as never }) }
          const expected = await readRows(parquet, rows.length, fields, reading)
          expect(
            await readRows(avro, rows.length, fields, { ...reading, dataFile: { fileFormat: 'avro' } }),
          ).toEqual(expected)
        }
      },
    ),
    runs(62, 150),
  )
})
