import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openAvro } from '../../format/avro/container.ts'
import type { DataFile, ManifestEntry, ManifestFile } from '../../format/manifest.ts'
import { decodeManifest, encodeManifest } from '../../format/manifest-codec.ts'
import type { MetricsProjection } from '../../format/manifest-columns.ts'
import type { CommittedEntry } from '../../format/manifest-inheritance.ts'
import type { PartitionField, PartitionSpec } from '../../format/partition-spec.ts'
import type { SpecInSchema } from '../../format/partition-type.ts'
import type { Schema } from '../../format/schema.ts'
import type { FormatVersion } from '../../format/table-metadata.ts'
import { decimalType, fixedType, type Literal, type PrimitiveType } from '../../format/types.ts'
import { decodeSingleValue } from '../../format/values/single-value-binary.ts'
import { runs } from '../runs.ts'

const types: readonly (readonly [PrimitiveType, Literal, Literal])[] = [
  [{ kind: 'boolean' }, false, true],
  [{ kind: 'int' }, -(2 ** 31), 2 ** 31 - 1],
  [{ kind: 'long' }, -(2n ** 63n), 2n ** 63n - 1n],
  [{ kind: 'float' }, -1.5, 0.25],
  [{ kind: 'double' }, -0, 0],
  [{ kind: 'date' }, -719162, 20000],
  [{ kind: 'time' }, 0n, 86_399_999_999n],
  [{ kind: 'timestamp' }, -1n, 1_700_000_000_000_000n],
  [{ kind: 'timestamptz' }, -1n, 1_700_000_000_000_000n],
  [{ kind: 'timestamp_ns' }, -1n, 2n ** 62n],
  [{ kind: 'timestamptz_ns' }, -1n, 2n ** 62n],
  [{ kind: 'string' }, '', 'żółć😀'],
  [{ kind: 'uuid' }, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
  [fixedType(3), Uint8Array.of(0, 0, 0), Uint8Array.of(255, 0, 1)],
  [{ kind: 'binary' }, new Uint8Array(), Uint8Array.of(255)],
  [decimalType(9, 2), -999_999_999n, 999_999_999n],
  [decimalType(38, 0), -(10n ** 38n) + 1n, 10n ** 38n - 1n],
  [decimalType(38, 0), -1n, 1n],
]

const schema: Schema = {
  schemaId: 3,
  identifierFieldIds: [],
  fields: types.map(([type], i) => ({ id: i + 1, name: `c${i}`, required: false, type })),
}
const names = ['__proto__', 'constructor', '9 lives', 'größe', 'x.y', 'k'.repeat(10_000)]
const spec: PartitionSpec = {
  specId: 5,
  fields: types.map((_, i) => ({
    fieldId: 1000 + i,
    name: names[i] ?? `p${i}`,
    sourceIds: [i + 1],
    transform: { kind: 'identity' },
  })),
}
const low = types.map(([, value]) => value)
const high = types.map(([, , value]) => value)
const nulls = types.map(() => null)

function dataFile(over: Partial<DataFile> = {}): DataFile {
  return {
    content: 'data',
    filePath: 's3://bucket/t/data/1.parquet',
    fileFormat: 'parquet',
    specId: 5,
    partition: low,
    recordCount: 10n,
    fileSizeInBytes: 2n ** 40n,
    ...over,
  }
}

const full = dataFile({
  columnSizes: new Map([[1, 2n ** 53n + 1n]]),
  valueCounts: new Map([
    [1, 10n],
    [2, 9n],
  ]),
  nullValueCounts: new Map([[1, 0n]]),
  nanValueCounts: new Map([[4, 1n]]),
  lowerBounds: new Map([[2, Uint8Array.of(0, 0, 0, 128)]]),
  upperBounds: new Map([[2, Uint8Array.of(255)]]),
  keyMetadata: Uint8Array.of(1, 2),
  splitOffsets: [4n, 2n ** 33n],
  sortOrderId: 1,
})

const SNAPSHOT = 9_007_199_254_740_993n

function encode(
  formatVersion: FormatVersion,
  entries: Iterable<ManifestEntry>,
  content: 'data' | 'deletes' = 'data',
) {
  return encodeManifest({ formatVersion, schema, spec, content, snapshotId: SNAPSHOT, entries })
}

function decode(
  bytes: Uint8Array,
  over: Partial<ManifestFile> = {},
  metrics?: MetricsProjection,
  partition: SpecInSchema = { spec, schema },
): CommittedEntry[] {
  const manifest: ManifestFile = {
    manifestPath: 's3://bucket/t/metadata/m0.avro',
    manifestLength: BigInt(bytes.length),
    partitionSpecId: 5,
    content: 'data',
    sequenceNumber: 7n,
    minSequenceNumber: 7n,
    addedSnapshotId: SNAPSHOT,
    ...over,
  }
  return [
    ...decodeManifest(bytes, manifest, { specById: (id) => (id === 5 ? partition : undefined), metrics }),
  ]
}

/** Without the keys that are undefined. */
function plain(entries: readonly ManifestEntry[]): unknown {
  return entries.map((entry) => ({ ...defined(entry), dataFile: defined(entry.dataFile) }))
}
function defined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

describe('a manifest', () => {
  it.each([1, 2, 3] as const)('of v%i returns what was written, every partition type included', (version) => {
    const files = [full, dataFile({ partition: high }), dataFile({ partition: nulls })]
    const { bytes } = encode(
      version,
      files.map((file) => ({ status: 'added', dataFile: file })),
    )
    const sequenceNumber = version === 1 ? 0n : 7n
    expect(plain(decode(bytes, { sequenceNumber }))).toEqual(
      files.map((file) => ({
        status: 'added',
        snapshotId: SNAPSHOT,
        sequenceNumber,
        fileSequenceNumber: sequenceNumber,
        dataFile: file,
      })),
    )
  })

  it('keeps the delete columns of v2 and the deletion vectors of v3', () => {
    const equality = dataFile({ content: 'equality-deletes', equalityIds: [1, 2] })
    const positions = dataFile({ content: 'position-deletes', referencedDataFile: 's3://b/a.parquet' })
    const vector = { ...positions, fileFormat: 'puffin' as const, contentOffset: 4n, contentSizeInBytes: 40n }
    const v2 = [equality, positions]
    const v3 = [...v2, vector]
    for (const [version, files] of [
      [2, v2],
      [3, v3],
    ] as const) {
      const { bytes } = encode(
        version,
        files.map((file) => ({ status: 'added', dataFile: file })),
        'deletes',
      )
      expect(decode(bytes, { content: 'deletes' }).map((entry) => defined(entry.dataFile))).toEqual(files)
    }
  })

  it('sums up files, rows and partition values for the manifest list', () => {
    const entries: ManifestEntry[] = [
      { status: 'added', dataFile: dataFile() },
      {
        status: 'existing',
        snapshotId: 1n,
        sequenceNumber: 4n,
        dataFile: dataFile({ partition: high, recordCount: 5n }),
      },
      {
        status: 'deleted',
        snapshotId: 1n,
        sequenceNumber: 2n,
        dataFile: dataFile({ partition: nulls, recordCount: 3n }),
      },
    ]
    const { manifest, bytes } = encode(2, entries)
    expect(manifest).toMatchObject({
      manifestLength: BigInt(bytes.length),
      partitionSpecId: 5,
      content: 'data',
      addedSnapshotId: SNAPSHOT,
      addedFilesCount: 1,
      existingFilesCount: 1,
      deletedFilesCount: 1,
      addedRowsCount: 10n,
      existingRowsCount: 5n,
      deletedRowsCount: 3n,
      minSequenceNumber: 4n,
    })
    expect(manifest).not.toHaveProperty('sequenceNumber')
    manifest.partitions!.forEach((summary, i) => {
      expect(summary).toMatchObject({ containsNull: true, containsNan: false })
      expect(decodeSingleValue(types[i]![0], summary.lowerBound!)).toEqual(low[i])
      expect(decodeSingleValue(types[i]![0], summary.upperBound!)).toEqual(high[i])
    })
  })

  it('keeps NaN out of the bounds and tells that it is there', () => {
    const withDouble = (value: number) => low.map((other, i) => (i === 4 ? value : other))
    const entries = [Number.NaN, 3, 1].map(
      (value): ManifestEntry => ({ status: 'added', dataFile: dataFile({ partition: withDouble(value) }) }),
    )
    const summary = encode(2, entries).manifest.partitions![4]!
    expect(summary).toMatchObject({ containsNull: false, containsNan: true })
    expect(decodeSingleValue({ kind: 'double' }, summary.lowerBound!)).toBe(1)
    expect(decodeSingleValue({ kind: 'double' }, summary.upperBound!)).toBe(3)
    const onlyNan = encode(2, [entries[0]!]).manifest.partitions![4]
    expect(onlyNan).toEqual({ containsNull: false, containsNan: true })
    expect(decode(encode(2, entries).bytes)[0]!.dataFile.partition[4]).toBeNaN()
  })

  it('says in its header what it was written with', () => {
    const { metadata } = openAvro(encode(2, []).bytes)
    expect(JSON.parse(metadata.get('schema')!)).toMatchObject({ type: 'struct', 'schema-id': 3 })
    expect(JSON.parse(metadata.get('partition-spec')!)[1]).toEqual({
      name: 'constructor',
      transform: 'identity',
      'source-id': 2,
      'field-id': 1001,
    })
    expect(Object.fromEntries(metadata)).toMatchObject({
      'schema-id': '3',
      'partition-spec-id': '5',
      'format-version': '2',
      content: 'data',
      'avro.codec': 'deflate',
    })
    expect(openAvro(encode(1, []).bytes).metadata.has('content')).toBe(false)
  })

  it('has the columns of its version, with the ids and record names that Iceberg Java uses', () => {
    const ids = (version: FormatVersion) => {
      const record = JSON.parse(openAvro(encode(version, []).bytes).metadata.get('avro.schema')!)
      const file = record.fields.find((field: { name: string }) => field.name === 'data_file').type
      const idsOf = (fields: readonly { 'field-id': number }[]) => fields.map((field) => field['field-id'])
      expect([record.name, file.name]).toEqual(['manifest_entry', 'r2'])
      expect(file.fields.find((field: { name: string }) => field.name === 'column_sizes')).toEqual({
        name: 'column_sizes',
        'field-id': 108,
        type: [
          'null',
          {
            type: 'array',
            items: {
              type: 'record',
              name: 'k117_v118',
              fields: [
                { name: 'key', type: 'int', 'field-id': 117 },
                { name: 'value', type: 'long', 'field-id': 118 },
              ],
            },
            logicalType: 'map',
          },
        ],
        default: null,
      })
      return [idsOf(record.fields), idsOf(file.fields)]
    }
    const metrics = [108, 109, 110, 137, 125, 128]
    expect(ids(1)).toEqual([
      [0, 1, 2],
      [100, 101, 102, 103, 104, 105, ...metrics, 131, 132, 140],
    ])
    expect(ids(2)).toEqual([
      [0, 1, 3, 4, 2],
      [134, 100, 101, 102, 103, 104, ...metrics, 131, 132, 135, 140, 143],
    ])
    expect(ids(3)).toEqual([
      [0, 1, 3, 4, 2],
      [134, 100, 101, 102, 103, 104, ...metrics, 131, 132, 135, 140, 142, 143, 144, 145],
    ])
  })

  it('tells partition fields apart whose names are one in Avro', () => {
    const names = ['a b', 'a_x20b', 'a_x20b_1002', 'ä', '_xE4']
    const fields = names.map(
      (name, i): PartitionField => ({
        fieldId: 1000 + i,
        name,
        sourceIds: [2],
        transform: { kind: 'identity' },
      }),
    )
    const partition = { schema, spec: { specId: 5, fields } }
    const file = dataFile({ partition: [1, 2, 3, 4, 5] })
    const { bytes } = encodeManifest({
      ...partition,
      formatVersion: 2,
      content: 'data',
      snapshotId: SNAPSHOT,
      entries: [{ status: 'added', dataFile: file }],
    })
    const written = openAvro(bytes).metadata.get('avro.schema')!
    const stored = Array.from(
      written.matchAll(/"name":"([^"]*)"[^{]*"field-id":(1\d\d\d)/g),
      (match) => match[1],
    )
    expect(stored).toEqual(['a_x20b', 'a_x20b_1001', 'a_x20b_1002', '_xE4', '_xE4_1004'])
    expect(decode(bytes, {}, 'all', partition)[0]!.dataFile.partition).toEqual([1, 2, 3, 4, 5])
  })

  it('reads metrics of chosen columns only, or none', () => {
    const { bytes } = encode(2, [{ status: 'added', dataFile: full }])
    const some = decode(bytes, {}, new Set([2]))[0]!.dataFile
    expect(some.valueCounts).toEqual(new Map([[2, 9n]]))
    expect(some.columnSizes).toEqual(new Map())
    expect(some.lowerBounds).toEqual(full.lowerBounds)
    const none = decode(bytes, {}, 'none')[0]!.dataFile
    expect(none).toMatchObject({ recordCount: 10n, splitOffsets: [4n, 2n ** 33n], valueCounts: undefined })
  })

  it('reads partition values that were promoted since, and keeps those whose source column is gone', () => {
    const { bytes } = encode(2, [{ status: 'added', dataFile: full }])
    const promoted: Partial<Record<number, PrimitiveType>> = {
      2: { kind: 'long' },
      4: { kind: 'double' },
      6: { kind: 'timestamp' },
      16: decimalType(20, 2),
    }
    const fields = schema.fields
      .filter((field) => field.id !== 12 && field.id !== 13)
      .map((field) => ({ ...field, type: promoted[field.id] ?? field.type }))
    const { partition } = decode(bytes, {}, 'none', { spec, schema: { ...schema, fields } })[0]!.dataFile
    expect(partition[1]).toBe(-(2n ** 31n))
    expect(partition[3]).toBe(-1.5)
    expect(partition[5]).toBe(-719162n * 86_400_000_000n)
    expect(partition[15]).toBe(-999_999_999n)
    expect(partition[11]).toBe('')
    expect(partition[12]).toBe('f79c3e09-677c-4bbd-a479-3f349cb785e7')
  })

  it('reads a partition field that the manifest does not have as null', () => {
    const { bytes } = encode(2, [{ status: 'added', dataFile: full }])
    const more = { ...spec, fields: [{ ...spec.fields[0]!, fieldId: 2000, name: 'new' }, ...spec.fields] }
    const { partition } = decode(bytes, {}, 'all', { spec: more, schema })[0]!.dataFile
    expect(partition).toEqual([null, ...low])
  })

  it('is the same file whichever commit attempt hands it over', () => {
    const entries: ManifestEntry[] = [{ status: 'added', dataFile: full }]
    const { bytes } = encode(3, entries)
    expect(encode(3, entries).bytes).toEqual(bytes)
    expect(decode(bytes, { sequenceNumber: 8n, firstRowId: 100n })[0]).toMatchObject({
      sequenceNumber: 8n,
      dataFile: { firstRowId: 100n },
    })
    expect(decode(bytes, { sequenceNumber: 9n, firstRowId: 200n })[0]).toMatchObject({
      sequenceNumber: 9n,
      dataFile: { firstRowId: 200n },
    })
  })

  it.each<[string, FormatVersion, ManifestEntry, 'data' | 'deletes']>([
    [
      'delete files among data',
      2,
      { status: 'added', dataFile: dataFile({ content: 'equality-deletes' }) },
      'data',
    ],
    ['data files among deletes', 2, { status: 'added', dataFile: dataFile() }, 'deletes'],
    ['delete manifests in v1', 1, { status: 'added', dataFile: dataFile() }, 'deletes'],
    ['a file of another spec', 2, { status: 'added', dataFile: dataFile({ specId: 4 }) }, 'data'],
    ['a tuple of another length', 2, { status: 'added', dataFile: dataFile({ partition: [] }) }, 'data'],
    ['an existing file without a sequence number', 2, { status: 'existing', dataFile: dataFile() }, 'data'],
    [
      'an earlier file without a sequence number',
      2,
      { status: 'added', snapshotId: 1n, dataFile: dataFile() },
      'data',
    ],
    [
      'deletion vectors in v2',
      2,
      { status: 'added', dataFile: dataFile({ content: 'position-deletes', fileFormat: 'puffin' }) },
      'deletes',
    ],
  ])('refuses to hold %s', (_, version, entry, content) => {
    expect(() => encode(version, [entry], content)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })

  it('names the file in every error of reading it', () => {
    const { bytes } = encode(2, [{ status: 'added', dataFile: full }])
    const file = { file: 's3://bucket/t/metadata/m0.avro' }
    const cut = bytes.slice(0, bytes.length - 20)
    expect(() => decode(cut)).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA', context: expect.objectContaining(file) }),
    )
    expect(() => decode(bytes, { partitionSpecId: 6 })).toThrow(/m0.avro: the table has no partition spec 6/)
    expect(() => decode(bytes, { content: 'deletes' })).toThrow(/a manifest of deletes lists/)
  })

  it('throws nothing but typed errors when bytes are changed', () => {
    const entries: ManifestEntry[] = [{ status: 'added', dataFile: full }]
    const request = {
      formatVersion: 3,
      schema,
      spec,
      content: 'data',
      snapshotId: 1n,
      entries,
      codec: 'null',
    } as const
    const valid = encodeManifest(request).bytes
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = valid.slice()
        for (const [at, to] of changes) bytes[at] = to
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toMatchObject({ name: 'MoraineError', context: { file: expect.any(String) } })
        }
      }),
      runs(44, 400),
    )
    expect(Object.prototype).toEqual({})
  })
})
