/** A table of metadata alone, to plan on: its data files are named and measured, but were never written. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DataFile, ManifestEntry } from '../../format/manifest.ts'
import { encodeManifest } from '../../format/manifest-codec.ts'
import { encodeManifestList, type UnassignedManifest } from '../../format/manifest-list-codec.ts'
import type { PartitionSpec } from '../../format/partition-spec.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema, defaultSpec, newTableMetadata } from '../../format/table-metadata-build.ts'
import { encodeTableMetadata } from '../../format/table-metadata-json.ts'
import { applyUpdates } from '../../format/table-update-apply.ts'
import type { Literal } from '../../format/types.ts'
import { encodeSingleValue } from '../../format/values/single-value-binary.ts'
import { benchFolder } from '../case.ts'
import { batchOf } from './columns.ts'
import { flatColumns } from './flat.ts'
import { hash } from './hash.ts'
import { icebergSchema } from './iceberg-schema.ts'

export const PARTITIONS = 100
export const IDS_PER_FILE = 1000
const FILES_PER_MANIFEST = 1000
const SNAPSHOT_ID = 4_611_686_018_427_387_904n
const NOW = 1_764_028_800_000
/** To be raised when the table changes. */
const VERSION = 1

/** A folder that is a catalog, its table's name, and the location of the table's metadata. */
export interface PlannedTable {
  readonly warehouse: string
  readonly name: string
  readonly metadataLocation: string
}

/**
 * A table of `files` data files, 1,000 to a manifest. Each manifest has files of all 100 partitions (the identity of
 * `quantity`), and each file has 1,000 ids that no other has. All 12 columns have all metrics.
 */
export function plannedTable(files: number): PlannedTable {
  const warehouse = resolve(benchFolder, 'tables', `planned-v${VERSION}-${files}`)
  const folder = join(warehouse, 'bench/planned')
  const result = {
    warehouse,
    name: 'bench.planned',
    metadataLocation: pathToFileURL(join(folder, 'metadata/v1.metadata.json')).href,
  }
  if (existsSync(warehouse)) return result
  console.log(`making ${warehouse}`)
  // Locations are absolute, so the folder has its name before it is complete.
  rmSync(`${warehouse}.unfinished`, { recursive: true, force: true })
  writeTable(join(`${warehouse}.unfinished`, 'bench/planned'), pathToFileURL(folder).href, files)
  renameSync(`${warehouse}.unfinished`, warehouse)
  return result
}

function writeTable(folder: string, location: string, files: number): void {
  mkdirSync(join(folder, 'metadata'), { recursive: true })
  const put = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, 'metadata', name), bytes)
    return `${location}/metadata/${name}`
  }
  const empty = emptyTable(location)
  const manifests: UnassignedManifest[] = []
  for (let first = 0; first < files; first += FILES_PER_MANIFEST) {
    const count = Math.min(FILES_PER_MANIFEST, files - first)
    const { bytes, manifest } = encodeManifest({
      schema: currentSchema(empty),
      spec: defaultSpec(empty),
      formatVersion: 2,
      content: 'data',
      snapshotId: SNAPSHOT_ID,
      entries: entries(location, first, count),
    })
    manifests.push({ ...manifest, manifestPath: put(`m${manifests.length}.avro`, bytes) })
  }
  const list = encodeManifestList({
    formatVersion: 2,
    snapshotId: SNAPSHOT_ID,
    sequenceNumber: 1n,
    manifests,
  })
  const manifestList = put(`snap-${SNAPSHOT_ID}.avro`, list.bytes)
  put('v1.metadata.json', encodeTableMetadata(withSnapshot(empty, manifestList, files)))
  put('version-hint.text', new TextEncoder().encode('1'))
}

function emptyTable(location: string): TableMetadata {
  const schema = icebergSchema(batchOf(flatColumns, 0, 1).schema.fields)
  const { id, name } = schema.fields.find((field) => field.name === 'quantity')!
  const partitionSpec: Pick<PartitionSpec, 'fields'> = {
    fields: [{ fieldId: 1000, name, sourceIds: [id], transform: { kind: 'identity' } }],
  }
  return newTableMetadata({
    schema,
    partitionSpec,
    location,
    uuid: '00000000-0000-4000-8000-000000000000',
    now: NOW,
  })
}

