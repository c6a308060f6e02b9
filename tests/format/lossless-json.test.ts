import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import { type JsonValue, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import { runs } from '../runs.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('parseJson', () => {
  it('keeps integers beyond 2^53 − 1 as bigint and the others as number', () => {
    expect(parseJson('9007199254740991')).toBe(9007199254740991)
    expect(parseJson('9007199254740992')).toBe(9007199254740992n)
    expect(parseJson('-9223372036854775808')).toBe(-9223372036854775808n)
    expect(parseJson('[0,-1,17]')).toEqual([0, -1, 17])
  })

  it('reads a number with a fraction or an exponent as a double', () => {
    expect(parseJson('[1.5,-0.0,1e3,12e-1]')).toEqual([1.5, -0, 1000, 1.2])
  })

  it('makes __proto__ and constructor keys like any others', () => {
    const object = parseJson('{"__proto__":{"a":1},"constructor":2}') as Record<string, JsonValue>
    expect(Object.getPrototypeOf(object)).toBeNull()
    expect(Object.keys(object)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  it('lets the last of duplicate keys win', () => {
    expect(parseJson('{"a":1,"b":2,"a":3}')).toEqual(Object.assign(Object.create(null), { a: 3, b: 2 }))
  })

  it('reads every escape, and strings of any length', () => {
    expect(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é😀"')).toBe('"\\/\b\f\n\r\té😀é😀')
    const long = 'x'.repeat(1_000_000)
    expect(parseJson(JSON.stringify(long))).toBe(long)
  })

  it('takes a byte order mark and refuses bytes that are not UTF-8', () => {
    expect(parseJson(new Uint8Array([0xef, 0xbb, 0xbf, 0x31]))).toBe(1)
    expect(() => parseJson(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))).toThrow(/not valid UTF-8/)
    expect(() => parseJson(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]))).toThrow(/not valid UTF-8/)
  })

  it.each([
    ['', /1:1: expected a value, found the end/],
    ['{"a":1,}', /1:8: expected a key/],
    ['{"a" 1}', /1:6: expected ':'/],
    ['[1 2]', /1:4: expected ',' or '\]'/],
    ['[1,]', /1:4: expected a value/],
    ['{\n  "a": tru\n}', /2:8: expected a value/],
    ['"a\nb"', /1:3: expected a character/],
    ['"abc', /1:5: expected a character/],
    ['"\\x"', /1:3: expected an escape/],
    ['"\\u12g4"', /1:3: expected an escape/],
    ['01', /1:2: expected the end/],
    ['1.', /1:2: expected the end/],
    ['+1', /1:1: expected a value/],
    ['NaN', /1:1: expected a value/],
    ['1e999', /1:1: a number too large/],
    ['1'.repeat(2000), /1:1: an integer of 2000 characters/],
    ['1 1', /1:3: expected the end/],
  ])('refuses %j, naming line and column', (text, message) => {
    expect(() => parseJson(text)).toThrow(message)
    expect(() => parseJson(bytes(text))).toThrow(message)
  })

  it('bounds the depth of nesting', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(() => parseJson(nested(128))).not.toThrow()
    expect(() => parseJson(nested(129))).toThrow(/nest too deep/)
    expect(() => parseJson('['.repeat(1_000_000))).toThrow(/nest too deep/)
    expect(() => parseJson(nested(4), { maxDepth: 3 })).toThrow(/nest too deep/)
  })

  it('answers every mutation of a text with a value or INVALID_DATA', () => {
    const text = '{"a":[1,2.5,-3e4,true,null,"x\\n\\u0041"],"b":{"c":12345678901234567890}}'
    const mutation = fc.record({
      at: fc.nat(text.length),
      drop: fc.nat(3),
      insert: fc.string({ unit: fc.constantFrom(...'{}[],:"\\0e1.-tu\u0000é'), maxLength: 3 }),
    })
    const property = fc.property(mutation, ({ at, drop, insert }) => {
      try {
        parseJson(text.slice(0, at) + insert + text.slice(at + drop))
      } catch (error) {
        expect(isMoraineError(error, 'INVALID_DATA')).toBe(true)
      }
    })
    fc.assert(property, runs(1, 3000))
  })
})

describe('stringifyJson', () => {
  const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), {
        noNullPrototype: false,
      }),
    ),
  })).value

  it('writes what parseJson reads back as the same value', () => {
    const property = fc.property(json, fc.constantFrom(0, 2), (value, indent) => {
      const text = stringifyJson(value, indent)
      expect(parseJson(bytes(text))).toEqual(parseJson(text))
      expect(stringifyJson(parseJson(text), indent)).toBe(text)
    })
    fc.assert(property, runs(2, 1000))
  })

  it('agrees with JSON.parse where JSON.parse is exact', () => {
    const property = fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(JSON.parse(text))
    })
    fc.assert(property, runs(3, 1000))
  })

  it('keeps lone surrogates, −0 and int64', () => {
    const value = ['\ud800', '\udc00x', -0, 9223372036854775807n]
    expect(stringifyJson(value)).toBe('["\\ud800","\\udc00x",-0.0,9223372036854775807]')
    expect(parseJson(stringifyJson(value))).toEqual(value)
  })

  it('indents as asked', () => {
    expect(stringifyJson({ a: [1, { b: null }], c: [], d: {} }, 2)).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": [],\n  "d": {}\n}',
    )
  })

  it('refuses NaN, infinities and nesting that could not be read back', () => {
    expect(() => stringifyJson([Number.NaN])).toThrow(/no number for NaN/)
    expect(() => stringifyJson(Number.NEGATIVE_INFINITY)).toThrow(/no number/)
    let deep: JsonValue = 1
    for (let i = 0; i < 128; i++) deep = [deep]
    expect(parseJson(stringifyJson(deep))).toEqual(deep)
    expect(() => stringifyJson([deep])).toThrow(/deeper than 128/)
  })
})
