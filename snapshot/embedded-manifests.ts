import type { ManifestFile } from '../format/manifest.ts'
import { type DecodeManifest, decodeManifest, decodeManifestSpecId } from '../format/manifest-codec.ts'
import type { Snapshot } from '../format/snapshot.ts'
import { getReferenced } from '../storage/get-referenced.ts'
import type { ObjectStore } from '../storage/object-store.ts'

interface EmbeddedSource {
  readonly store: ObjectStore
  readonly specById: DecodeManifest['specById']
}

/**
 * The manifests of an early v1 snapshot, which lists their paths in the table's metadata: what a manifest list would
 * tell of them is read from the manifests. Throws INVALID_DATA for one that is missing or malformed.
 */
export async function readEmbeddedManifests(
  source: EmbeddedSource,
  { snapshotId, manifests = [] }: Snapshot,
  options: { readonly signal?: AbortSignal },
): Promise<readonly ManifestFile[]> {
  const read: ManifestFile[] = []
  for (const path of manifests) {
    read.push(describe(source, path, await getReferenced(source.store, path, options), snapshotId))
  }
  return read
}

/** As Iceberg Java fills in what is missing: the manifest belongs to the snapshot that added or deleted files in it. */
function describe(
  { specById }: EmbeddedSource,
  manifestPath: string,
  bytes: Uint8Array,
  snapshotId: bigint,
): ManifestFile {
  const manifest: ManifestFile = {
    manifestPath,
    manifestLength: BigInt(bytes.length),
    partitionSpecId: decodeManifestSpecId(bytes, manifestPath),
    content: 'data',
    sequenceNumber: 0n,
    minSequenceNumber: 0n,
    addedSnapshotId: snapshotId,
  }
  let changedBy: bigint | undefined
  let newest: bigint | undefined
  for (const entry of decodeManifest(bytes, manifest, { specById, metrics: 'none' })) {
    if (entry.status !== 'existing') changedBy ??= entry.snapshotId
    if (newest === undefined || entry.snapshotId > newest) newest = entry.snapshotId
  }
  return { ...manifest, addedSnapshotId: changedBy ?? newest ?? snapshotId }
}
