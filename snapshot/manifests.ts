/** Reading a snapshot's manifest list and manifests from a store. */
import { inFile, invalidData, unsupported } from '../format/errors.ts'
import type { ManifestFile } from '../format/manifest.ts'
import { decodeManifest } from '../format/manifest-codec.ts'
import type { MetricsProjection } from '../format/manifest-columns.ts'
import type { CommittedEntry } from '../format/manifest-inheritance.ts'
import { decodeManifestList } from '../format/manifest-list-codec.ts'
import type { SpecInSchema } from '../format/partition-type.ts'
import { findFieldById } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSchema } from '../format/table-metadata-build.ts'
import { getReferenced } from '../storage/get-referenced.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readEmbeddedManifests } from './embedded-manifests.ts'

export interface ManifestSource {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
}

interface ReadOptions {
  readonly signal?: AbortSignal
}

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
    const specById = (specId: number) => specInSchema(source.metadata, specId)
    return readEmbeddedManifests({ store: source.store, specById }, snapshot, options)
  }
  const bytes = await getReferenced(source.store, location, options)
  const manifests = inFile(location, () => decodeManifestList(bytes))
  if (manifests.length === 0) checkEmpty(location, snapshot)
  return manifests
}

/** An Avro file that was cut behind its header is a valid one without records. */
function checkEmpty(location: string, snapshot: Snapshot): void {
  const dataFiles = snapshot.summary['total-data-files'] ?? '0'
  if (dataFiles === '0') return
  throw invalidData(
    `${location}: expected the manifests of ${dataFiles} data files, found none; the file may be cut short`,
    { file: location },
  )
}

/**
 * The entries of a manifest with inheritance applied, decoded as they are pulled. `metrics` picks the columns whose
 * metrics are decoded; default: all. Errors as for `readManifestList`.
 */
export async function readManifestEntries(
  source: ManifestSource,
  manifest: ManifestFile,
  options: ReadOptions & { readonly metrics?: MetricsProjection } = {},
): Promise<Iterable<CommittedEntry>> {
  if (manifest.keyMetadata !== undefined) {
    throw unsupported(`${manifest.manifestPath} is encrypted; encrypted tables are not read`)
  }
  const bytes = await getReferenced(source.store, manifest.manifestPath, options)
  checkLength(manifest, bytes.length)
  return decodeManifest(bytes, manifest, {
    specById: (specId) => specInSchema(source.metadata, specId),
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  })
}

/** An Avro file that was cut between two blocks is a valid one with fewer records. */
function checkLength({ manifestPath, manifestLength }: ManifestFile, found: number): void {
  if (BigInt(found) >= manifestLength) return
  throw invalidData(
    `${manifestPath}: expected ${manifestLength} bytes, found ${found}; the file is cut short`,
    {
      file: manifestPath,
      rule: 'Manifest Lists: manifest_length',
    },
  )
}

/** A spec with a schema that has its source columns: the current one, or an older one for columns dropped since. */
export function specInSchema(metadata: TableMetadata, specId: number): SpecInSchema | undefined {
  const spec = metadata.partitionSpecs.find((candidate) => candidate.specId === specId)
  if (spec === undefined) return undefined
  const sourceIds = spec.fields.flatMap((field) => field.sourceIds)
  const current = currentSchema(metadata)
  const hasSources = (schema: typeof current) =>
    sourceIds.every((id) => findFieldById(schema, id) !== undefined)
  const schema = hasSources(current) ? current : metadata.schemas.findLast(hasSources)
  return { spec, schema: schema ?? current }
}
