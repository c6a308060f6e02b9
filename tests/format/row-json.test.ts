import { describe, expect, test } from 'vitest'
import { parseJson } from '../../format/lossless-json.ts'
import { decodeRowJson, encodeRowJson } from '../../format/row-json.ts'
import { decimalType, longType, type NestedField, timestampType } from '../../format/types.ts'

const field = (id: number, name: string, type: NestedField['type']): NestedField => ({
  id,
  name,
  required: false,
  type,
})

describe('a row as JSON', () => {
  test('a whole number for a decimal is its own digits, however large', () => {
    const amount = [field(1, 'amount', decimalType(18, 2))]
    expect(decodeRowJson(parseJson('{"amount":2}'), amount)).toEqual({ amount: '2' })
    expect(decodeRowJson(parseJson('{"amount":9007199254740993}'), amount)).toEqual({
      amount: '9007199254740993',
    })
  })

  test('takes timestamps as rows({ timestamps: "date" }) yields them', () => {
    const at = [field(1, 'at', timestampType)]
    expect(encodeRowJson({ at: new Date(1) }, at)).toBe('{"at":"1970-01-01T00:00:00.001000"}')
    expect(encodeRowJson({ at: 1n }, at)).toBe('{"at":"1970-01-01T00:00:00.000001"}')
  })

  test('a column that the row lacks is refused, not written as null', () => {
    const fields = [field(1, 'id', longType), field(2, 'other', longType)]
    expect(() => encodeRowJson({ id: 1n }, fields)).toThrowError(/no 'other'/)
  })
})
