/** Arbitrary tables for the property tests: columns of many types, small domains with the awkward values in. */
import fc from 'fast-check'
import { allOf, alwaysFalse, alwaysTrue, anyOf, not } from '../../../format/expressions/build.ts'
import type { Expression, LiteralInput, Term } from '../../../format/expressions/expression.ts'
import type { Transform } from '../../../format/transforms/transform.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  type Literal,
  longType,
  type NestedField,
  type PrimitiveType,
  stringType,
  structType,
  timestampNsType,
  timestampType,
  timestamptzType,
  uuidType,
} from '../../../format/types.ts'

export type Row = ReadonlyMap<number, Literal | null>

export interface Column {
  readonly id: number
  readonly reference: string | readonly string[]
  readonly type: PrimitiveType
  readonly values: fc.Arbitrary<Literal>
  readonly required: boolean
  readonly nested: boolean
  readonly transforms: readonly Transform[]
}

const MAX_LONG = 2n ** 63n - 1n
const MIN_LONG = -(2n ** 63n)
const small = fc.integer({ min: -12, max: 12 })
const micros = fc.oneof(
  fc.integer({ min: -60, max: 60 }).map((hours) => BigInt(hours) * 3_600_000_000n * 7n + 1n),
  fc.constantFrom(0n, -1n, MAX_LONG, MIN_LONG, MIN_LONG + 5n, 2n ** 31n * 3_600_000_000n, -86_400_000_000n),
)
const floats = fc.oneof(
  small.map((n) => n / 2),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '\uffff', '😀', '\u{10ffff}', '\ud7ff'), maxLength: 4 }),
  fc.constantFrom('', 'ab', 'aba', 'abab'),
)
const bytes = fc.uint8Array({ max: 255, maxLength: 4 }).map((b) => b.map((x) => (x % 3 === 0 ? 0xff : x % 3)))
const uuids = fc
  .constantFrom('0', '7', '8', 'f')
  .chain((a) =>
    fc.constantFrom('0', '7', '8', 'f').map((b) => `${a}0000000-0000-4000-${b}000-00000000000${a}`),
  )

const bucket: Transform = { kind: 'bucket', numBuckets: 3 }
const truncate = (width: number): Transform => ({ kind: 'truncate', width })
const clock: Transform[] = [{ kind: 'year' }, { kind: 'month' }, { kind: 'day' }]
const hour: Transform = { kind: 'hour' }

function column(
  id: number,
  type: PrimitiveType,
  values: fc.Arbitrary<unknown>,
  transforms: readonly Transform[],
  { required = false, nested = false } = {},
): Column {
  const reference = nested ? ['s', `c${id}`] : `c${id}`
  return { id, reference, type, values: values as fc.Arbitrary<Literal>, required, nested, transforms }
}

export const columns: readonly Column[] = [
  column(1, intType, fc.oneof(small, fc.constantFrom(2147483647, -2147483648, -2147483645)), [
    bucket,
    truncate(3),
    truncate(7),
  ]),
  column(
    2,
    longType,
    fc.oneof(small.map(BigInt), fc.constantFrom(MAX_LONG, MIN_LONG, MIN_LONG + 2n, 2n ** 53n + 1n)),
    [bucket, truncate(10)],
  ),
  column(3, floatType, floats, []),
  column(4, doubleType, floats, []),
  column(5, stringType, text, [bucket, truncate(1), truncate(2)]),
  column(6, decimalType(5, 2), small.map(BigInt), [bucket, truncate(5)]),
  column(
    7,
    dateType,
    fc.oneof(
      small.map((n) => n * 11),
      fc.constantFrom(2147483647, -2147483648),
    ),
    [...clock, bucket],
  ),
  column(8, timestampType, micros, [...clock, hour, bucket]),
  column(9, timestampNsType, micros, [...clock, hour]),
  column(10, binaryType, bytes, [bucket, truncate(2)]),
  column(11, uuidType, uuids, [bucket]),
  column(12, booleanType, fc.boolean(), []),
  column(13, longType, small.map(BigInt), [bucket, truncate(4)], { required: true }),
  column(15, stringType, text, [truncate(1)], { nested: true }),
  column(16, doubleType, floats, [], { nested: true, required: true }),
  column(17, timestamptzType, micros, [hour]),
]

const fieldOf = ({ id, type, required }: Column): NestedField => ({ id, name: `c${id}`, required, type })

export const schema: { readonly fields: readonly NestedField[] } = {
  fields: [
    ...columns.filter((c) => !c.nested).map(fieldOf),
    { id: 14, name: 's', required: false, type: structType(columns.filter((c) => c.nested).map(fieldOf)) },
  ],
}

/** A row; with a null struct now and then, whose columns are null then. */
export const rows: fc.Arbitrary<readonly Row[]> = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      ...columns.map((c) => (c.required ? c.values : fc.option(c.values, { freq: 3, nil: null }))),
    )
    .map(([struct, ...values]) => {
      return new Map(
        columns.map((c, i) => [c.id, c.nested && struct === 0 ? null : (values[i] as Literal | null)]),
      )
    }),
  { maxLength: 6 },
)

