import { expect } from 'vitest'
import { resolveLocation } from '../../format/location.ts'
import type { CommittedEntry } from '../../format/manifest-inheritance.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { Table } from '../../index.ts'
import { readManifestEntries, readManifestList } from '../../snapshot/manifests.ts'
import { ancestors } from '../../snapshot/timeline.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/**
 * What holds for every table that appends, upserts and deletes have touched: history grows by sequence numbers from
 * parents to children and is all in the branches; every file that a snapshot names is there at its size; a snapshot has
 * a file once, as many files and rows as its summary says, and no delete that speaks of a data file which it has not; on
 * v3 ranges of row ids are disjoint and never change, and no two rows of a branch have one id. Returns the locations that
 * the table names.
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
  const read = new Map<string, readonly CommittedEntry[]>()
  for (const snapshot of metadata.snapshots) {
    await isAt(snapshot.manifestList!, undefined)
    const live: CommittedEntry[] = []
    for (const manifest of await readManifestList({ metadata, store }, snapshot)) {
      const key = `${manifest.manifestPath} ${manifest.firstRowId}`
      const entries = read.get(key) ?? [...(await readManifestEntries({ metadata, store }, manifest))]
      live.push(...entries.filter(({ status }) => status !== 'deleted'))
      if (read.has(key)) continue
      read.set(key, entries)
      await isAt(manifest.manifestPath, manifest.manifestLength)
      for (const { status, dataFile } of entries) {
        if (status === 'deleted') continue
        await isAt(dataFile.filePath, dataFile.fileSizeInBytes)
        if (dataFile.content !== 'data') continue
        const { firstRowId: first, recordCount: rows } = dataFile
        const known = firstRowIds.get(dataFile.filePath)
        if (known !== undefined) expect(first).toBe(known.first)
        firstRowIds.set(dataFile.filePath, { first, rows })
      }
    }
    checkLive(live, snapshot)
  }
  if (metadata.formatVersion === 3) {
    checkRowIds([...firstRowIds.values()], metadata.nextRowId)
    for (const ref of metadata.refs.keys()) await checkIdsOfRows(table, ref)
  }
  return referenced
}

function checkLive(live: readonly CommittedEntry[], { snapshotId, summary }: Snapshot): void {
  const data = new Map<string, CommittedEntry>()
  const deletes = live.filter(({ dataFile }) => dataFile.content !== 'data')
  for (const entry of live) {
    if (entry.dataFile.content !== 'data') continue
    expect(data.has(entry.dataFile.filePath), `${entry.dataFile.filePath} twice in ${snapshotId}`).toBe(false)
    data.set(entry.dataFile.filePath, entry)
  }
  const vectors = new Set<string>()
  for (const { dataFile: file, sequenceNumber } of deletes) {
    const path = file.referencedDataFile
    if (file.fileFormat === 'puffin') {
      expect(vectors.has(path!), `two vectors of ${path} in ${snapshotId}`).toBe(false)
      vectors.add(path!)
    }
    if (path === undefined) continue
    const of = data.get(path)
    expect(of, `${path} is gone, its deletes in ${snapshotId} are not`).toBeDefined()
    expect([file.specId, file.partition]).toEqual([of!.dataFile.specId, of!.dataFile.partition])
    expect(sequenceNumber! >= of!.sequenceNumber!).toBe(true)
  }
  const rowsOf = (entries: Iterable<CommittedEntry>) =>
    [...entries].reduce((sum, { dataFile }) => sum + dataFile.recordCount, 0n)
  expect({
    'total-data-files': summary['total-data-files'],
    'total-delete-files': summary['total-delete-files'],
    'total-records': summary['total-records'],
    'total-position-deletes': summary['total-position-deletes'],
  }).toEqual({
    'total-data-files': String(data.size),
    'total-delete-files': String(deletes.length),
    'total-records': String(rowsOf(data.values())),
    'total-position-deletes': String(rowsOf(deletes)),
  })
}

async function checkIdsOfRows(table: Table, ref: string): Promise<void> {
  const ids = new Set<bigint>()
  for await (const row of table.scan({ select: ['_row_id'], at: { ref } }).rows()) {
    const id = (row as { readonly _row_id: bigint })._row_id
    expect(ids.has(id), `row id ${id} twice in ${ref}`).toBe(false)
    expect(id < table.metadata.nextRowId).toBe(true)
    ids.add(id)
  }
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
