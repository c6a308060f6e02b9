import { describe, expect, it } from 'vitest'
import type { PartitionField } from '../../format/partition-spec.ts'
import {
  currentSchema,
  defaultSortOrder,
  defaultSpec,
  type NewTable,
  newTableMetadata,
} from '../../format/table-metadata-build.ts'
import { decodeTableMetadata, encodeTableMetadata } from '../../format/table-metadata-json.ts'
import type { Transform } from '../../format/transforms/transform.ts'
import {
  doubleType,
  intType,
  longType,
  type NestedField,
  stringType,
  structType,
  type Type,
  timestampNsType,
  timestampType,
  unknownType,
  variantType,
} from '../../format/types.ts'

const field = (id: number, name: string, type: Type, more: Partial<NestedField> = {}): NestedField => ({
  id,
  name,
  required: false,
  type,
  ...more,
})
const listOf = (elementId: number, element: Type): Type => ({
  kind: 'list',
  elementId,
  elementRequired: true,
  element,
})

const fields = [
  field(50, 'id', longType, { required: true }),
  field(
    40,
    's',
    structType([
      field(41, 'ts', timestampType),
      field(42, 'l', listOf(43, structType([field(44, 'x', intType)]))),
    ]),
  ),
  field(30, 'm', {
    kind: 'map',
    keyId: 31,
    key: structType([field(33, 'k', intType)]),
    valueId: 32,
    valueRequired: false,
    value: doubleType,
  }),
  field(20, 'name', stringType),
]

function build(table: Partial<NewTable> = {}) {
  return newTableMetadata({
    schema: { fields, identifierFieldIds: [50] },
    location: 's3://b/t/',
    uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    now: 1_700_000_000_000,
    ...table,
  })
}

const partition = (name: string, sourceId: number, transform: Transform): PartitionField => ({
  fieldId: 5,
  name,
  sourceIds: [sourceId],
  transform,
})

