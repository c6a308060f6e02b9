import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  type Literal,
  longType,
  type PrimitiveType,
  stringType,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
} from '../../../format/types.ts'
import { decodeSingleValue, encodeSingleValue } from '../../../format/values/single-value-binary.ts'
import { bytesToHex, hexToBytes } from '../../../format/values/text.ts'
import { runs } from '../../runs.ts'
import { valuesByType } from './every-value.ts'

const invalid = expect.objectContaining({ code: 'INVALID_DATA' })

const FORMS: readonly (readonly [PrimitiveType, Literal, string])[] = [
  [booleanType, true, '01'],
  [booleanType, false, '00'],
  [intType, 84202, 'ea480100'],
  [intType, -1, 'ffffffff'],
  [longType, 200n, 'c800000000000000'],
  [floatType, -4.5, '000090c0'],
  [doubleType, 6, '0000000000001840'],
  [doubleType, -0, '0000000000000080'],
  [dateType, 1000, 'e8030000'],
  [timeType, 10000n, '1027000000000000'],
  [timestampType, 400000n, '801a060000000000'],
  [timestampNsType, -1n, 'ffffffffffffffff'],
  [stringType, 'ABC', '414243'],
  [stringType, '', ''],
  [stringType, '\ufeffa', 'efbbbf61'],
  [stringType, '😀', 'f09f9880'],
  [uuidType, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09677c4bbda4793f349cb785e7'],
  [fixedType(2), Uint8Array.of(0xab, 0), 'ab00'],
  [binaryType, Uint8Array.of(), ''],
  [decimalType(9, 2), 345n, '0159'],
  [decimalType(9, 2), 0n, '00'],
  [decimalType(9, 2), 128n, '0080'],
  [decimalType(9, 2), -128n, '80'],
  [decimalType(9, 2), -129n, 'ff7f'],
  [decimalType(38, 0), 10n ** 38n - 1n, '4b3b4ca85a86c47a098a223fffffffff'],
  [decimalType(38, 0), 1n - 10n ** 38n, 'b4c4b357a5793b85f675ddc000000001'],
]

describe('the binary form of single values', () => {
  for (const [type, value, hex] of FORMS) {
    it(`of ${type.kind} ${String(value)} is the one in Appendix D`, () => {
      expect(bytesToHex(encodeSingleValue(type, value))).toBe(hex)
      expect(decodeSingleValue(type, hexToBytes(hex))).toStrictEqual(value)
    })
  }

  it('round-trips for all values of all types', () => {
    for (const [type, values] of valuesByType) {
      fc.assert(
        fc.property(values, (value) => {
          expect(decodeSingleValue(type, encodeSingleValue(type, value))).toStrictEqual(value)
        }),
        runs(61, 300),
      )
    }
  })

  it('is read from the middle of a larger buffer', () => {
    const buffer = hexToBytes('ffffea480100ff')
    expect(decodeSingleValue(intType, buffer.subarray(2, 6))).toBe(84202)
  })

  it('is read as it was before the column was promoted', () => {
    expect(decodeSingleValue(longType, hexToBytes('ffffffff'))).toBe(-1n)
    expect(decodeSingleValue(doubleType, hexToBytes('000090c0'))).toBe(-4.5)
    expect(decodeSingleValue(timestampType, hexToBytes('01000000'))).toBe(86_400_000_000n)
    expect(decodeSingleValue(timestampNsType, hexToBytes('ffffffff'))).toBe(-86_400_000_000_000n)
    expect(decodeSingleValue(decimalType(38, 2), hexToBytes('0159'))).toBe(345n)
    expect(() => decodeSingleValue(timestampNsType, hexToBytes('ffffff7f'))).toThrowError(invalid)
  })

  it('of a fixed may be shorter, as a truncated bound is', () => {
    expect(decodeSingleValue(fixedType(4), Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2))
  })

  it('of an int or a date is read from 8 bytes too, if it fits', () => {
    for (const type of [intType, dateType]) {
      expect(decodeSingleValue(type, hexToBytes('ea48010000000000'))).toBe(84202)
      expect(decodeSingleValue(type, hexToBytes('feffffffffffffff'))).toBe(-2)
      expect(() => decodeSingleValue(type, hexToBytes('0000008000000000'))).toThrowError(invalid)
    }
  })

  it('with the wrong number of bytes is invalid data', () => {
    const lengths: readonly (readonly [PrimitiveType, number])[] = [
      ...[booleanType, intType, longType, floatType, doubleType, dateType, timeType].map(
        (type) => [type, 0] as const,
      ),
      ...[booleanType, intType, longType, floatType, doubleType, dateType, timeType].map(
        (type) => [type, 9] as const,
      ),
      ...[timeType, timestamptzType, timestamptzNsType].map((type) => [type, 4] as const),
      [uuidType, 15],
      [fixedType(4), 5],
      [decimalType(9, 2), 0],
      [decimalType(9, 2), 17],
    ]
    for (const [type, length] of lengths) {
      expect(() => decodeSingleValue(type, new Uint8Array(length)), `${type.kind} ${length}`).toThrowError(
        invalid,
      )
    }
  })

  it('that is not UTF-8 is invalid data', () => {
    for (const hex of ['80', 'c0af', 'eda080', 'f09f98']) {
      expect(() => decodeSingleValue(stringType, hexToBytes(hex)), hex).toThrowError(invalid)
    }
  })

  it('does not exist for a lone surrogate or for type unknown', () => {
    expect(() => encodeSingleValue(stringType, '\udc00')).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(() => encodeSingleValue(unknownType, 0)).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
    expect(() => decodeSingleValue(unknownType, new Uint8Array(1))).toThrowError(invalid)
  })
})
