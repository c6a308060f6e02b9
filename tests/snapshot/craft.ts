import type { LoadedTable } from '../../catalog/catalog.ts'
import type { ManifestContent, ManifestEntry, ManifestFile } from '../../format/manifest.ts'
import { encodeManifest } from '../../format/manifest-codec.ts'
import { encodeManifestList, type UnassignedManifest } from '../../format/manifest-list-codec.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { currentSnapshot } from '../../format/table-metadata-build.ts'
import { readManifestEntries, readManifestList, specInSchema } from '../../snapshot/manifests.ts'
import { METADATA, rivalUpdate, type Started, TABLE } from './support.ts'

type Listed = ManifestFile | UnassignedManifest

export interface Craft {
  readonly snapshotId: bigint
  /** The manifests of the current snapshot. */
  readonly before: readonly ManifestFile[]
  /** Writes a manifest. */
  manifest(content: ManifestContent, entries: readonly ManifestEntry[]): Promise<UnassignedManifest>
}

/** Commits a snapshot to main of just these manifests, as another engine may have made it. */
export async function craftSnapshot(
  started: Started,
  build: (craft: Craft) => Promise<readonly Listed[]>,
  change: (snapshot: Snapshot, manifestPaths: readonly string[]) => Snapshot = (snapshot) => snapshot,
): Promise<LoadedTable> {
  const { store, rival } = started
  const loaded = await rival.catalog.loadTable(TABLE)
  const { metadata } = loaded
  const { formatVersion } = metadata
  const snapshotId = rival.environment.snapshotId()
  const parent = currentSnapshot(metadata)
  let count = 0
  const manifests = await build({
    snapshotId,
    before: await listOf(started, loaded),
    manifest: async (content, entries) => {
      const partition = specInSchema(metadata, entries[0]?.dataFile.specId ?? 0)!
      const encoded = encodeManifest({ ...partition, formatVersion, content, snapshotId, entries })
      const manifestPath = `${METADATA}crafted-${snapshotId}-${count++}.avro`
      await store.put(manifestPath, encoded.bytes)
      return { ...encoded.manifest, manifestPath }
    },
  })
  const sequenceNumber = formatVersion === 1 ? 0n : metadata.lastSequenceNumber + 1n
  const list = encodeManifestList({
    formatVersion,
    snapshotId,
    parentSnapshotId: parent?.snapshotId,
    sequenceNumber,
    firstRowId: metadata.nextRowId,
    manifests,
  })
  const manifestList = `${METADATA}snap-${snapshotId}-crafted.avro`
  await store.put(manifestList, list.bytes)
  const snapshot: Snapshot = {
    snapshotId,
    ...(parent === undefined ? {} : { parentSnapshotId: parent.snapshotId }),
    sequenceNumber,
    timestampMs: metadata.lastUpdatedMs,
    manifestList,
    operation: 'overwrite',
    summary: {},
    ...(formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: list.assignedRows } : {}),
  }
  const paths = manifests.map(({ manifestPath }) => manifestPath)
  const ref = { type: 'branch', snapshotId } as const
  await rivalUpdate(
    started,
    { action: 'add-snapshot', snapshot: change(snapshot, paths) },
    { action: 'set-snapshot-ref', refName: 'main', ref },
  )
  return rival.catalog.loadTable(TABLE)
}

/** The manifests of the current snapshot. */
export async function listOf(
  { store }: Started,
  { metadata }: LoadedTable,
): Promise<readonly ManifestFile[]> {
  const snapshot = currentSnapshot(metadata)
  return snapshot === undefined ? [] : readManifestList({ metadata, store }, snapshot)
}

/** The entries of one manifest. */
export async function entriesIn({ store }: Started, { metadata }: LoadedTable, manifest: ManifestFile) {
  return [...(await readManifestEntries({ metadata, store }, manifest))]
}

/** The entries of the current snapshot. */
export async function entriesOf(started: Started, table: LoadedTable) {
  const entries: Awaited<ReturnType<typeof entriesIn>> = []
  for (const manifest of await listOf(started, table)) {
    entries.push(...(await entriesIn(started, table, manifest)))
  }
  return entries
}