function withSnapshot(metadata: TableMetadata, manifestList: string, files: number): TableMetadata {
  const snapshot = {
    snapshotId: SNAPSHOT_ID,
    sequenceNumber: 1n,
    timestampMs: NOW,
    manifestList,
    operation: 'append',
    summary: { 'added-data-files': String(files), 'total-data-files': String(files) },
    schemaId: metadata.currentSchemaId,
  }
  return applyUpdates(
    metadata,
    [
      { action: 'add-snapshot', snapshot },
      {
        action: 'set-snapshot-ref',
        refName: 'main',
        ref: { type: 'branch', snapshotId: SNAPSHOT_ID },
      },
    ],
    { now: NOW },
  )
}

function* entries(location: string, first: number, count: number): Generator<ManifestEntry> {
  for (let file = first; file < first + count; file++) {
    yield { status: 'added', snapshotId: SNAPSHOT_ID, dataFile: dataFile(location, file) }
  }
}

function dataFile(location: string, file: number): DataFile {
  const quantity = file % PARTITIONS
  const ids = file * IDS_PER_FILE
  const unique = hash(file, 1).toString(16).padStart(8, '0')
  return {
    content: 'data',
    filePath: `${location}/data/quantity=${quantity}/00000-${file}-${unique}-74a4-4c0e-9a4c-000000000000-00001.parquet`,
    fileFormat: 'parquet',
    specId: 0,
    partition: [quantity],
    recordCount: BigInt(IDS_PER_FILE),
    fileSizeInBytes: BigInt(100_000 + (hash(file, 2) % 10_000)),
    splitOffsets: [4n],
    ...metrics(file, bounds(quantity, ids)),
  }
}

/** Of each column, in the order of the schema: the least and the greatest value, cut as bounds are. */
function bounds(quantity: number, ids: number): readonly (readonly [Lower: Uint8Array, Upper: Uint8Array])[] {
  const instant = 1_735_689_600_000_000 + ids * 78_000
  const pair = (kind: 'long' | 'double' | 'int' | 'string' | 'boolean', lower: Literal, upper: Literal) =>
    [encodeSingleValue({ kind }, lower), encodeSingleValue({ kind }, upper)] as const
  const day = Math.floor(instant / 86_400_000_000)
  return [
    pair('long', BigInt(ids), BigInt(ids + IDS_PER_FILE - 1)),
    pair('long', 1_000_000_000n + BigInt(hash(ids, 3) % 1000), 1_000_999_000n + BigInt(hash(ids, 4) % 1000)),
    pair('long', BigInt(instant), BigInt(instant + IDS_PER_FILE * 78_000)),
    pair('double', (hash(ids, 5) % 1000) / 100, 10_000 - (hash(ids, 6) % 1000) / 100),
    pair('double', hash(ids, 7) / 2 ** 42, 1 - hash(ids, 8) / 2 ** 42),
    pair('int', quantity, quantity),
    pair('string', 'cancelled', 'shipped'),
    pair('string', 'AT', 'UA'),
    pair('string', `00${hash(ids, 9).toString(16)}`, `ff${hash(ids, 10).toString(16)}`),
    pair('string', `note ${hash(ids, 11) % 1000}`, 'note 99999'),
    pair('boolean', false, true),
    pair('int', day, day),
  ]
}

function metrics(file: number, bounded: ReturnType<typeof bounds>) {
  const by = <V>(of: (column: number) => V) => new Map(bounded.map((_, column) => [column + 1, of(column)]))
  return {
    columnSizes: by((column) => BigInt(2000 + (hash(file, 20 + column) % 6000))),
    valueCounts: by(() => BigInt(IDS_PER_FILE)),
    nullValueCounts: by((column) => (column === 9 ? BigInt(450 + (hash(file, 40) % 100)) : 0n)),
    nanValueCounts: new Map([
      [4, 0n],
      [5, 0n],
    ]),
    lowerBounds: by((column) => bounded[column]![0]),
    upperBounds: by((column) => bounded[column]![1]),
  }
}
