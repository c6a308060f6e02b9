import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import {
  alwaysFalse,
  alwaysTrue,
  and,
  anyOf,
  eq,
  gt,
  isIn,
  isNull,
  not,
  notNan,
  or,
  startsWith,
} from '../../../format/expressions/build.ts'
import type { Expression } from '../../../format/expressions/expression.ts'
import { expressionFromJson, expressionToJson } from '../../../format/expressions/json.ts'
import type { JsonValue } from '../../../format/lossless-json.ts'
import { decimalType, longType, stringType, timestamptzType } from '../../../format/types.ts'

const schema = {
  fields: [
    { id: 1, name: 'id', required: true, type: longType },
    { id: 2, name: 'amount', required: false, type: decimalType(9, 2) },
    { id: 3, name: 'city', required: false, type: stringType },
    { id: 4, name: 'ts', required: false, type: timestamptzType },
  ],
}

describe('the JSON of an expression', () => {
  test.each<[Expression, JsonValue]>([
    [alwaysTrue, true],
    [alwaysFalse, false],
    [isNull('a.b'), { type: 'is-null', term: 'a.b' }],
    [notNan('x'), { type: 'not-nan', term: 'x' }],
    [eq('x', 5), { type: 'eq', term: 'x', value: 5 }],
    [startsWith('x', 'ab'), { type: 'starts-with', term: 'x', value: 'ab' }],
    [isIn('x', [1, 2]), { type: 'in', term: 'x', values: [1, 2] }],
    [
      eq({ transform: 'bucket[16]', reference: 'x' }, 5),
      { type: 'eq', term: { type: 'transform', transform: 'bucket[16]', term: 'x' }, value: 5 },
    ],
    [
      and(eq('x', 1), or(eq('y', true), isNull('z'))),
      {
        type: 'and',
        left: { type: 'eq', term: 'x', value: 1 },
        right: {
          type: 'or',
          left: { type: 'eq', term: 'y', value: true },
          right: { type: 'is-null', term: 'z' },
        },
      },
    ],
  ])('%o', (expression, json) => {
    expect(expressionToJson(expression)).toEqual(json)
    expect(expressionFromJson(json)).toEqual(expression)
  })

  test('has no not: it is pushed down', () => {
    expect(expressionToJson(not(eq('x', 5)))).toEqual({ type: 'not-eq', term: 'x', value: 5 })
  })

  test('writes literals as their column has them when the schema is given', () => {
    const written = (expression: Expression) =>
      (expressionToJson(expression, schema) as { value: JsonValue }).value
    expect(written(eq('id', 2n ** 60n))).toBe(2n ** 60n)
    expect(written(eq('amount', 1050n))).toBe('10.50')
    expect(written(gt('ts', new Date(0)))).toBe('1970-01-01T00:00:00.000000+00:00')
    expect(() => expressionToJson(gt('ts', new Date(0)))).toThrow(/without a schema/)
  })

  test('nests by the logarithm of its operands', () => {
    const text = JSON.stringify(expressionToJson(anyOf(Array.from({ length: 1000 }, (_, i) => eq('x', i)))))
    expect(/\}{1,}$/.exec(text)![0]!.length).toBeLessThan(12)
  })

  test('is read in the newer spelling too', () => {
    const reference = { type: 'reference', name: 'city' }
    expect(expressionFromJson({ type: 'true' })).toEqual(alwaysTrue)
    expect(expressionFromJson({ type: 'literal', value: false })).toEqual(alwaysFalse)
    expect(expressionFromJson({ type: 'not', child: { type: 'is-null', child: reference } })).toEqual(
      not(isNull('city')),
    )
    expect(
      expressionFromJson({
        type: 'eq',
        left: reference,
        right: { type: 'literal', value: 'a', 'data-type': 'string' },
      }),
    ).toEqual(eq('city', 'a'))
    expect(
      expressionFromJson({
        type: 'in',
        child: reference,
        values: { type: 'literals', values: ['a', 'b'], 'data-type': 'string' },
      }),
    ).toEqual(isIn('city', ['a', 'b']))
    expect(expressionFromJson({ type: 'is-null', child: { type: 'reference', id: 4 } }, schema)).toEqual(
      isNull(['ts']),
    )
  })

  test('keeps the digits of great integers', () => {
    expect(expressionFromJson({ type: 'eq', term: 'id', value: 2n ** 60n })).toEqual(
      eq('id', String(2n ** 60n)),
    )
  })

  test.each<[string, JsonValue]>([
    ['null', null],
    ['a text', 'x'],
    ['an unknown type', { type: 'resembles', term: 'x' }],
    ['no type', { term: 'x' }],
    ['no term', { type: 'is-null' }],
    ['no value', { type: 'eq', term: 'x' }],
    ['a null value', { type: 'eq', term: 'x', value: null }],
    ['a list as value', { type: 'eq', term: 'x', value: [1] }],
    ['no values', { type: 'in', term: 'x', values: 5 }],
    ['a function', { type: 'is-null', child: { type: 'apply', function: 'f', arguments: [] } }],
    ['a field id without schema', { type: 'is-null', child: { type: 'reference', id: 4 } }],
    ['a missing operand', { type: 'and', left: true }],
  ])('that is none is refused: %s', (_, json) => {
    expect(() => expressionFromJson(json)).toThrow(/the expression/)
    try {
      expressionFromJson(json)
    } catch (error) {
      expect(isMoraineError(error, 'INVALID_DATA')).toBe(true)
    }
  })

  test('that nests without end is refused', () => {
    let json: JsonValue = true
    for (let i = 0; i < 100_000; i++) json = { type: 'not', child: json }
    expect(() => expressionFromJson(json)).toThrow(/nests deeper/)
  })
})
