import { expect, test } from 'vitest'
import { bloomFilterLength, bloomFilterMayHold, bloomHash } from '../../../format/parquet/bloom-filter.ts'
import type { SchemaElement } from '../../../format/parquet/footer.ts'
import { xxhash64 } from '../../../format/parquet/xxhash64.ts'
import { dateType, intType, longType, stringType, timestampType, uuidType } from '../../../format/types.ts'

test.each([
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['abc', '44bc2cf5ad770999'],
  ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
])('XXH64 of %j is %s', (text, hash) => {
  expect(xxhash64(Buffer.from(text)).toString(16)).toBe(hash)
})

test('a value is hashed as the file stores it, or known to be absent, or not asked for', () => {
  const int32: SchemaElement = { name: 'c', type: 'INT32' }
  const millis: SchemaElement = {
    name: 'c',
    type: 'INT64',
    logicalType: { kind: 'TIMESTAMP', isAdjustedToUtc: false, unit: 'MILLIS' },
  }
  expect(bloomHash(7n, longType, int32)).toBe(bloomHash(7, intType, int32))
  expect(bloomHash(7n, longType, int32)).toBe(xxhash64(Uint8Array.of(7, 0, 0, 0)))
  expect(bloomHash(2n ** 31n, longType, int32)).toBe('absent')
  expect(bloomHash(1000n, timestampType, millis)).toBeUndefined()
  expect(bloomHash(1, dateType, int32)).toBeUndefined()
  expect(bloomHash('é', stringType, { name: 'c', type: 'BYTE_ARRAY' })).toBe(
    xxhash64(Uint8Array.of(0xc3, 0xa9)),
  )
  const uuid = '00000000-0000-0000-0000-000000000001'
  const fixed: SchemaElement = { name: 'c', type: 'FIXED_LEN_BYTE_ARRAY', typeLength: 16 }
  expect(bloomHash(uuid, uuidType, fixed)).toBe(xxhash64(Uint8Array.from([...Array(15).fill(0), 1])))
})

test('a filter of an unknown kind, or one that is malformed, is none', () => {
  // numBytes 32; algorithm, hash and compression: the first member of each union.
  const header = [0x15, 0x40, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0]
  expect(bloomFilterLength(Uint8Array.from(header))).toBe(header.length + 32)
  const otherHash = header.with(7, 0x2c)
  expect(bloomFilterLength(Uint8Array.from(otherHash))).toBeUndefined()
  expect(bloomFilterLength(Uint8Array.from(header.with(1, 0x42)))).toBeUndefined()
  expect(bloomFilterLength(Uint8Array.from(header.slice(0, 5)))).toBeUndefined()
  const full = Uint8Array.from([...header, ...Array(32).fill(0xff)])
  const empty = Uint8Array.from([...header, ...Array(32).fill(0)])
  expect(bloomFilterMayHold(full, [1n])).toBe(true)
  expect(bloomFilterMayHold(empty, [1n])).toBe(false)
})
