import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import {
  allOf,
  alwaysFalse,
  alwaysTrue,
  and,
  eq,
  gt,
  gtEq,
  isIn,
  isNan,
  isNull,
  lt,
  ltEq,
  notEq,
  notIn,
  notNan,
  notNull,
  notStartsWith,
  or,
  startsWith,
} from '../../../format/expressions/build.ts'
import { parseWhere } from '../../../format/expressions/where-text.ts'

function failure(text: string, code: 'INVALID_ARGUMENT' | 'UNSUPPORTED' = 'INVALID_ARGUMENT'): string {
  try {
    parseWhere(text)
  } catch (error) {
    if (isMoraineError(error, code)) return error.message
    throw error
  }
  throw new Error(`'${text}' was taken`)
}

describe('a where text', () => {
  test.each([
    ['a = 1', eq('a', 1)],
    ['a == 1', eq('a', 1)],
    ['a != 1', and(notNull('a'), notEq('a', 1))],
    ['a<>1', and(notNull('a'), notEq('a', 1))],
    ['a < -1', lt('a', -1)],
    ['a <= +1', ltEq('a', 1)],
    ['a > 1', gt('a', 1)],
    ['a>=1', gtEq('a', 1)],
    ["a = 'it''s'", eq('a', "it's")],
    ["a = ''", eq('a', '')],
    ["a = x'00fF'", eq('a', Uint8Array.of(0, 255))],
    ['a = true', eq('a', true)],
    ['a IS NULL', isNull('a')],
    ['a is not null', notNull('a')],
    ['a is nan', isNan('a')],
    ['a is not NaN', and(notNull('a'), notNan('a'))],
    ["a in ('x', 'y')", isIn('a', ['x', 'y'])],
    ['a not in (1, -2)', and(notNull('a'), notIn('a', [1, -2]))],
    ["a like 'ab%'", startsWith('a', 'ab')],
    ["a not like 'ab%'", and(notNull('a'), notStartsWith('a', 'ab'))],
    ["a like 'ab'", eq('a', 'ab')],
    ["a like '%'", startsWith('a', '')],
    [String.raw`a like '50\%\_\\%'`, startsWith('a', String.raw`50%_\ `.trim())],
    ['a between 1 and 2 and b = 3', and(and(gtEq('a', 1), ltEq('a', 2)), eq('b', 3))],
    ['a not between 1 and 2', or(lt('a', 1), gt('a', 2))],
    ['not (a is null or a = 1)', and(notNull('a'), and(notNull('a'), notEq('a', 1)))],
    ['not (a != 1)', eq('a', 1)],
    ['true', alwaysTrue],
    ['not true', alwaysFalse],
    ['a.b.c = 1', eq('a.b.c', 1)],
    ['"a b"."c" = 1', eq('a b.c', 1)],
    ['"a.b".c = 1', eq(['a.b', 'c'], 1)],
    ['"say ""hi""" = 1', eq('say "hi"', 1)],
    ['`or` = 1', eq('or', 1)],
    ['größe = 1', eq('größe', 1)],
    ['__proto__ = 1', eq('__proto__', 1)],
    ["day(ts) = '2026-11-20'", eq({ transform: 'day', reference: 'ts' }, '2026-11-20')],
    ['Hours(ts) > 5', gt({ transform: 'hour', reference: 'ts' }, 5)],
    ['bucket(16, id) = 3', eq({ transform: 'bucket[16]', reference: 'id' }, 3)],
    ['truncate(a.b, 4) = 3', eq({ transform: 'truncate[4]', reference: 'a.b' }, 3)],
    ['day = 3', eq('day', 3)],
  ])('%s', (text, expression) => {
    expect(parseWhere(text)).toEqual(expression)
  })

  test('not binds closer than and, and closer than or; parentheses rule', () => {
    const isNot = (name: string, value: number) => and(notNull(name), notEq(name, value))
    const [a, b, c] = [eq('a', 1), eq('b', 2), eq('c', 3)]
    expect(parseWhere('not a = 1 and b = 2 or c = 3')).toEqual(or(allOf([isNot('a', 1), b]), c))
    expect(parseWhere('a = 1 or b = 2 and c = 3')).toEqual(or(a, and(b, c)))
    expect(parseWhere('(a = 1 or b = 2) and not (c = 3)')).toEqual(and(or(a, b), isNot('c', 3)))
  })

  test('numbers keep every digit', () => {
    expect(parseWhere('a = 9007199254740991')).toEqual(eq('a', 9007199254740991))
    expect(parseWhere('a = 9007199254740993')).toEqual(eq('a', '9007199254740993'))
    expect(parseWhere('a = -9223372036854775808')).toEqual(eq('a', '-9223372036854775808'))
    expect(parseWhere('a = 12345678901234567890.10')).toEqual(eq('a', '12345678901234567890.10'))
    expect(parseWhere('a = -.5e-3')).toEqual(eq('a', '-.5e-3'))
  })

  test('zero is the zeros of both signs, which Iceberg tells apart', () => {
    expect(parseWhere('a = 0')).toEqual(isIn('a', [-0, 0]))
    expect(parseWhere('a != -0.0')).toEqual(and(notNull('a'), notIn('a', [-0, 0])))
    expect(parseWhere('a in (1, 0.00)')).toEqual(isIn('a', [1, -0, 0]))
    expect(parseWhere('a < 0')).toEqual(lt('a', -0))
    expect(parseWhere('a <= -0')).toEqual(ltEq('a', 0))
    expect(parseWhere('a > -0')).toEqual(gt('a', 0))
    expect(parseWhere('a between 0 and 0')).toEqual(and(gtEq('a', -0), ltEq('a', 0)))
    expect(parseWhere('not (a >= 0)')).toEqual(lt('a', -0))
  })

  test('a long one is no deeper than a short one', () => {
    const text = Array.from({ length: 50_000 }, (_, i) => `a = ${i}`).join(' or ')
    expect(parseWhere(text).op).toBe('or')
  })
})

