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
  timestamptzType,
  timeType,
  typeToString,
  unknownType,
  uuidType,
} from '../../../format/types.ts'
import { toLiteral } from '../../../format/values/literal-input.ts'
import { runs } from '../../runs.ts'
import { valuesByType } from './every-value.ts'

const date = new Date('2017-11-16T22:31:08.123Z')
const uuid = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'
const uuidBytes = Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
const bytes = Uint8Array.of(1, 2, 3)

const ACCEPTED: readonly (readonly [PrimitiveType, unknown, Literal])[] = [
  [booleanType, false, false],
  [intType, -0, 0],
  [intType, 2147483647n, 2147483647],
  [longType, 9007199254740991, 9007199254740991n],
  [longType, -(2n ** 63n), -(2n ** 63n)],
  [floatType, 0.1, Math.fround(0.1)],
  [floatType, -0, -0],
  [floatType, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [doubleType, Number.NaN, Number.NaN],
  [doubleType, 2n ** 53n, 2 ** 53],
  [dateType, '2017-11-16', 17486],
  [dateType, new Date('2017-11-16'), 17486],
  [dateType, new Date(-86_400_000), -1],
  [dateType, 17486, 17486],
  [timeType, '22:31:08.5', 81_068_500_000n],
  [timeType, 86_399_999_999n, 86_399_999_999n],
  [timestampType, '2017-11-16T22:31:08', 1_510_871_468_000_000n],
  [timestampType, date, 1_510_871_468_123_000n],
  [timestamptzType, '2017-11-16T14:31:08-08:00', 1_510_871_468_000_000n],
  [timestamptzType, -1n, -1n],
  [timestampNsType, '2017-11-16T22:31:08.000000001', 1_510_871_468_000_000_001n],
  [timestampNsType, date, 1_510_871_468_123_000_000n],
  [decimalType(4, 2), '14.2', 1420n],
  [decimalType(4, 2), -9999n, -9999n],
  [decimalType(4, 2), 14, 1400n],
  [decimalType(38, 0), '9'.repeat(38), 10n ** 38n - 1n],
  [stringType, 'é😀', 'é😀'],
  [uuidType, uuid.toUpperCase(), uuid],
  [uuidType, uuidBytes, uuid],
  [fixedType(3), bytes, bytes],
  [binaryType, Buffer.from(bytes), Buffer.from(bytes)],
]

const REFUSED: readonly (readonly [PrimitiveType, unknown])[] = [
  [booleanType, 1],
  [intType, 2147483648],
  [intType, 1.5],
  [intType, Number.NaN],
  [intType, '1'],
  [longType, 2n ** 63n],
  [longType, 9007199254740992],
  [longType, '1'],
  [floatType, 3.5e38],
  [floatType, -3.5e38],
  [floatType, '1'],
  [doubleType, 2n ** 53n + 1n],
  [dateType, '2017-11-31'],
  [dateType, new Date(Number.NaN)],
  [dateType, new Date(-1)],
  [dateType, new Date('2026-11-21T00:00:00+01:00')],
  [dateType, 1.5],
  [timeType, 86_400_000_000n],
  [timeType, -1n],
  [timeType, 5],
  [timestampType, '2017-11-16T22:31:08Z'],
  [timestampType, 1_510_871_468],
  [timestampType, 2n ** 63n],
  [timestamptzType, '2017-11-16T22:31:08'],
  [timestamptzType, new Date(Number.NaN)],
  [timestampNsType, new Date('2500-01-01T00:00:00Z')],
  [decimalType(4, 2), '100.00'],
  [decimalType(4, 2), '1.005'],
  [decimalType(4, 2), 10000n],
  [decimalType(4, 2), 1.5],
  [decimalType(4, 2), 100],
  [stringType, 'a\ud800'],
  [stringType, 5],
  [uuidType, uuid.slice(1)],
  [uuidType, uuidBytes.subarray(1)],
  [fixedType(4), bytes],
  [fixedType(3), '010203'],
  [binaryType, '010203'],
  [binaryType, [1, 2, 3]],
  [unknownType, 0],
]

describe('what people write', () => {
  for (const [type, input, expected] of ACCEPTED) {
    it(`as ${typeToString(type)} may be ${typeof input} ${String(input).slice(0, 40)}`, () => {
      expect(toLiteral(type, input)).toStrictEqual(expected)
    })
  }

  for (const [type, input] of REFUSED) {
    it(`as ${typeToString(type)} must not be ${typeof input} ${JSON.stringify(String(input)).slice(0, 40)}`, () => {
      expect(() => toLiteral(type, input)).toThrowError(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringMatching(/^expected .*, found .*/),
        }),
      )
    })
  }

  it('is never null or undefined, whatever the type', () => {
    for (const [type] of valuesByType) {
      expect(() => toLiteral(type, null)).toThrowError(/found null$/)
      expect(() => toLiteral(type, undefined)).toThrowError(/found undefined$/)
    }
  })

  it('is named in the error with its type and cut to 60 characters', () => {
    expect(() => toLiteral(longType, 'x'.repeat(1000))).toThrowError(
      `expected long (a bigint from -2^63 to 2^63 - 1 or a safe integer), found string "${'x'.repeat(60)}…"`,
    )
    expect(() => toLiteral(decimalType(4, 2), '1.005')).toThrowError(/^expected decimal\(4, 2\) .*"1.005"$/)
    expect(() => toLiteral(longType, 2n ** 100_000n)).toThrowError(/found bigint of more than 512 bits$/)
    expect(() => toLiteral(binaryType, {})).toThrowError(/found an object$/)
  })

  it('may be any value in its internal form', () => {
    for (const [type, values] of valuesByType) {
      fc.assert(
        fc.property(values, (value) => {
          expect(toLiteral(type, value)).toStrictEqual(value)
        }),
        runs(51, 200),
      )
    }
  })
})
