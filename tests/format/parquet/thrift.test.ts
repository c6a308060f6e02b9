import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import {
  binary,
  bool,
  i8,
  i32,
  i64,
  list,
  optional,
  readThrift,
  required,
  struct,
  text,
  writeThrift,
} from '../../../format/parquet/thrift.ts'
import { runs } from '../../runs.ts'

interface Inner {
  readonly name: string
  readonly size?: bigint
}
interface Sample {
  readonly a: number
  readonly flag?: boolean
  readonly small?: number
  readonly raw?: Uint8Array
  readonly far?: bigint
  readonly numbers?: readonly number[]
  readonly inner?: readonly Inner[]
}
const inner = struct<Inner>('Inner', { name: required(1, text), size: optional(2, i64) })
const sample = struct<Sample>('Sample', {
  a: required(1, i32),
  flag: optional(2, bool),
  small: optional(3, i8),
  raw: optional(7, binary),
  far: optional(300, i64),
  numbers: optional(8, list(i32)),
  inner: optional(9, list(inner)),
})
const onlyA = struct<Pick<Sample, 'a'>>('Sample', { a: required(1, i32) })

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const samples: fc.Arbitrary<Sample> = fc
  .record({
    a: int32,
    flag: maybe(fc.boolean()),
    small: maybe(fc.integer({ min: -128, max: 127 })),
    raw: maybe(fc.uint8Array({ maxLength: 40 })),
    far: maybe(int64),
    numbers: maybe(fc.array(int32, { maxLength: 40 })),
    inner: maybe(
      fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), size: maybe(int64) }), { maxLength: 20 }),
    ),
  })
  .map(withoutUndefined)

describe('the Thrift compact protocol', () => {
  test('reads back what it writes', () => {
    fc.assert(
      fc.property(samples, (value) => {
        const bytes = writeThrift(sample, value)
        expect(readThrift(sample, bytes)).toEqual({ value, end: bytes.length })
      }),
      runs(20_261_121, 300),
    )
  })

  test('skips fields that the description does not know', () => {
    fc.assert(
      fc.property(samples, (value) => {
        const bytes = writeThrift(sample, value)
        expect(readThrift(onlyA, bytes)).toEqual({ value: { a: value.a }, end: bytes.length })
      }),
      runs(20_261_121, 300),
    )
  })

  test('writes the bytes that the specification shows', () => {
    // a = 1 (delta 1, i32, zigzag 2), flag = true in the header, stop
    expect([...writeThrift(sample, { a: 1, flag: true })]).toEqual([0x15, 0x02, 0x11, 0x00])
    // ids more than 15 apart are written out: i64 (6), zigzag 600, zigzag -1
    expect([...writeThrift(sample, { a: 0, far: -1n })]).toEqual([0x15, 0x00, 0x06, 0xd8, 0x04, 0x01, 0x00])
  })

  test('any damage is INVALID_DATA or another value, never a crash', () => {
    fc.assert(
      fc.property(
        samples,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (value, edits) => {
          const bytes = writeThrift(sample, value)
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte
          try {
            readThrift(sample, bytes)
          } catch (error) {
            expect(isMoraineError(error, 'INVALID_DATA')).toBe(true)
          }
        },
      ),
      runs(20_261_121, 1000),
    )
  })

  test.each([
    ['a list longer than the bytes', [0x15, 0x02, 0x59, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07], 'a list claims'],
    ['text longer than the bytes', [0x18, 0xff, 0xff, 0xff, 0x7f], 'runs past the end'],
    ['a varint of 11 bytes', [0x15, ...Array(11).fill(0xff)], 'longer than 64 bits'],
    ['an int of 40 bits', [0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 'does not fit in 32 bits'],
    ['an unknown wire type', [0x1e], 'wire type 14'],
    ['a bottomless struct', Array(100).fill(0x1c), 'nested deeper than 64'],
    ['bottomless lists', Array(200).fill(0x19), 'nested deeper than 64'],
    ['bytes that end early', [0x15], 'ends at byte 1'],
    ['a missing required field', [0x00], 'Sample.a is missing'],
  ])('%s is refused before anything is allocated', (_, bytes, message) => {
    const type =
      bytes[0] === 0x18 || bytes[0] === 0x1c || bytes[0] === 0x19 ? struct<object>('Empty', {}) : sample
    expect(() => readThrift<unknown>(type, Uint8Array.from(bytes))).toThrow(message)
  })
})

function withoutUndefined<T extends object>(value: T): Sample {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    entries.map(([key, member]) => [
      key,
      key === 'inner' ? (member as object[]).map((item) => withoutUndefined(item)) : member,
    ]),
  ) as unknown as Sample
}
