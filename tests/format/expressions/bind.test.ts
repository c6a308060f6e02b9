import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import { bind } from '../../../format/expressions/bind.ts'
import { boundFieldIds } from '../../../format/expressions/bound.ts'
import {
  allOf,
  alwaysFalse,
  alwaysTrue,
  and,
  anyOf,
  eq,
  gt,
  gtEq,
  isIn,
  isNan,
  isNull,
  lt,
  ltEq,
  not,
  notEq,
  notIn,
  notNull,
  or,
  startsWith,
} from '../../../format/expressions/build.ts'
import { rowEvaluator } from '../../../format/expressions/evaluate.ts'
import type { Expression } from '../../../format/expressions/expression.ts'
import {
  binaryType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  type Literal,
  longType,
  type NestedField,
  stringType,
  structType,
  timestampNsType,
  timestampType,
  timestamptzType,
  unknownType,
  uuidType,
  variantType,
} from '../../../format/types.ts'

const optional = (id: number, name: string, type: NestedField['type']): NestedField => ({
  id,
  name,
  required: false,
  type,
})
const required = (id: number, name: string, type: NestedField['type']): NestedField => ({
  ...optional(id, name, type),
  required: true,
})

const schema = {
  fields: [
    required(1, 'id', longType),
    optional(2, 'amount', decimalType(9, 2)),
    optional(3, 'city', stringType),
    optional(4, 'ts', timestampType),
    optional(5, 'address', structType([required(6, 'zip', intType), required(7, 'a.b', doubleType)])),
    optional(8, 'tags', { kind: 'list', elementId: 9, elementRequired: true, element: stringType }),
    optional(10, 'day', dateType),
    optional(11, 'tstz', timestamptzType),
    optional(12, 'ratio', floatType),
    optional(13, 'qty', intType),
    optional(14, 'nothing', unknownType),
    optional(15, 'v', variantType),
    optional(16, 'raw', binaryType),
    optional(17, 'key', uuidType),
    optional(18, 'ns', timestampNsType),
    required(19, 'where', structType([required(20, 'x', doubleType)])),
  ],
}

const bound = (expression: Expression) => bind(expression, schema)
const literalOf = (expression: Expression): unknown => {
  const result = bound(expression)
  return 'literal' in result ? result.literal : result
}
function failure(expression: Expression): string {
  try {
    bound(expression)
  } catch (error) {
    if (isMoraineError(error, 'INVALID_ARGUMENT')) return error.message
    throw error
  }
  throw new Error('bind did not fail')
}
const selects = (expression: Expression, id: number, value: Literal | null): boolean =>
  rowEvaluator(bound(expression))((asked) => (asked === id ? value : null))

describe('names', () => {
  test('a reference is a full name, or a path where a name holds a dot', () => {
    expect(bound(eq('address.zip', 5))).toMatchObject({
      term: { fieldId: 6, idPath: [5, 6], path: ['address', 'zip'] },
    })
    expect(bound(eq(['address', 'a.b'], 5))).toMatchObject({ term: { fieldId: 7 } })
  })

  test('an unknown column is named together with near ones', () => {
    expect(failure(eq('cty', 'x'))).toBe("there is no column 'cty'; did you mean 'city' or 'qty'?")
    expect(failure(eq('zip', 5))).toBe("there is no column 'zip'; did you mean 'address.zip'?")
    expect(failure(eq('CITY', 'x'))).toContain("did you mean 'city'")
    expect(failure(eq('ctiy', 'x'))).toContain("did you mean 'city'")
    expect(failure(eq('utterly different', 1))).toMatch(/no column 'utterly different'; there are: .*city/)
    expect(failure(eq('x'.repeat(10_000), 1))).toContain('there is no column')
  })

  test('only primitive columns outside lists and maps can be asked', () => {
    expect(failure(isNull('address'))).toContain("column 'address' is a struct")
    expect(failure(isNull('v'))).toContain('is a variant')
    expect(failure(eq('tags.element', 'x'))).toContain('inside a list or a map')
  })
})

describe('what the schema decides', () => {
  test('is-null folds only where no struct around the column is optional', () => {
    expect(bound(isNull('id'))).toEqual({ op: 'false' })
    expect(bound(notNull('where.x'))).toEqual({ op: 'true' })
    expect(bound(isNull('address.zip')).op).toBe('is-null')
    expect(bound(isNull('nothing'))).toEqual({ op: 'true' })
    expect(bound(notNull('nothing'))).toEqual({ op: 'false' })
  })

  test('is-nan takes floats and doubles only', () => {
    expect(bound(isNan('ratio')).op).toBe('is-nan')
    expect(failure(isNan('qty'))).toContain('only float and double have NaN')
  })

  test('starts-with takes strings only, and nothing compares to NaN', () => {
    expect(failure(startsWith('qty', '1'))).toContain('needs a string')
    expect(failure(eq('ratio', Number.NaN))).toContain('is-nan')
    expect(failure(isIn('ratio', [1, Number.NaN]))).toContain('is-nan')
  })

  test('columns without an order cannot be compared', () => {
    expect(failure(eq('nothing', 1))).toContain('has no order')
  })

  test('in with one value is eq, with none false, and repeats count once', () => {
    expect(bound(isIn('qty', []))).toEqual({ op: 'false' })
    expect(bound(notIn('qty', []))).toEqual({ op: 'true' })
    expect(bound(isIn('qty', [5, 5n, '5']))).toMatchObject({ op: 'eq', literal: 5 })
    expect(bound(notIn('raw', [Uint8Array.of(1), Uint8Array.of(1)]))).toMatchObject({ op: 'not-eq' })
    expect(bound(isIn('ratio', [0, -0]))).toMatchObject({ op: 'in', literals: [0, -0] })
  })
})

