import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AvroCodec } from '../../../format/avro/codec.ts'
import { encodeAvro, openAvro } from '../../../format/avro/container.ts'
import { isMoraineError } from '../../../format/errors.ts'
import { inclusiveMetricsEvaluator } from '../../../format/expressions/metrics-evaluator.ts'
import type { ManifestEntry, PartitionTuple } from '../../../format/manifest.ts'
import { decodeManifest } from '../../../format/manifest-codec.ts'
import { type MetricsProjection, manifestEntryCodec } from '../../../format/manifest-columns.ts'
import type { CommittedEntry } from '../../../format/manifest-inheritance.ts'
import { keepManifest, packManifest } from '../../../format/packed-manifest/packed-manifest.ts'
import { type FileTests, selectEntries } from '../../../format/packed-manifest/select-entries.ts'
import type { TableMetadata } from '../../../format/table-metadata.ts'
import {
  and,
  type Expression,
  eq,
  gt,
  isNull,
  ltEq,
  MemoryStore,
  notNull,
  or,
  startsWith,
} from '../../../index.ts'
import { readManifestEntries } from '../../../snapshot/manifests.ts'
import { runs } from '../../runs.ts'
import { manifests, partition, type RandomManifest } from './random-manifests.ts'

const SEED = 20261125
const RUNS = Number(process.env['MORAINE_SEEDS'] ?? 60)
const specById = () => partition

/** What the general decoder reads, which is the measure. */
function decoded({ bytes, manifest }: RandomManifest, metrics: MetricsProjection = 'all'): CommittedEntry[] {
  return [...decodeManifest(bytes, manifest, { specById, metrics })]
}

function packed(
  { bytes, manifest }: RandomManifest,
  metrics: MetricsProjection = 'all',
  tests?: FileTests,
): CommittedEntry[] {
  const pack = packManifest(openAvro(bytes))
  if (pack === undefined) throw new Error('the schema was not packed')
  return [...selectEntries(pack, manifest, partition, { metrics, tests })]
}

/** The entries, or that the bytes were refused. */
function outcome(read: () => CommittedEntry[]): CommittedEntry[] | string {
  try {
    return read()
  } catch (error) {
    if (isMoraineError(error, 'INVALID_DATA') || isMoraineError(error, 'UNSUPPORTED')) return 'refused'
    throw error
  }
}

