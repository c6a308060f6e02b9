/** Rows with every primitive type, and filters over them. */
import fc from 'fast-check'
import type { Expression } from '../../format/expressions/expression.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  isNested,
  type Literal,
  longType,
  type PrimitiveType,
  stringType,
  timestampNsType,
  uuidType,
  type Value,
} from '../../format/types.ts'
import { optional, required, structOf } from './support.ts'

/** Few distinct values, so that equal ones meet. */
const literals: Readonly<Record<string, readonly [PrimitiveType, readonly Literal[]]>> = {
  b: [booleanType, [true, false]],
  i: [intType, [-2147483648, -1, 0, 1, 2147483647]],
  l: [longType, [-(2n ** 63n), -(2n ** 32n), -1n, 0n, 1n, 2n ** 31n, 2n ** 32n + 1n, 2n ** 63n - 1n]],
  f: [floatType, [Number.NaN, -Infinity, -0.5, -0, 0, 0.5, Infinity]],
  d: [doubleType, [Number.NaN, -Infinity, -0.1, -0, 0, 0.1, Infinity]],
  s: [stringType, ['', 'a', 'ab', 'b', 'é', '\uffff', '𝄞']],
  x: [binaryType, ['', '00', '0001', 'ff'].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))],
  z: [fixedType(2), ['0000', '0001', 'ff00'].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))],
  u: [uuidType, ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-4fff-bfff-ffffffffffff']],
  m: [decimalType(30, 2), [-(10n ** 29n), -1n, 0n, 1n, 10n ** 29n]],
  t: [dateType, [-1, 0, 1]],
  n: [timestampNsType, [-1n, 0n, 1n]],
}
const names = Object.keys(literals)
export const members = names.map((name, i) => optional(i + 1, name, literals[name]![0]))
export const fields = [
  ...members,
  optional(90, 'p', structOf(required(91, 'q', intType), optional(92, 'r', stringType))),
]
export const schema = { fields }

const cell = (name: string) => fc.option(fc.constantFrom(...literals[name]![1]), { nil: null })
export const row = fc.record({
  ...Object.fromEntries(names.map((name) => [name, cell(name)])),
  p: fc.option(fc.record({ q: fc.constantFrom(-1, 0, 1), r: cell('s') }), { nil: null }),
}) as fc.Arbitrary<Record<string, Value>>

const column = fc.constantFrom(...names, 'p.q', 'p.r')
const valuesOf = (name: string) => literals[name === 'p.q' ? 't' : name === 'p.r' ? 's' : name]![1]
const predicate: fc.Arbitrary<Expression> = column.chain((name) => {
  // A comparison with NaN means nothing, and binding refuses it.
  const value = fc.constantFrom(...valuesOf(name).filter((literal) => !Number.isNaN(literal)))
  const floating = name === 'f' || name === 'd'
  const unary = fc.constantFrom<'is-null' | 'not-null' | 'is-nan' | 'not-nan'>(
    'is-null',
    'not-null',
    ...(floating ? (['is-nan', 'not-nan'] as const) : []),
  )
  const text = name === 's' || name === 'p.r'
  const binary = fc.constantFrom<
    'lt' | 'lt-eq' | 'gt' | 'gt-eq' | 'eq' | 'not-eq' | 'starts-with' | 'not-starts-with'
  >(
    ...(['lt', 'lt-eq', 'gt', 'gt-eq', 'eq', 'not-eq'] as const),
    ...(text ? (['starts-with', 'not-starts-with'] as const) : []),
  )
  const set = fc.constantFrom<'in' | 'not-in'>('in', 'not-in')
  return fc.oneof(
    unary.map((op): Expression => ({ op, term: name })),
    fc.tuple(binary, value).map(([op, literal]): Expression => ({ op, term: name, value: literal })),
    fc
      .tuple(set, fc.array(value, { maxLength: 3 }))
      .map(([op, values]): Expression => ({ op, term: name, values })),
  )
})
export const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    predicate,
    fc.record({
      op: fc.constantFrom<'and' | 'or'>('and', 'or'),
      left: tie('expression'),
      right: tie('expression'),
    }),
    fc.record({ op: fc.constant<'not'>('not'), child: tie('expression') }),
  ),
}))

/** Values by field id, as the row evaluator asks for them. */
export function valuesIn(input: Record<string, Value>) {
  return (fieldId: number): Literal | null => {
    const parent = input['p'] as Record<string, Literal | null> | null
    if (fieldId === 91) return parent?.['q'] ?? null
    if (fieldId === 92) return parent?.['r'] ?? null
    const field = members.find((candidate) => candidate.id === fieldId)!
    if (isNested(field.type)) throw new Error('not primitive')
    return input[field.name] as Literal | null
  }
}
