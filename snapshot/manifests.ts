/** Reading a snapshot's manifest list and manifests from a store. */
import { openAvro } from '../format/avro/container.ts'
import { inFile, invalidData, namingFile, unsupported } from '../format/errors.ts'
import type { ManifestFile } from '../format/manifest.ts'
import { decodeManifest } from '../format/manifest-codec.ts'
import type { MetricsProjection } from '../format/manifest-columns.ts'
import type { CommittedEntry } from '../format/manifest-inheritance.ts'
import { decodeManifestList } from '../format/manifest-list-codec.ts'
import { keepManifest, type PackedManifest, packManifest } from '../format/packed-manifest/packed-manifest.ts'
import { type FileTests, selectEntries } from '../format/packed-manifest/select-entries.ts'
import type { SpecInSchema } from '../format/partition-type.ts'
import { findFieldById, type Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSchema } from '../format/table-metadata-build.ts'
import { getReferenced } from '../storage/get-referenced.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readEmbeddedManifests } from './embedded-manifests.ts'
import type { ManifestCache } from './manifest-cache.ts'

export interface ManifestSource {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
  /** The one to read by, which types the values of partitions. Default: the current one. */
  readonly schema?: Schema
  /** Keeps manifests that were read. */
  readonly manifests?: ManifestCache | undefined
}

interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

export interface SelectEntries {
  /** The columns whose metrics are decoded. Default: all. */
  readonly metrics?: MetricsProjection
  /** With tests, only the live entries that pass them come, and the others cost little. */
  readonly tests?: FileTests
}

export interface ReadEntries extends ReadOptions, SelectEntries {}

/**
 * The manifests of a snapshot. Throws INVALID_DATA when a file that the metadata names is missing or malformed,
 * UNSUPPORTED for encrypted tables.
 */
export async function readManifestList(
  source: ManifestSource,
  snapshot: Snapshot,
  options: ReadOptions = {},
): Promise<readonly ManifestFile[]> {
  if (snapshot.keyId !== undefined) {
    throw unsupported(
      `snapshot ${snapshot.snapshotId} is encrypted (key-id ${snapshot.keyId}); encrypted tables are not read`,
    )
  }
  const location = snapshot.manifestList
  if (location === undefined) {
    const specById = (specId: number) => specInSchema(source.metadata, specId, source.schema)
    return readEmbeddedManifests({ store: source.store, specById }, snapshot, options)
  }
  const bytes = await getReferenced(source.store, location, options)
  const manifests = inFile(location, () => decodeManifestList(bytes))
  if (manifests.length === 0) checkEmpty(location, snapshot)
  return manifests
}

/**
 * An Avro file that was cut behind its header is a valid one without records. Manifests are counted as a list is
 * written; the total of data files is only kept up, and stays too high when a file leaves that stood in a manifest twice.
 */
function checkEmpty(location: string, { summary }: Snapshot): void {
  const {
    'manifests-created': created,
    'manifests-kept': kept,
    'total-data-files': dataFiles = '0',
  } = summary
  const isCounted = created !== undefined && kept !== undefined
  if (isCounted ? created === '0' && kept === '0' : dataFiles === '0') return
  const expected = isCounted
    ? `${created} new and ${kept} older manifests`
    : `the manifests of ${dataFiles} data files`
  throw invalidData(`${location}: expected ${expected}, found none; the file may be cut short`, {
    file: location,
  })
}

/**
 * The entries of a manifest with inheritance applied, decoded as they are pulled. Errors as for `readManifestList`.
 */
export async function readManifestEntries(
  source: ManifestSource,
  manifest: ManifestFile,
  { signal, ...select }: ReadEntries = {},
): Promise<Iterable<CommittedEntry>> {
  return (await openManifest(source, manifest, { signal }))(select)
}

/** What is asked of a manifest that was read, as often as it takes. */
export type OpenManifest = (select?: SelectEntries) => Iterable<CommittedEntry>