describe('literals', () => {
  test('take the form of their column', () => {
    expect(literalOf(eq('id', 17))).toBe(17n)
    expect(literalOf(eq('id', '9007199254740993'))).toBe(9007199254740993n)
    expect(literalOf(eq('qty', 17n))).toBe(17)
    expect(literalOf(eq('day', '1970-01-02'))).toBe(1)
    expect(literalOf(eq('day', new Date('1969-12-31')))).toBe(-1)
    expect(literalOf(eq('ts', '1970-01-02'))).toBe(86_400_000_000n)
    expect(literalOf(eq('tstz', '1970-01-02'))).toBe(86_400_000_000n)
    expect(literalOf(eq('tstz', '1970-01-01T01:00:00+01:00'))).toBe(0n)
    expect(literalOf(eq('ns', new Date(1)))).toBe(1_000_000n)
    expect(literalOf(eq('ratio', 0.1))).toBe(Math.fround(0.1))
    expect(literalOf(eq('ratio', '0.5'))).toBe(0.5)
    expect(literalOf(eq('raw', '00ff'))).toEqual(Uint8Array.of(0, 255))
    expect(literalOf(eq('key', 'F79C3E09-677C-4BBD-A479-3F349CB785E7'))).toBe(
      'f79c3e09-677c-4bbd-a479-3f349cb785e7',
    )
  })

  test.each([
    [eq('qty', 1.5)],
    [eq('qty', 'x')],
    [eq('qty', '')],
    [eq('ratio', '.')],
    [eq('amount', 'e5')],
    [eq('amount', '1e999999')],
    [eq('city', 5)],
    [eq('day', '2026-02-30')],
    [eq('ts', '2026-01-01T00:00:00Z')],
    [eq('ratio', true)],
    [isIn('city', ['a', 5])],
    [{ op: 'in', term: 'city', values: 'ab' as unknown as string[] } as Expression],
    [{ op: 'eq', term: 'city' } as unknown as Expression],
    [{ op: 'resembles', term: 'city', value: 'a' } as unknown as Expression],
  ])('that do not fit are refused: %o', (expression) => {
    expect(failure(expression)).not.toBe('')
  })

  test('beyond the range of an integer column decide the comparison, but for nulls', () => {
    expect(bound(lt('id', 2n ** 63n))).toEqual({ op: 'true' })
    expect(bound(gt('id', 2n ** 63n))).toEqual({ op: 'false' })
    expect(bound(gtEq('id', -(2n ** 63n) - 1n))).toEqual({ op: 'true' })
    expect(bound(ltEq('qty', 2 ** 31))).toMatchObject({ op: 'not-null' })
    expect(bound(eq('qty', 2 ** 31))).toEqual({ op: 'false' })
    expect(bound(notEq('qty', -(2 ** 31) - 1))).toEqual({ op: 'true' })
    expect(bound(isIn('qty', [1e300, 7]))).toMatchObject({ op: 'eq', literal: 7 })
    expect(bound(lt('day', 2 ** 31)).op).toBe('not-null')
  })

  test('beyond the range of a float leave its infinities and NaN where they are', () => {
    expect(selects(lt('ratio', 1e300), 12, 5)).toBe(true)
    expect(selects(lt('ratio', 1e300), 12, Number.POSITIVE_INFINITY)).toBe(false)
    expect(selects(gt('ratio', 1e300), 12, Number.POSITIVE_INFINITY)).toBe(true)
    expect(selects(gt('ratio', 1e300), 12, Number.NaN)).toBe(true)
    expect(selects(gt('ratio', -1e300), 12, Number.NEGATIVE_INFINITY)).toBe(false)
    expect(selects(eq('ratio', Number.POSITIVE_INFINITY), 12, Number.POSITIVE_INFINITY)).toBe(true)
    expect(bound(eq('ratio', 1e300))).toEqual({ op: 'false' })
  })

  test('of decimals are exact as text, rounded half up as fractions, unscaled as bigints', () => {
    expect(literalOf(eq('amount', 17))).toBe(1700n)
    expect(literalOf(eq('amount', 1050n))).toBe(1050n)
    expect(literalOf(eq('amount', '10.5'))).toBe(1050n)
    expect(literalOf(eq('amount', '1.05e1'))).toBe(1050n)
    expect(literalOf(eq('amount', 1.005))).toBe(101n)
    expect(literalOf(eq('amount', -1.005))).toBe(-101n)
    expect(literalOf(eq('amount', 1e21))).toBe(10n ** 23n)
    expect(bound(eq('amount', '1.005'))).toEqual({ op: 'false' })
    expect(bound(notEq('amount', '1.005'))).toEqual({ op: 'true' })
    expect(bound(lt('amount', '1.005'))).toMatchObject({ op: 'lt-eq', literal: 100n })
    expect(bound(gtEq('amount', '-1.005'))).toMatchObject({ op: 'gt', literal: -101n })
  })
})

