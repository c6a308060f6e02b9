import fc from 'fast-check'
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
  uuidType,
} from '../../../format/types.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const decimalLimit = 10n ** 38n - 1n

/** Every type that has values, with all its values in the internal form. */
export const valuesByType: readonly (readonly [PrimitiveType, fc.Arbitrary<Literal>])[] = [
  [booleanType, fc.boolean()],
  [intType, fc.integer()],
  [longType, int64],
  [floatType, fc.float()],
  [doubleType, fc.double()],
  [dateType, fc.integer()],
  [timeType, fc.bigInt({ min: 0n, max: 86_399_999_999n })],
  [timestampType, int64],
  [timestamptzType, int64],
  [timestampNsType, int64],
  [timestamptzNsType, int64],
  [stringType, fc.string({ unit: 'binary' })],
  [uuidType, fc.uuid()],
  [fixedType(5), fc.uint8Array({ minLength: 5, maxLength: 5 })],
  [binaryType, fc.uint8Array()],
  [decimalType(38, 10), fc.bigInt({ min: -decimalLimit, max: decimalLimit })],
]