describe('a packed manifest', () => {
  test('has the entries that the general decoder reads, whatever metrics are asked for', () => {
    fc.assert(
      fc.property(
        manifests,
        fc.constantFrom<MetricsProjection>('all', 'none', new Set([1, 3])),
        (manifest, metrics) => {
          expect(packed(manifest, metrics)).toEqual(decoded(manifest, metrics))
        },
      ),
      { seed: SEED, numRuns: RUNS },
    )
  })

  test('gives its entries again and again when it is kept', () => {
    fc.assert(
      fc.property(manifests, (each) => {
        const kept = keepManifest(openAvro(each.bytes), 2 ** 30)!
        const pull = () => [...selectEntries(kept.manifest, each.manifest, partition, { metrics: 'all' })]
        expect(pull()).toEqual(decoded(each))
        expect(pull()).toEqual(decoded(each))
        if (decoded(each).length > 0) expect(keepManifest(openAvro(each.bytes), 50)).toBeUndefined()
      }),
      { seed: SEED, numRuns: RUNS / 2 },
    )
  })

  test('selects the live files that the tests pass on what the general decoder reads', () => {
    fc.assert(
      fc.property(manifests, filters, (each, filter) => {
        const mayMatch = inclusiveMetricsEvaluator(filter, partition.schema)
        let live = 0
        const wanted = (tuple: PartitionTuple) => tuple[0] !== 1n
        const tests: FileTests = { partition: wanted, file: mayMatch, onLive: () => live++ }
        const all = decoded(each).filter((entry) => entry.status !== 'deleted')
        const selected = outcome(() => packed(each, 'all', tests))
        expect(selected).toEqual(
          outcome(() => all.filter(({ dataFile }) => wanted(dataFile.partition) && mayMatch(dataFile))),
        )
        if (selected !== 'refused') expect(live).toBe(all.length)
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  test('asks of a partition once, and gives its files one tuple', () => {
    const each = fc.sample(manifests, runs(SEED, 200)).find((one) => decoded(one).length > 8)!
    const asked: PartitionTuple[] = []
    const partitionTest = (tuple: PartitionTuple) => asked.push(tuple) > 0
    const entries = packed(each, 'none', {
      partition: partitionTest,
      file: () => true,
      onLive: () => undefined,
    })
    expect(new Set(entries.map(({ dataFile }) => dataFile.partition)).size).toBe(asked.length)
  })

  test('with any damage has what the general decoder reads of it, or is refused as there', () => {
    const damaged = manifests.filter(({ bytes }) => openAvro(bytes).metadata.get('avro.codec') === 'null')
    fc.assert(
      fc.property(damaged, fc.nat(), fc.integer({ min: 0, max: 255 }), (each, at, byte) => {
        const bytes = each.bytes.slice()
        bytes[bytes.length - 1 - (at % Math.ceil(bytes.length / 2))] = byte
        const one = { ...each, bytes }
        const pack = () => {
          const file = packManifest(openAvro(bytes))
          return file === undefined
            ? decoded(one)
            : [...selectEntries(file, one.manifest, partition, { metrics: 'all' })]
        }
        expect(outcome(pack)).toEqual(outcome(() => decoded(one)))
      }),
      { seed: SEED, numRuns: RUNS * 10 },
    )
  })
})

test('a schema in a form that no writer is known to use is read by the general decoder, and filtered the same', async () => {
  const { schema, write, reader } = manifestEntryCodec(2, partition)
  const optionalStatus = JSON.parse(JSON.stringify(schema))
  optionalStatus.fields[0].type = ['null', 'int']
  const codec: AvroCodec<ManifestEntry> = {
    schema: optionalStatus,
    write: (output, entry) => {
      output.writeInt(1)
      write(output, entry)
    },
    reader,
  }
  const each = fc
    .sample(manifests, runs(SEED, 200))
    .find(
      (one) => one.manifest.sequenceNumber > 0n && one.manifest.content === 'data' && decoded(one).length > 5,
    )!
  const entries = decoded(each)
  const bytes = encodeAvro(codec, entries, { 'format-version': '2' })
  expect(packManifest(openAvro(bytes))).toBeUndefined()

  const store = new MemoryStore()
  const manifestPath = 'memory://bucket/m0.avro'
  const manifest = { ...each.manifest, manifestPath, manifestLength: BigInt(bytes.length) }
  await store.put(manifestPath, bytes)
  const metadata = { schemas: [partition.schema], currentSchemaId: 0, partitionSpecs: [partition.spec] }
  const source = { store, metadata: metadata as unknown as TableMetadata }
  const live = entries.filter((entry) => entry.status !== 'deleted')
  const wanted = (tuple: PartitionTuple) => tuple[0] !== 1n
  const tests = { partition: wanted, file: () => true, onLive: () => undefined }
  const paths = (some: Iterable<ManifestEntry>) => [...some].map(({ dataFile }) => dataFile.filePath)
  expect(paths(await readManifestEntries(source, manifest, { tests }))).toEqual(
    paths(live.filter(({ dataFile }) => wanted(dataFile.partition))),
  )
})

const columns = fc.constantFrom('id', 'size')
const value = fc.constantFrom(0n, 5n, -(2n ** 62n))
const predicates: fc.Arbitrary<Expression> = fc.oneof(
  fc.tuple(columns, value).map(([name, literal]) => eq(name, name === 'id' ? literal : Number(literal))),
  fc.tuple(columns, value).map(([name, literal]) => gt(name, name === 'id' ? literal : Number(literal))),
  fc.tuple(columns, value).map(([name, literal]) => ltEq(name, name === 'id' ? literal : Number(literal))),
  columns.map((name) => isNull(name)),
  columns.map((name) => notNull(name)),
  fc.constant(startsWith('kind', 'k')),
)
const filters = fc.oneof(
  predicates,
  fc.tuple(predicates, predicates).map(([a, b]) => and(a, b)),
  fc.tuple(predicates, predicates).map(([a, b]) => or(a, b)),
)