/** Errors as for `readManifestList`. */
export async function openManifest(
  source: ManifestSource,
  manifest: ManifestFile,
  options: ReadOptions = {},
): Promise<OpenManifest> {
  if (manifest.keyMetadata !== undefined) {
    throw unsupported(`${manifest.manifestPath} is encrypted; encrypted tables are not read`)
  }
  const { manifests, metadata } = source
  const kept = manifests?.get(metadata.tableUuid, manifest)
  if (kept !== undefined) return (select = {}) => selected(source, manifest, kept, select)
  const bytes = await getReferenced(source.store, manifest.manifestPath, options)
  checkLength(manifest, bytes)
  return inFile(manifest.manifestPath, () => {
    const file = openAvro(bytes)
    const keep =
      manifests?.accepts(manifest) === true ? keepManifest(file, manifests.maxTotalBytes) : undefined
    if (keep !== undefined) {
      manifests!.put(metadata.tableUuid, manifest, keep)
      return (select = {}) => selected(source, manifest, keep.manifest, select)
    }
    return (select = {}) => {
      const packed = inFile(manifest.manifestPath, () => packManifest(file))
      return packed === undefined
        ? decoded(source, manifest, bytes, select)
        : selected(source, manifest, packed, select)
    }
  })
}

function* selected(
  { metadata, schema }: ManifestSource,
  manifest: ManifestFile,
  packed: PackedManifest,
  { metrics = 'all', tests }: SelectEntries,
): Generator<CommittedEntry, void, undefined> {
  try {
    const partition = requireSpec(metadata, manifest, schema)
    yield* selectEntries(packed, manifest, partition, { metrics, tests })
  } catch (error) {
    throw namingFile(manifest.manifestPath, error)
  }
}

/** For a schema of a form that is not packed. */
function* decoded(
  { metadata, schema }: ManifestSource,
  manifest: ManifestFile,
  bytes: Uint8Array,
  { metrics = 'all', tests }: SelectEntries,
): Generator<CommittedEntry, void, undefined> {
  const specById = (specId: number) => specInSchema(metadata, specId, schema)
  for (const entry of decodeManifest(bytes, manifest, { specById, metrics })) {
    if (tests !== undefined) {
      if (entry.status === 'deleted') continue
      tests.onLive()
      if (!tests.partition(entry.dataFile.partition) || !tests.file(entry.dataFile)) continue
    }
    yield entry
  }
}

/**
 * An Avro file that was cut between two blocks is a valid one with fewer records. A file that has them all is whole,
 * whatever its length: `rewrite_table_path` of Iceberg Java up to 1.11 shortens the paths in manifests and leaves their
 * lengths in the list as they were.
 */
function checkLength(manifest: ManifestFile, bytes: Uint8Array): void {
  const { manifestPath, manifestLength } = manifest
  if (BigInt(bytes.length) >= manifestLength) return
  const found = inFile(manifestPath, () => countRecords(bytes))
  if (found === entryCountOf(manifest)) return
  throw invalidData(
    `${manifestPath}: expected ${manifestLength} bytes, found ${bytes.length}; the file is cut short`,
    { file: manifestPath, rule: 'Manifest Lists: manifest_length' },
  )
}

/** Undefined where the manifest list does not tell. */
function entryCountOf(manifest: ManifestFile): number | undefined {
  const { addedFilesCount, existingFilesCount, deletedFilesCount } = manifest
  if (addedFilesCount === undefined || existingFilesCount === undefined || deletedFilesCount === undefined)
    return undefined
  return addedFilesCount + existingFilesCount + deletedFilesCount
}

function countRecords(bytes: Uint8Array): number {
  let count = 0
  for (const block of openAvro(bytes).blocks()) count += block.count
  return count
}

function requireSpec(
  metadata: TableMetadata,
  { partitionSpecId }: ManifestFile,
  schema: Schema | undefined,
): SpecInSchema {
  const partition = specInSchema(metadata, partitionSpecId, schema)
  if (partition !== undefined) return partition
  throw invalidData(`the table has no partition spec ${partitionSpecId}`, { rule: 'Manifest Lists' })
}

/** A spec with a schema that has its source columns: `preferred`, or another one for columns dropped since. */
export function specInSchema(
  metadata: TableMetadata,
  specId: number,
  preferred: Schema = currentSchema(metadata),
): SpecInSchema | undefined {
  const spec = metadata.partitionSpecs.find((candidate) => candidate.specId === specId)
  if (spec === undefined) return undefined
  const sourceIds = spec.fields.flatMap((field) => field.sourceIds)
  const hasSources = (schema: Schema) => sourceIds.every((id) => findFieldById(schema, id) !== undefined)
  const schema = hasSources(preferred) ? preferred : metadata.schemas.findLast(hasSources)
  return { spec, schema: schema ?? preferred }
}
