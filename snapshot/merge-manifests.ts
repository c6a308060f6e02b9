/** Several manifests become one: their live files, each with the numbers that it has. */
import { unsupported } from '../format/errors.ts'
import type { ManifestEntry, ManifestFile } from '../format/manifest.ts'
import { type EncodedManifest, encodeManifest } from '../format/manifest-codec.ts'
import { ALL_LIVE } from '../format/packed-manifest/select-entries.ts'
import { type ManifestSource, readManifestEntries, specInSchema } from './manifests.ts'
import type { MergeGroup } from './merge-plan.ts'

export interface MergeRequest extends ManifestSource {
  readonly snapshotId: bigint
  readonly signal?: AbortSignal
}

/** So many manifests are fetched at once. */
const CONCURRENCY = 8

/**
 * Writes the manifest of a group, whose manifests have one content and one partition spec. Files that this commit
 * adds stay added. All others are existing, with their sequence numbers and row ids; what was deleted by an earlier
 * commit is left out. Errors as for `readManifestEntries`.
 */
export async function mergeManifests(request: MergeRequest, group: MergeGroup): Promise<EncodedManifest> {
  const { metadata, snapshotId } = request
  const { partitionSpecId, content } = group[0]!.manifest
  const partition = specInSchema(metadata, partitionSpecId)
  if (partition === undefined) throw unsupported(`the table has no partition spec ${partitionSpecId}`)
  const entries = await entriesOf(request, group)
  const { formatVersion } = metadata
  return encodeManifest({ ...partition, formatVersion, content, snapshotId, entries })
}

async function entriesOf(request: MergeRequest, group: MergeGroup): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = []
  for (let i = 0; i < group.length; i += CONCURRENCY) {
    const parts = await Promise.all(
      group
        .slice(i, i + CONCURRENCY)
        .map((candidate) =>
          candidate.kind === 'new' ? candidate.source.entries : liveEntries(request, candidate.manifest),
        ),
    )
    for (const part of parts) for (const entry of part) entries.push(entry)
  }
  return entries
}

async function liveEntries(request: MergeRequest, manifest: ManifestFile): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = []
  const { signal } = request
  for (const entry of await readManifestEntries(request, manifest, { signal, tests: ALL_LIVE })) {
    entries.push({ ...entry, status: 'existing' })
  }
  return entries
}
