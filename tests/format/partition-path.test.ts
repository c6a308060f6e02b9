import { describe, expect, it } from 'vitest'
import { partitionPath } from '../../format/partition-path.ts'
import type { PartitionSpec } from '../../format/partition-spec.ts'
import { parseTransform } from '../../format/transforms/parse.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  type Literal,
  type PrimitiveType,
  stringType,
  timestampNsType,
  timestampType,
  timestamptzType,
  timeType,
  uuidType,
} from '../../format/types.ts'

/** Each compared with PartitionSpec.partitionToPath of Iceberg Java 1.12.0. */
const JAVA: readonly (readonly [string, PrimitiveType, Literal, string])[] = [
  ['identity', booleanType, true, 'true'],
  ['identity', intType, -5, '-5'],
  ['identity', stringType, "a b/c=%é😀~*'()!", 'a+b%2Fc%3D%25%C3%A9%F0%9F%98%80%7E*%27%28%29%21'],
  ['identity', stringType, '', ''],
  ['identity', stringType, '..', '..'],
  ['identity', dateType, 17486, '2017-11-16'],
  ['identity', dateType, 2932897, '10000-01-01'],
  ['identity', dateType, -719893, '-001-01-01'],
  ['identity', timeType, 81_060_000_000n, '22%3A31'],
  ['identity', timeType, 81_068_000_000n, '22%3A31%3A08'],
  ['identity', timeType, 81_068_120_000n, '22%3A31%3A08.120'],
  ['identity', timeType, 81_068_000_001n, '22%3A31%3A08.000001'],
  ['identity', timestampType, 1_510_871_460_000_000n, '2017-11-16T22%3A31%3A00'],
  ['identity', timestampType, 1_510_871_468_120_000n, '2017-11-16T22%3A31%3A08.12'],
  ['identity', timestamptzType, 1_510_871_468_000_001n, '2017-11-16T22%3A31%3A08.000001%2B00%3A00'],
  ['identity', timestampNsType, -1n, '1969-12-31T23%3A59%3A59.999999999'],
  ['identity', decimalType(9, 2), -5n, '-0.05'],
  ['identity', decimalType(18, 10), 1n, '1E-10'],
  ['identity', decimalType(18, 10), -12345n, '-0.0000012345'],
  ['identity', decimalType(18, 10), 123n, '1.23E-8'],
  ['identity', floatType, Math.fround(0.1), '0.1'],
  ['identity', floatType, -0, '-0.0'],
  ['identity', doubleType, 1e7, '1.0E7'],
  ['identity', doubleType, 0.0009, '9.0E-4'],
  ['identity', doubleType, 9999999.5, '9999999.5'],
  ['identity', doubleType, Number.NaN, 'NaN'],
  ['identity', uuidType, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
  ['identity', binaryType, Uint8Array.of(251, 255, 0, 1), '%2B%2F8AAQ%3D%3D'],
  ['bucket[16]', stringType, 3, '3'],
  ['truncate[3]', stringType, 'ice', 'ice'],
  ['year', dateType, 47, '2017'],
  ['year', dateType, -1971, '-001'],
  ['month', dateType, 574, '2017-11'],
  ['month', dateType, -1, '1969-12'],
  ['day', timestampType, -1, '1969-12-31'],
  ['hour', timestampType, 419686, '2017-11-16-22'],
  ['hour', timestampType, -1, '1969-12-31-23'],
]

function pathOf(name: string, transform: string, type: PrimitiveType, value: Literal | null): string {
  const field = { fieldId: 1000, name, sourceIds: [1], transform: parseTransform(transform) }
  const schema = { fields: [{ id: 1, name: 'source', required: false, type }] }
  return partitionPath({ specId: 0, fields: [field] }, schema, [value])
}

describe('the path of a partition', () => {
  for (const [transform, type, value, expected] of JAVA) {
    it(`shows ${transform} of ${type.kind} as ${expected || 'nothing'}`, () => {
      expect(pathOf('p', transform, type, value)).toBe(`p=${expected}`)
    })
  }

  it('joins the fields in the order of the spec, void and null as null', () => {
    const spec: PartitionSpec = {
      specId: 1,
      fields: [
        { fieldId: 1000, name: 'a', sourceIds: [1], transform: { kind: 'void' } },
        { fieldId: 1001, name: 'b', sourceIds: [1], transform: { kind: 'bucket', numBuckets: 4 } },
        { fieldId: 1002, name: 'c', sourceIds: [1], transform: { kind: 'day' } },
      ],
    }
    const schema = { fields: [{ id: 1, name: 'ts', required: false, type: timestampType }] }
    expect(partitionPath(spec, schema, [null, 3, null])).toBe('a=null/b=3/c=null')
  })

  it('is empty without fields', () => {
    expect(partitionPath({ specId: 0, fields: [] }, { fields: [] }, [])).toBe('')
  })

  it('escapes names so that none leaves its folder', () => {
    expect(pathOf('../é = x', 'identity', intType, 1)).toBe('..%2F%C3%A9+%3D+x=1')
    expect(pathOf('\ud800', 'identity', intType, 1)).toBe('%3F=1')
  })

  it('is there also when the source column is gone', () => {
    const field = { fieldId: 1000, name: 'p', sourceIds: [9], transform: { kind: 'identity' } } as const
    const spec = { specId: 0, fields: [field] }
    expect(partitionPath(spec, { fields: [] }, [5])).toBe('p=5')
    expect(partitionPath(spec, { fields: [] }, [Uint8Array.of(1)])).toBe('p=AQ%3D%3D')
  })
})