describe('newTableMetadata', () => {
  it("assigns field ids as Iceberg Java: a struct's own fields first", () => {
    const metadata = build()
    const [id, s, m, name] = currentSchema(metadata).fields
    expect([id!.id, s!.id, m!.id, name!.id]).toEqual([1, 2, 3, 4])
    expect(s!.type).toMatchObject({
      fields: [{ id: 5 }, { id: 6, type: { elementId: 7, element: { fields: [{ id: 8 }] } } }],
    })
    expect(m!.type).toMatchObject({ keyId: 9, valueId: 10, key: { fields: [{ id: 11 }] } })
    expect(metadata.lastColumnId).toBe(11)
    expect(currentSchema(metadata).identifierFieldIds).toEqual([1])
  })

  it('carries partition and sort fields over to the fresh ids', () => {
    const metadata = build({
      partitionSpec: {
        fields: [partition('day', 41, { kind: 'day' }), partition('name', 20, { kind: 'identity' })],
      },
      sortOrder: {
        fields: [
          { sourceIds: [50], transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-first' },
        ],
      },
    })
    expect(defaultSpec(metadata)).toMatchObject({
      specId: 0,
      fields: [
        { fieldId: 1000, sourceIds: [5] },
        { fieldId: 1001, sourceIds: [4] },
      ],
    })
    expect(metadata.lastPartitionId).toBe(1001)
    expect(defaultSortOrder(metadata)).toMatchObject({ orderId: 1, fields: [{ sourceIds: [1] }] })
  })

  it('is empty, of version 2, with zstd said explicitly', () => {
    const metadata = build()
    expect(metadata).toMatchObject({
      formatVersion: 2,
      location: 's3://b/t',
      lastSequenceNumber: 0n,
      snapshots: [],
    })
    expect(metadata.currentSnapshotId).toBeUndefined()
    expect({ ...metadata.properties }).toEqual({ 'write.parquet.compression-codec': 'zstd' })
    expect(decodeTableMetadata(encodeTableMetadata(metadata), 'x')).toEqual(metadata)
  })

  it('takes the version from the option, else from the property, which is not kept', () => {
    const metadata = build({
      properties: { 'format-version': '3', 'write.parquet.compression-codec': 'snappy' },
    })
    expect(metadata.formatVersion).toBe(3)
    expect({ ...metadata.properties }).toEqual({ 'write.parquet.compression-codec': 'snappy' })
    expect(build({ formatVersion: 1 }).formatVersion).toBe(1)
    expect(() => build({ properties: { 'format-version': '4' } })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
    expect(() => build({ formatVersion: 0 })).toThrow(/must be 1, 2 or 3/)
  })

  it.each<[string, Partial<NewTable>, RegExp]>([
    [
      'a bad property',
      { properties: { 'write.target-file-size-bytes': 'big' } },
      /'write.target-file-size-bytes' must be/,
    ],
    ['a reserved property', { properties: { 'current-schema': '{}' } }, /'current-schema' is reserved/],
    [
      'a partition source that does not exist',
      { partitionSpec: { fields: [partition('p', 99, { kind: 'day' })] } },
      /source column 99/,
    ],
    [
      'a transform that the type does not take',
      { partitionSpec: { fields: [partition('p', 20, { kind: 'day' })] } },
      /cannot apply day to 'name' of type string/,
    ],
    [
      'a partition by a struct',
      { partitionSpec: { fields: [partition('p', 40, { kind: 'identity' })] } },
      /must be primitive/,
    ],
    [
      'a partition by a list element',
      { partitionSpec: { fields: [partition('p', 44, { kind: 'identity' })] } },
      /in a list or map/,
    ],
    [
      "a bucket with its source's name",
      { partitionSpec: { fields: [partition('id', 50, { kind: 'bucket', numBuckets: 4 })] } },
      /name of a column/,
    ],
    [
      "an identity with another column's name",
      { partitionSpec: { fields: [partition('name', 50, { kind: 'identity' })] } },
      /name of a column that is not its source/,
    ],
    [
      'an empty partition name',
      { partitionSpec: { fields: [partition('', 50, { kind: 'identity' })] } },
      /empty name/,
    ],
    [
      'a partition name twice',
      {
        partitionSpec: {
          fields: [partition('p', 50, { kind: 'identity' }), partition('p', 20, { kind: 'identity' })],
        },
      },
      /stands twice/,
    ],
    [
      'two time units over one source',
      {
        partitionSpec: {
          fields: [partition('d', 41, { kind: 'day' }), partition('h', 41, { kind: 'hour' })],
        },
      },
      /'h' says again what 'd' says/,
    ],
    [
      'an unknown transform',
      { partitionSpec: { fields: [partition('p', 50, { kind: 'unknown', text: 'zorder' })] } },
      /unknown transform/,
    ],
    [
      'a sort by a struct',
      {
        sortOrder: {
          fields: [
            { sourceIds: [40], transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-last' },
          ],
        },
      },
      /sort field identity .* must be primitive/,
    ],
    ['an optional identifier', { schema: { fields, identifierFieldIds: [20] } }, /'name' must be required/],
    ['a struct as identifier', { schema: { fields, identifierFieldIds: [40] } }, /'s' must be primitive/],
    [
      'an identifier in a map',
      { schema: { fields, identifierFieldIds: [32] } },
      /'m.value' must not be floating point/,
    ],
    [
      'an identifier in a list',
      { schema: { fields, identifierFieldIds: [44] } },
      /'s.l.element.x' must not lie in a list/,
    ],
    [
      'an identifier in an optional struct',
      {
        schema: {
          fields: [field(1, 's', structType([field(2, 'a', intType, { required: true })]))],
          identifierFieldIds: [2],
        },
      },
      /'s.a' must not lie in an optional struct/,
    ],
    [
      'an identifier that does not exist',
      { schema: { fields, identifierFieldIds: [99] } },
      /id 99 does not exist/,
    ],
    [
      'a nanosecond type in v2',
      { schema: { fields: [field(1, 't', timestampNsType)], identifierFieldIds: [] } },
      /'t': type timestamp_ns needs format version 3/,
    ],
    [
      'a variant in a list in v2',
      { schema: { fields: [field(1, 'l', listOf(2, variantType))], identifierFieldIds: [] } },
      /'l.element': type variant needs/,
    ],
    [
      'a default in v2',
      { schema: { fields: [field(1, 'a', intType, { writeDefault: 1 })], identifierFieldIds: [] } },
      /write default of field 'a' needs format version 3/,
    ],
    [
      'a required unknown',
      {
        formatVersion: 3,
        schema: { fields: [field(1, 'u', unknownType, { required: true })], identifierFieldIds: [] },
      },
      /must be optional/,
    ],
    [
      'a default for a variant',
      {
        formatVersion: 3,
        schema: { fields: [field(1, 'v', variantType, { initialDefault: 1 })], identifierFieldIds: [] },
      },
      /must be null/,
    ],
    [
      'a default that does not fit',
      {
        formatVersion: 3,
        schema: { fields: [field(1, 'a', intType, { initialDefault: 'x' })], identifierFieldIds: [] },
      },
      /does not fit its type int/,
    ],
    [
      'a field id twice',
      { schema: { fields: [field(1, 'a', intType), field(1, 'b', intType)], identifierFieldIds: [] } },
      /used twice/,
    ],
    [
      'a field name twice',
      { schema: { fields: [field(1, 'a', intType), field(2, 'a', intType)], identifierFieldIds: [] } },
      /stands twice/,
    ],
    [
      'a column with the full name of a nested field',
      {
        schema: {
          fields: [field(1, 'a', structType([field(2, 'b', intType)])), field(3, 'a.b', intType)],
          identifierFieldIds: [],
        },
      },
      /two fields have the full name 'a.b'/,
    ],
    [
      'partition fields of one name in Avro',
      {
        partitionSpec: {
          fields: [
            partition('a b', 50, { kind: 'bucket', numBuckets: 2 }),
            partition('a_x20b', 20, { kind: 'identity' }),
          ],
        },
      },
      /'a_x20b' is stored as 'a_x20b', and so is another/,
    ],
    ['a property that is a number', { properties: { p: 5 as never } }, /'p' must be a text, found number 5/],
    ['a property without a value', { properties: { p: undefined as never } }, /'p' must be a text/],
    ['a version that is no text', { properties: { 'format-version': 2 as never } }, /must be a text/],
  ])('refuses %s', (_, table, message) => {
    expect(() => build(table)).toThrow(message)
  })

  it('keeps awkward names as they are', () => {
    const names = ['__proto__', 'constructor', 'a.b', '', 'x'.repeat(10_000), '\ud800']
    const awkward = names.map((name, i) => field(i + 1, name, intType))
    const metadata = build({ schema: { fields: awkward, identifierFieldIds: [] } })
    const read = decodeTableMetadata(encodeTableMetadata(metadata), 'x')
    expect(currentSchema(read).fields.map((each) => each.name)).toEqual(names)
  })
})
