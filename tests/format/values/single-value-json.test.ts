import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonValue, parseJson, stringifyJson } from '../../../format/lossless-json.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  longType,
  type NestedField,
  type StructType,
  stringType,
  structType,
  type Type,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
  type Value,
  variantType,
} from '../../../format/types.ts'
import { decodeValueJson, encodeValueJson } from '../../../format/values/single-value-json.ts'
import { runs } from '../../runs.ts'
import { valuesByType } from './every-value.ts'

const invalid = expect.objectContaining({ code: 'INVALID_DATA' })

function optional(id: number, name: string, type: Type): NestedField {
  return { id, name, required: false, type }
}

function object<T>(members: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null), members)
}

const point: StructType = structType([optional(1, '__proto__', intType), optional(2, 'label', stringType)])
const listOfDates: Type = { kind: 'list', elementId: 5, elementRequired: false, element: dateType }
const mapOfPoints: Type = {
  kind: 'map',
  keyId: 6,
  key: stringType,
  valueId: 7,
  valueRequired: false,
  value: point,
}

/** Spec, Appendix D: JSON single-value serialization. */
const FORMS: readonly (readonly [Type, Value, JsonValue])[] = [
  [booleanType, true, true],
  [intType, 34, 34],
  [longType, 9_007_199_254_740_993n, 9_007_199_254_740_993n],
  [floatType, 1, 1],
  [doubleType, -0, -0],
  [decimalType(9, 2), 1420n, '14.20'],
  [dateType, 17486, '2017-11-16'],
  [timeType, 81_068_123_456n, '22:31:08.123456'],
  [timestampType, 1_510_871_468_123_456n, '2017-11-16T22:31:08.123456'],
  [timestamptzType, 1_510_871_468_123_456n, '2017-11-16T22:31:08.123456+00:00'],
  [timestampNsType, 1_510_871_468_123_456_789n, '2017-11-16T22:31:08.123456789'],
  [timestamptzNsType, 1_510_871_468_123_456_789n, '2017-11-16T22:31:08.123456789+00:00'],
  [stringType, 'iceberg', 'iceberg'],
  [uuidType, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
  [fixedType(4), Uint8Array.of(0, 1, 2, 255), '000102ff'],
  [binaryType, Uint8Array.of(0, 1, 2, 255), '000102ff'],
  [listOfDates, [0, null], ['1970-01-01', null]],
  [point, null, null],
  [unknownType, null, null],
  [variantType, null, null],
]

function throughText(json: JsonValue): JsonValue {
  return parseJson(stringifyJson(json))
}

describe('the JSON form of single values', () => {
  it('writes whole doubles with a fraction, for Iceberg Java takes no integer for a double', () => {
    expect(stringifyJson(encodeValueJson(doubleType, 1))).toBe('1.0')
    expect(stringifyJson(encodeValueJson(floatType, -0))).toBe('-0.0')
    expect(stringifyJson(encodeValueJson(doubleType, 1e21))).toBe('1e+21')
    expect(stringifyJson(encodeValueJson(intType, 1))).toBe('1')
  })

  for (const [type, value, json] of FORMS) {
    it(`of ${type.kind} ${String(value)} is the one in Appendix D`, () => {
      expect(throughText(encodeValueJson(type, value))).toStrictEqual(json)
      expect(decodeValueJson(type, json)).toStrictEqual(value)
    })
  }

  it('of a struct goes by field id, and back by name into an object without prototype', () => {
    const value = Object.defineProperty(object<Value>({ label: 'bar' }), '__proto__', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    })
    const json = encodeValueJson(point, value)
    expect(json).toStrictEqual(object<JsonValue>({ '1': 1, '2': 'bar' }))
    const decoded = decodeValueJson(point, json) as Record<string, Value>
    expect(Object.getPrototypeOf(decoded)).toBeNull()
    expect(Object.entries(decoded)).toEqual([
      ['__proto__', 1],
      ['label', 'bar'],
    ])
  })

  it('of a struct leaves out what the value leaves out, and ignores ids it does not know', () => {
    expect(encodeValueJson(point, object({ label: null }))).toStrictEqual(object({ '2': null }))
    expect(decodeValueJson(point, { '9': 'gone', '2': 'kept' })).toStrictEqual(object({ label: 'kept' }))
    expect(decodeValueJson(point, {})).toStrictEqual(object({}))
  })

  it('of a map keeps the order of its entries', () => {
    const entries: [Value, Value][] = [
      ['b', object<Value>({ label: 'x' })],
      ['a', null],
    ]
    const json = encodeValueJson(mapOfPoints, { entries })
    expect(json).toStrictEqual({ keys: ['b', 'a'], values: [object({ '2': 'x' }), null] })
    expect(decodeValueJson(mapOfPoints, json)).toStrictEqual({ entries })
  })

  it('round-trips for all values of all types', () => {
    for (const [type, values] of valuesByType) {
      fc.assert(
        fc.property(values, (value) => {
          expect(decodeValueJson(type, throughText(encodeValueJson(type, value)))).toStrictEqual(value)
        }),
        runs(71, 300),
      )
    }
  })

  it('is read in the forms that other writers use', () => {
    expect(decodeValueJson(longType, 34)).toBe(34n)
    expect(decodeValueJson(doubleType, 10n ** 20n)).toBe(1e20)
    expect(decodeValueJson(floatType, 0.1)).toBe(Math.fround(0.1))
    expect(decodeValueJson(binaryType, '00FF')).toEqual(Uint8Array.of(0, 255))
    expect(decodeValueJson(uuidType, 'F79C3E09-677C-4BBD-A479-3F349CB785E7')).toMatch(/^f79c/)
    expect(decodeValueJson(decimalType(20, 10), '1E-10')).toBe(1n)
    expect(decodeValueJson(timestampType, '2017-11-16T22:31')).toBe(1_510_871_460_000_000n)
    expect(decodeValueJson(timestamptzType, '2017-11-16T22:31:08Z')).toBe(1_510_871_468_000_000n)
  })

  it('that does not fit its type is invalid data', () => {
    const refused: readonly (readonly [Type, JsonValue])[] = [
      [booleanType, 'true'],
      [intType, 2147483648],
      [intType, '1'],
      [longType, 1.5],
      [longType, 2n ** 63n],
      [doubleType, '1.0'],
      [doubleType, true],
      [floatType, 1e39],
      [decimalType(4, 2), 14],
      [decimalType(4, 2), '100.00'],
      [dateType, 17486],
      [dateType, '2017-02-30'],
      [timeType, 5n],
      [timestampType, '2017-11-16T22:31:08+00:00'],
      [timestamptzType, '2017-11-16T22:31:08'],
      [timestamptzType, '2017-11-16T22:31:08+02:00'],
      [timestampType, 5n],
      [stringType, 5],
      [stringType, '\ud800'],
      [uuidType, 'f79c'],
      [fixedType(2), '00'],
      [fixedType(2), [0, 0]],
      [binaryType, '0g'],
      [point, []],
      [point, { '1': 'x' }],
      [listOfDates, { '0': '1970-01-01' }],
      [mapOfPoints, { keys: ['a'], values: [] }],
      [mapOfPoints, { keys: ['a'] }],
      [mapOfPoints, []],
      [unknownType, 0],
      [variantType, 0],
      [{ kind: 'geometry' }, 'POINT (30 10)'],
    ]
    for (const [type, json] of refused) {
      expect(() => decodeValueJson(type, json), `${type.kind} ${String(json)}`).toThrowError(invalid)
    }
  })
})
