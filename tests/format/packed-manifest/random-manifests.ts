import fc from 'fast-check'
import type { DataFile, ManifestContent, ManifestEntry, ManifestFile } from '../../../format/manifest.ts'
import { encodeManifest } from '../../../format/manifest-codec.ts'
import type { SpecInSchema } from '../../../format/partition-type.ts'
import type { FormatVersion } from '../../../format/table-metadata.ts'

/** Partitioned by a long, a text and a double, of which the first two have few values. */
export const partition: SpecInSchema = {
  schema: {
    schemaId: 0,
    identifierFieldIds: [],
    fields: [
      { id: 1, name: 'id', required: false, type: { kind: 'long' } },
      { id: 2, name: 'kind', required: false, type: { kind: 'string' } },
      { id: 3, name: 'size', required: false, type: { kind: 'double' } },
    ],
  },
  spec: {
    specId: 0,
    fields: [1, 2, 3].map((id) => ({
      fieldId: 999 + id,
      name: `p${id}`,
      sourceIds: [id],
      transform: { kind: 'identity' },
    })),
  },
}

export interface RandomManifest {
  readonly bytes: Uint8Array
  readonly manifest: ManifestFile
}

const SNAPSHOT = 9_007_199_254_740_993n
const count = fc.bigInt({ min: 0n, max: 2n ** 40n })
const long = fc.oneof(
  fc.bigInt({ min: -100n, max: 100n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const bound = fc.uint8Array({ minLength: 8, maxLength: 8 })
const fieldId = fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 4, max: 5000 }))

function byId<V>(value: fc.Arbitrary<V>): fc.Arbitrary<ReadonlyMap<number, V> | undefined> {
  return fc.option(
    fc.array(fc.tuple(fieldId, value), { maxLength: 5 }).map((pairs) => new Map(pairs)),
    { nil: undefined },
  )
}
const optional = <V>(value: fc.Arbitrary<V>) => fc.option(value, { nil: undefined })

const tuple = fc.tuple(
  fc.option(fc.constantFrom(1n, 2n, -(2n ** 63n))),
  fc.option(fc.constantFrom('', 'ä', 'kind')),
  fc.option(fc.oneof(fc.constantFrom(0, -0, 1.5), fc.double())),
)

function dataFiles(version: FormatVersion, content: ManifestContent): fc.Arbitrary<DataFile> {
  const none = fc.constant(undefined)
  const isData = content === 'data'
  return fc.record({
    content: isData
      ? fc.constant('data' as const)
      : fc.constantFrom('position-deletes' as const, 'equality-deletes' as const),
    filePath: fc.oneof(fc.string(), fc.constant('s3://bucket/ä/😀.parquet')),
    fileFormat: fc.constantFrom('parquet', 'avro', 'orc'),
    specId: fc.constant(0),
    partition: tuple,
    recordCount: count,
    fileSizeInBytes: count,
    columnSizes: byId(long),
    valueCounts: byId(count),
    nullValueCounts: byId(count),
    nanValueCounts: byId(count),
    lowerBounds: byId(bound),
    upperBounds: byId(bound),
    keyMetadata: optional(fc.uint8Array({ maxLength: 4 })),
    splitOffsets: optional(fc.array(long, { maxLength: 3 })),
    equalityIds: version >= 2 ? optional(fc.array(fc.integer(), { maxLength: 3 })) : none,
    sortOrderId: optional(fc.integer()),
    firstRowId: version >= 3 && isData ? optional(count) : none,
    referencedDataFile: version >= 2 ? optional(fc.string()) : none,
    contentOffset: version >= 3 && !isData ? optional(long) : none,
    contentSizeInBytes: version >= 3 && !isData ? optional(long) : none,
  }) as fc.Arbitrary<DataFile>
}

/** Manifests of every version, as we write them, with their lines in a manifest list. */
export const manifests: fc.Arbitrary<RandomManifest> = fc
  .tuple(fc.constantFrom<FormatVersion>(1, 2, 3), fc.constantFrom<ManifestContent>('data', 'deletes'))
  .chain(([formatVersion, wanted]) => {
    const content = formatVersion === 1 ? 'data' : wanted
    const entry = fc.record({
      status: fc.constantFrom('added', 'existing', 'deleted'),
      snapshotId: fc.constantFrom(SNAPSHOT, 1n),
      sequenceNumber: fc.constantFrom(1n, 2n ** 40n),
      fileSequenceNumber: optional(fc.constantFrom(1n, 2n)),
      dataFile: dataFiles(formatVersion, content),
    }) as fc.Arbitrary<ManifestEntry>
    return fc
      .record({
        entries: fc.array(entry, { maxLength: 12 }),
        codec: fc.constantFrom('deflate' as const, 'null' as const),
        firstRowId: formatVersion === 3 ? optional(count) : fc.constant(undefined),
      })
      .map(({ entries, codec, firstRowId }) => {
        const encoded = encodeManifest({
          ...partition,
          formatVersion,
          content,
          snapshotId: SNAPSHOT,
          entries,
          codec,
        })
        const manifest = {
          ...encoded.manifest,
          manifestPath: 's3://bucket/t/metadata/m0.avro',
          sequenceNumber: formatVersion === 1 ? 0n : 7n,
          minSequenceNumber: 0n,
          firstRowId,
        } as ManifestFile
        return { bytes: encoded.bytes, manifest }
      })
  })