describe('a where text that is none', () => {
  test.each([
    ['', 'expected a column at character 1, found the end'],
    ['a', 'expected a comparison, is, in, like or between at character 2, found the end'],
    ['a = ', 'expected a value at character 5, found the end'],
    ['a = b', "expected a value at character 5, found 'b'"],
    ['a = "b"', "texts go in '…'"],
    ['a = null', 'write: is null'],
    ['a = nan', 'write: is nan'],
    ['a = 1 b = 2', "expected and, or or the end at character 7, found 'b'"],
    ['a = 1)', "expected and, or or the end at character 6, found ')'"],
    ['(a = 1', "expected ')' at character 7"],
    ['a = 1 and', 'expected a column at character 10'],
    ['a not 5', 'expected in, like or between at character 7'],
    ['a is 5', 'expected null, nan or not'],
    ['a in ()', 'expected a value at character 7'],
    ["a = 'x", "expected a closing ' after this one at character 5"],
    ['"a = 1', 'closing quote'],
    ['a = 5x', 'expected a number at character 5'],
    ['a ~ 5', "expected a name, a value or an operator at character 3, found '~ 5'"],
    ['and = 5', 'expected a column at character 1'],
    ['bucket(0, a) = 1', 'a whole number from 1 to 2147483647'],
    ['bucket(a) = 1', "expected ','"],
    ['a between 1 or 2', 'expected and at character 13'],
    ['a like 5', "a pattern as 'abc%'"],
    ['a = - b', 'expected a number'],
  ])('%s', (text, message) => {
    expect(failure(text)).toContain(message)
  })

  test.each([["a like '%x'"], ["a like 'a_'"], ["a like 'a%b%'"], ["a like 'a%%'"]])('%s', (text) => {
    expect(failure(text, 'UNSUPPORTED')).toContain('like takes a prefix')
  })

  test('nesting is bounded', () => {
    expect(failure(`${'('.repeat(100_000)}a = 1`)).toContain('at most 200 levels')
    expect(failure(`${'not '.repeat(100_000)}a = 1`)).toContain('at most 200 levels')
    expect(parseWhere(`${'('.repeat(200)}a = 1${')'.repeat(200)}`)).toEqual(eq('a', 1))
  })
})
