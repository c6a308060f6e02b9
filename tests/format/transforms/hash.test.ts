import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashBytes, hasherOf, hashInt, hashString } from '../../../format/transforms/hash.ts'
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
import { toLiteral } from '../../../format/values/literal-input.ts'
import { runs } from '../../runs.ts'

/** Spec, Appendix B: 32-bit Hash Requirements. */
const VECTORS: readonly (readonly [PrimitiveType, unknown, number])[] = [
  [intType, 34, 2017239379],
  [longType, 34n, 2017239379],
  [decimalType(9, 2), '14.20', -500754589],
  [decimalType(38, 2), '14.20', -500754589],
  [dateType, '2017-11-16', -653330422],
  [timeType, '22:31:08', -662762989],
  [timestampType, '2017-11-16T22:31:08', -2047944441],
  [timestampType, '2017-11-16T22:31:08.000001', -1207196810],
  [timestamptzType, '2017-11-16T14:31:08-08:00', -2047944441],
  [timestamptzType, '2017-11-16T14:31:08.000001-08:00', -1207196810],
  [timestampNsType, '2017-11-16T22:31:08', -2047944441],
  [timestampNsType, '2017-11-16T22:31:08.000001001', -1207196810],
  [timestamptzNsType, '2017-11-16T14:31:08-08:00', -2047944441],
  [timestamptzNsType, '2017-11-16T14:31:08.000001001-08:00', -1207196810],
  [stringType, 'iceberg', 1210000089],
  [uuidType, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 1488055340],
  [fixedType(4), Uint8Array.of(0, 1, 2, 3), -188683207],
  [binaryType, Uint8Array.of(0, 1, 2, 3), -188683207],
  [booleanType, true, 1392991556],
  [floatType, 1, -142385009],
  [floatType, 0, 1669671676],
  [floatType, -0, 1669671676],
  [doubleType, 1, -142385009],
  [doubleType, 0, 1669671676],
  [doubleType, -0, 1669671676],
]

describe('the hash of single values', () => {
  for (const [type, input, expected] of VECTORS) {
    it(`of ${type.kind} ${String(input)} is the one in Appendix B`, () => {
      expect(hasherOf(type)(toLiteral(type, input))).toBe(expected)
    })
  }

  it('has one NaN', () => {
    expect(hasherOf(doubleType)(Number.NaN)).toBe(bytewise(longBytes(0x7ff8000000000000n)))
  })

  it('is refused for types that have none', () => {
    expect(() => hasherOf(unknownType)).toThrowError(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('equals a byte-wise Murmur3 over every kind of input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(hashBytes(bytes)).toBe(bytewise(bytes))
      }),
      runs(1, 2000),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        expect(hashString(text)).toBe(bytewise(new TextEncoder().encode(text)))
      }),
      runs(2, 2000),
    )
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(hasherOf(longType)(value)).toBe(bytewise(longBytes(value)))
      }),
      runs(3, 2000),
    )
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), (_, value) => {
        expect(hashInt(value)).toBe(bytewise(longBytes(BigInt(value))))
      }),
      runs(4, 500),
    )
  })

  it('takes decimals by their fewest two’s complement bytes', () => {
    const hash: (value: Literal) => number = hasherOf(decimalType(38, 0))
    const limit = 10n ** 38n - 1n
    const edges = [0n, 127n, 128n, -128n, -129n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, limit, -limit]
    for (const value of edges) expect(hash(value)).toBe(bytewise(fewestBytes(value)))
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), fc.nat(126), (value, shift) => {
        const shifted = value >> BigInt(shift)
        expect(hash(shifted)).toBe(bytewise(fewestBytes(shifted)))
      }),
      runs(5, 2000),
    )
  })

  it('takes nanoseconds by the microsecond that holds them, before 1970 too', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
        const micros = (nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n
        expect(hasherOf(timestampNsType)(nanos)).toBe(bytewise(longBytes(micros)))
      }),
      runs(6, 1000),
    )
  })
})

/** Murmur3 x86 32 with seed 0, in bigint arithmetic. */
function bytewise(bytes: Uint8Array): number {
  const u32 = (value: bigint) => value & 0xffffffffn
  const rotate = (value: bigint, by: bigint) => u32((value << by) | (value >> (32n - by)))
  const scramble = (block: bigint) => u32(rotate(u32(block * 0xcc9e2d51n), 15n) * 0x1b873593n)
  let hash = 0n
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    let block = 0n
    for (let i = 3; i >= 0; i--) block = (block << 8n) | BigInt(bytes[at + i]!)
    hash = u32(rotate(hash ^ scramble(block), 13n) * 5n + 0xe6546b64n)
  }
  let tail = 0n
  for (let i = bytes.length - 1; i >= at; i--) tail = (tail << 8n) | BigInt(bytes[i]!)
  hash ^= scramble(tail)
  hash ^= BigInt(bytes.length)
  hash = u32((hash ^ (hash >> 16n)) * 0x85ebca6bn)
  hash = u32((hash ^ (hash >> 13n)) * 0xc2b2ae35n)
  return Number(BigInt.asIntN(32, hash ^ (hash >> 16n)))
}

function longBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) =>
    Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 0xffn),
  )
}

function fewestBytes(value: bigint): Uint8Array {
  let length = 1
  while (BigInt.asIntN(8 * length, value) !== value) length++
  return Uint8Array.from({ length }, (_, i) =>
    Number((BigInt.asUintN(8 * length, value) >> BigInt(8 * (length - 1 - i))) & 0xffn),
  )
}
