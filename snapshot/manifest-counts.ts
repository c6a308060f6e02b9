import type { EntryStatus, ManifestFile } from '../format/manifest.ts'
import { type ManifestSource, readManifestEntries } from './manifests.ts'

/**
 * The manifest with its counts, which v1 may leave out and later versions need. Reads it only where they are missing.
 * Errors as for `readManifestEntries`.
 */
export async function withCounts(
  source: ManifestSource & { readonly signal?: AbortSignal },
  manifest: ManifestFile,
): Promise<ManifestFile> {
  if (hasCounts(manifest)) return manifest
  const files: Record<EntryStatus, number> = { added: 0, existing: 0, deleted: 0 }
  const rows: Record<EntryStatus, bigint> = { added: 0n, existing: 0n, deleted: 0n }
  const options = { metrics: 'none', signal: source.signal } as const
  for (const { status, dataFile } of await readManifestEntries(source, manifest, options)) {
    files[status]++
    rows[status] += dataFile.recordCount
  }
  return {
    ...manifest,
    addedFilesCount: files.added,
    existingFilesCount: files.existing,
    deletedFilesCount: files.deleted,
    addedRowsCount: rows.added,
    existingRowsCount: rows.existing,
    deletedRowsCount: rows.deleted,
  }
}

function hasCounts(manifest: ManifestFile): boolean {
  const { addedFilesCount, existingFilesCount, deletedFilesCount } = manifest
  const { addedRowsCount, existingRowsCount, deletedRowsCount } = manifest
  const counts = [addedFilesCount, existingFilesCount, deletedFilesCount]
  return [...counts, addedRowsCount, existingRowsCount, deletedRowsCount].every(
    (count) => count !== undefined,
  )
}