describe('rows', () => {
  test('a null matches is-null and the negations of equality, as in Iceberg Java, and no order', () => {
    for (const expression of [
      lt('qty', 5),
      ltEq('qty', 5),
      gt('qty', 5),
      gtEq('qty', 5),
      eq('qty', 5),
      isIn('qty', [5, 6]),
    ]) {
      expect(selects(expression, 13, null)).toBe(false)
    }
    for (const expression of [
      isNull('qty'),
      notEq('qty', 5),
      notIn('qty', [5, 6]),
      not(isIn('qty', [5, 6])),
    ]) {
      expect(selects(expression, 13, null)).toBe(true)
    }
    expect(selects(not(lt('qty', 5)), 13, null)).toBe(false)
    expect(selects(not(startsWith('city', 'a')), 3, null)).toBe(true)
    expect(selects(not(isNan('ratio')), 12, null)).toBe(true)
  })

  test('floats are ordered as in Java', () => {
    expect(selects(lt('ratio', 0), 12, -0)).toBe(true)
    expect(selects(eq('ratio', 0), 12, -0)).toBe(false)
    expect(selects(isIn('ratio', [0, 1]), 12, -0)).toBe(false)
    expect(selects(gt('ratio', 5), 12, Number.NaN)).toBe(true)
  })

  test('strings are ordered by code point', () => {
    expect(selects(gt('city', '\uffff'), 3, '😀')).toBe(true)
  })

  test('terms may be transforms of columns', () => {
    expect(selects(eq({ transform: 'day', reference: 'ts' }, '2026-11-20'), 4, 1795132800000000n)).toBe(
      new Date(1795132800000).toISOString().startsWith('2026-11-20'),
    )
    expect(selects(eq({ transform: 'bucket[16]', reference: 'id' }, 3), 1, 34n)).toBe(true)
    expect(selects(startsWith({ transform: 'truncate[2]', reference: 'city' }, 'Os'), 3, 'Oslo')).toBe(true)
    expect(bound(eq({ transform: 'identity', reference: 'id' }, 3))).toEqual(bound(eq('id', 3)))
    expect(failure(eq({ transform: 'hour', reference: 'city' }, 3))).toContain('does not apply')
    expect(failure(eq({ transform: 'bucket[0]', reference: 'id' }, 3))).toContain('bucket[0]')
    expect(() => bound(eq({ transform: 'zorder', reference: 'id' }, 3))).toThrow(/not known/)
  })
})

describe('shape', () => {
  test('constants fold away and runs of one operator become one list', () => {
    const [a, b, c] = [eq('qty', 1), eq('qty', 2), eq('qty', 3)]
    expect(and(a, alwaysTrue)).toEqual(a)
    expect(or(a, alwaysTrue)).toEqual(alwaysTrue)
    expect(and()).toEqual(alwaysTrue)
    expect(or()).toEqual(alwaysFalse)
    expect(not(not(a))).toEqual(a)
    expect(bound(and(and(a, b), not(or(c, alwaysFalse))))).toMatchObject({
      op: 'and',
      operands: [{ op: 'eq' }, { op: 'eq' }, { op: 'not-eq' }],
    })
    expect(bound(or(a, gt('id', 2n ** 70n)))).toMatchObject({ op: 'eq' })
    expect([...boundFieldIds(bound(and(a, or(eq('id', 1), isNull('city')))))]).toEqual([13, 1, 3])
  })

  test('a hundred thousand operands neither overflow the stack nor nest', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => eq('qty', i))
    const chain = many.reduce((left, right): Expression => ({ op: 'or', left, right }))
    for (const expression of [anyOf(many), chain, not(allOf(many.map(not)))]) {
      const evaluate = rowEvaluator(bound(expression))
      expect(evaluate(() => 99_999)).toBe(true)
      expect(evaluate(() => -1)).toBe(false)
    }
    const set = rowEvaluator(
      bound(
        isIn(
          'qty',
          Array.from({ length: 100_000 }, (_, i) => i),
        ),
      ),
    )
    expect(set(() => 99_999)).toBe(true)
  })

  test('endless alternation is refused, not overflowed', () => {
    let deep: Expression = eq('qty', 1)
    for (let i = 0; i < 100_000; i++) {
      deep = { op: i % 2 === 0 ? 'and' : 'or', left: deep, right: eq('qty', i) }
    }
    expect(failure(deep)).toContain('alternates')
  })
})
