import { describe, expect, expectTypeOf, it } from 'vitest'
import { metricsModeOf } from '../../format/metrics-modes.ts'
import {
  isReservedProperty,
  type MetricsMode,
  readProperty,
  tableProperties,
  validateNewTableProperties,
} from '../../format/table-properties.ts'
import { intType, type NestedField, structType, type Type, variantType } from '../../format/types.ts'

describe('readProperty', () => {
  it('reads typed values and defaults', () => {
    expect(readProperty({}, 'write.target-file-size-bytes')).toBe(536870912)
    expect(readProperty({ 'write.target-file-size-bytes': '1024' }, 'write.target-file-size-bytes')).toBe(
      1024,
    )
    expect(readProperty({ 'gc.enabled': 'FALSE' }, 'gc.enabled')).toBe(false)
    expect(
      readProperty({ 'write.parquet.compression-codec': 'ZSTD' }, 'write.parquet.compression-codec'),
    ).toBe('zstd')
    expect(readProperty({}, 'write.data.path')).toBeUndefined()
    expectTypeOf(readProperty({}, 'commit.retry.num-retries')).toEqualTypeOf<number>()
    expectTypeOf(readProperty({}, 'write.data.path')).toEqualTypeOf<string | undefined>()
    expectTypeOf(readProperty({}, 'write.metadata.compression-codec')).toEqualTypeOf<'none' | 'gzip'>()
  })

  it('reads a limit of Long.MAX_VALUE as one that is never reached', () => {
    const properties = { 'history.expire.max-ref-age-ms': '9223372036854775807' }
    expect(readProperty(properties, 'history.expire.max-ref-age-ms')).toBe(Number.MAX_SAFE_INTEGER)
  })

  it.each([
    [
      'commit.retry.num-retries',
      'many',
      /'commit\.retry\.num-retries' must be an integer of at least 0, found 'many'/,
    ],
    ['commit.retry.num-retries', '-1', /at least 0/],
    ['commit.retry.num-retries', '1e3', /at least 0/],
    ['write.target-file-size-bytes', '0', /at least 1/],
    ['gc.enabled', 'yes', /true or false/],
    ['write.format.default', 'csv', /one of parquet, avro, orc/],
    ['write.metadata.metrics.default', 'truncate(0)', /truncate\(<length>\)/],
  ] as const)('refuses %s = %s', (name, value, message) => {
    expect(() => readProperty({ [name]: value }, name)).toThrow(message)
  })

  it('does not take inherited names for properties', () => {
    expect(isReservedProperty('constructor')).toBe(false)
    expect(() =>
      validateNewTableProperties({ constructor: 'x', toString: 'y' } as never, { fields: [] }),
    ).not.toThrow()
  })

  it('has a sentence for every property', () => {
    for (const definition of Object.values(tableProperties))
      expect(definition.sentence).toMatch(/^[A-Z].*\.$/s)
  })
})

describe('metricsModeOf', () => {
  const truncated: MetricsMode = { kind: 'truncate', length: 16 }
  const field = (id: number, name: string, type: Type = intType): NestedField => ({
    id,
    name,
    required: false,
    type,
  })
  const wide = { fields: Array.from({ length: 101 }, (_, i) => field(i + 1, `c${i + 1}`)) }

  it('truncates bounds to 16 by default', () => {
    const nested = { fields: [field(1, 's', structType([field(2, 'a')])), field(3, 'v', variantType)] }
    expect([...metricsModeOf(nested, {}).values()]).toEqual([truncated, truncated, truncated])
  })

  it('keeps metrics of the first columns only when there are more than the limit', () => {
    const modes = metricsModeOf(wide, {})
    expect(modes.get(100)).toEqual(truncated)
    expect(modes.get(101)).toEqual({ kind: 'none' })
    expect(metricsModeOf({ fields: wide.fields.slice(1) }, {}).get(101)).toEqual(truncated)
  })

  it('prefers outer columns to those inside structs, lists and maps', () => {
    const schema = {
      fields: [
        field(1, 's', structType([field(4, 'x'), field(5, 'y')])),
        field(2, 'l', { kind: 'list', elementId: 6, elementRequired: false, element: intType }),
        field(3, 'z'),
      ],
    }
    const modes = metricsModeOf(schema, { 'write.metadata.metrics.max-inferred-column-defaults': '3' })
    const kept = [...modes].filter(([, mode]) => mode.kind === 'truncate').map(([id]) => id)
    expect(kept.sort()).toEqual([3, 4, 5])
  })

  it('applies a configured default everywhere, sorted columns and overrides aside', () => {
    const properties = {
      'write.metadata.metrics.default': 'counts',
      'write.metadata.metrics.column.c2': 'full',
      'write.metadata.metrics.column.c3': 'NONE',
    }
    const order = {
      orderId: 1,
      fields: [
        { sourceIds: [1], transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-first' },
        { sourceIds: [3], transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-first' },
        {
          sourceIds: [4],
          transform: { kind: 'bucket', numBuckets: 4 },
          direction: 'asc',
          nullOrder: 'nulls-first',
        },
      ],
    } as const
    const modes = metricsModeOf(wide, properties, order)
    expect([1, 2, 3, 4, 101].map((id) => modes.get(id)!.kind)).toEqual([
      'truncate',
      'full',
      'none',
      'counts',
      'counts',
    ])
  })

  it('refuses a bad mode, and on a new table a column that does not exist', () => {
    expect(() => metricsModeOf(wide, { 'write.metadata.metrics.column.c1': 'some' })).toThrow(
      /column\.c1' must be none/,
    )
    expect(() => validateNewTableProperties({ 'write.metadata.metrics.column.q': 'full' }, wide)).toThrow(
      /'.*\.q' names/,
    )
  })
})