/** Now and then all columns but a few are one row's over again, so that bounds meet and partitions fill. */
export const similarRows: fc.Arbitrary<readonly Row[]> = fc
  .tuple(rows, fc.array(fc.integer({ min: 0, max: columns.length - 1 })), fc.boolean())
  .map(([all, free, similar]) => {
    if (!similar || all.length === 0) return all
    const ids = new Set(free.map((i) => columns[i]!.id))
    const merged = (row: Row) => [...row].map(([id, v]) => [id, ids.has(id) ? v : all[0]!.get(id)!] as const)
    return all.map((row) => nullStruct(new Map(merged(row))))
  })

/** A required member is null only where its struct is, and then so are the others. */
function nullStruct(row: Map<number, Literal | null>): Row {
  const isNull = columns.some((c) => c.nested && c.required && row.get(c.id) === null)
  if (isNull) for (const c of columns) if (c.nested) row.set(c.id, null)
  return row
}

const orderings = ['lt', 'lt-eq', 'gt', 'gt-eq', 'eq', 'not-eq'] as const

function predicatesOn(term: Term, values: fc.Arbitrary<LiteralInput>, kind: PrimitiveType['kind']) {
  const comparable = values.filter((value) => !Number.isNaN(value))
  const choices: fc.Arbitrary<Expression>[] = [
    fc.constantFrom('is-null' as const, 'not-null' as const).map((op) => ({ op, term })),
    fc.tuple(fc.constantFrom(...orderings), comparable).map(([op, value]) => ({ op, term, value })),
    fc.tuple(fc.constantFrom(...orderings), comparable).map(([op, value]) => ({ op, term, value })),
    fc
      .tuple(fc.constantFrom('in' as const, 'not-in' as const), fc.array(comparable, { maxLength: 4 }))
      .map(([op, list]) => ({ op, term, values: list })),
  ]
  if (kind === 'float' || kind === 'double') {
    choices.push(fc.constantFrom('is-nan' as const, 'not-nan' as const).map((op) => ({ op, term })))
  }
  if (kind === 'string') {
    choices.push(
      fc
        .tuple(fc.constantFrom('starts-with' as const, 'not-starts-with' as const), comparable)
        .map(([op, value]) => ({ op, term, value })),
    )
  }
  return fc.oneof(...choices)
}

/** Numbers beyond a column's range or between two of its values, which binding has to place. */
function inputsOf({ type, values }: Column): fc.Arbitrary<LiteralInput> {
  switch (type.kind) {
    case 'int':
    case 'long':
    case 'date':
      return fc.oneof({ weight: 8, arbitrary: values }, fc.constantFrom(2n ** 64n, -(2n ** 64n)))
    case 'float':
      return fc.oneof({ weight: 8, arbitrary: values }, fc.constantFrom(1e300, -1e300))
    case 'decimal':
      return fc.oneof({ weight: 4, arbitrary: values }, fc.constantFrom('0.005', '-0.015', '99999', 0.07))
    default:
      return values
  }
}

function transformedPredicates(c: Column): fc.Arbitrary<Expression>[] {
  return c.transforms.map((transform) => {
    const parameter =
      transform.kind === 'bucket' ? '[3]' : transform.kind === 'truncate' ? `[${transform.width}]` : ''
    const kind = transform.kind === 'truncate' ? c.type.kind : 'int'
    const values =
      kind === 'int' && c.type.kind !== 'int' ? fc.oneof(small, fc.constantFrom(-500000, 500000)) : c.values
    return predicatesOn({ transform: transform.kind + parameter, reference: c.reference }, values, kind)
  })
}

const predicates = fc.oneof(
  ...columns.map((c) => ({ weight: 4, arbitrary: predicatesOn(c.reference, inputsOf(c), c.type.kind) })),
  ...columns.flatMap(transformedPredicates).map((arbitrary) => ({ weight: 1, arbitrary })),
)

export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression; leaf: Expression }>(
  (tie) => ({
    leaf: fc.oneof({ weight: 30, arbitrary: predicates }, fc.constantFrom(alwaysTrue, alwaysFalse)),
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie('leaf'),
      tie('leaf'),
      tie('node').map(not),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(allOf),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(anyOf),
    ),
  }),
).node

/** Expressions on one column only: they hit its partition fields far more often. */
export function expressionsOn(c: Column): fc.Arbitrary<Expression> {
  const leaf = fc.oneof(predicatesOn(c.reference, inputsOf(c), c.type.kind), ...transformedPredicates(c))
  return fc.oneof(
    leaf,
    leaf.map(not),
    fc.tuple(leaf, leaf).map((pair) => allOf(pair)),
    fc.tuple(leaf, leaf).map((pair) => anyOf(pair)),
  )
}
