import { expect } from 'vitest'
import { resolveLocation } from '../../format/location.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { Table } from '../../index.ts'
import { readManifestEntries, readManifestList } from '../../snapshot/manifests.ts'
import { ancestors } from '../../snapshot/timeline.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/**
 * What holds for every table that only appends have touched: history grows by sequence numbers from parents to
 * children and is all in the branches, every file that a snapshot names is there at its size, each branch names a file
 * once, and on v3 row ids are disjoint and never change. Returns the locations that the table names.
 */
export async function checkInvariants(table: Table, store: ObjectStore): Promise<Set<string>> {
  const { metadata } = table
  checkHistory(metadata.snapshots, metadata.formatVersion)
  const inBranches = new Set<bigint>()
  for (const { snapshotId } of metadata.refs.values()) {
    for (const ancestor of ancestors(metadata, snapshotId)) inBranches.add(ancestor.snapshotId)
  }
  expect(inBranches.size).toBe(metadata.snapshots.length)
  const firstRowIds = new Map<string, { readonly first: bigint | undefined; readonly rows: bigint }>()
  const referenced = new Set<string>()
  const isAt = async (location: string, size: bigint | undefined) => {
    if (!referenced.has(location)) {
      const info = await store.head(resolveLocation(location))
      expect(info, location).toBeDefined()
      if (size !== undefined) expect(BigInt(info!.size), location).toBe(size)
    }
    referenced.add(location)
  }
  // A manifest's entries depend on it and its first row id only: each such pair is read once.
  const read = new Set<string>()
  for (const snapshot of metadata.snapshots) {
    await isAt(snapshot.manifestList!, undefined)
    let liveFiles = 0
    for (const manifest of await readManifestList({ metadata, store }, snapshot)) {
      liveFiles += manifest.addedFilesCount! + manifest.existingFilesCount!
      const key = `${manifest.manifestPath} ${manifest.firstRowId}`
      if (read.has(key)) continue
      read.add(key)
      await isAt(manifest.manifestPath, manifest.manifestLength)
      for (const { dataFile } of await readManifestEntries({ metadata, store }, manifest)) {
        await isAt(dataFile.filePath, dataFile.fileSizeInBytes)
        const { firstRowId: first, recordCount: rows } = dataFile
        const known = firstRowIds.get(dataFile.filePath)
        if (known !== undefined) expect(first).toBe(known.first)
        firstRowIds.set(dataFile.filePath, { first, rows })
      }
    }
    expect(String(liveFiles)).toBe(snapshot.summary['total-data-files'])
  }
  if (metadata.formatVersion === 3) checkRowIds([...firstRowIds.values()], metadata.nextRowId)
  return referenced
}

function checkHistory(snapshots: readonly Snapshot[], formatVersion: number): void {
  const seen = new Set<bigint | undefined>([undefined])
  for (const [i, { snapshotId, parentSnapshotId, sequenceNumber }] of snapshots.entries()) {
    expect(sequenceNumber).toBe(formatVersion === 1 ? 0n : BigInt(i + 1))
    expect(seen).toContain(parentSnapshotId)
    seen.add(snapshotId)
  }
}

/** Manifests that were merged leave gaps: ids are set aside for all their rows, the numbered ones too. */
function checkRowIds(
  ranges: readonly { readonly first: bigint | undefined; readonly rows: bigint }[],
  nextRowId: bigint,
): void {
  let next = 0n
  for (const { first, rows } of [...ranges].sort((a, b) => (a.first! < b.first! ? -1 : 1))) {
    expect(first).toBeGreaterThanOrEqual(next)
    next = first! + rows
  }
  expect(nextRowId).toBeGreaterThanOrEqual(next)
}
