/** Applying the updates of a table's timeline: snapshots, references and the statistics that belong to them. */
import { invalidArgument, MoraineError } from './errors.ts'
import { MAIN_BRANCH, type Snapshot, type SnapshotRef } from './snapshot.ts'
import type { SnapshotLogEntry, StatisticsFile, TableMetadata } from './table-metadata.ts'
import { snapshotById } from './table-metadata-build.ts'
import { change, type Draft } from './table-update-draft.ts'

/** Throws COMMIT_CONFLICT when the snapshot was staged on older metadata: stage it anew. */
export function addSnapshot(draft: Draft, snapshot: Snapshot): void {
  const { metadata } = draft
  const { snapshotId, sequenceNumber } = snapshot
  const name = `snapshot ${snapshotId}`
  if (snapshotById(metadata, snapshotId) !== undefined) throw invalidArgument(`${name} exists already`)
  if (metadata.formatVersion > 1 && snapshot.manifestList === undefined) {
    throw invalidArgument(`${name} has no manifest list`, { rule: 'Snapshots: manifest-list' })
  }
  const isNext = sequenceNumber > metadata.lastSequenceNumber
  if (metadata.formatVersion > 1 && !isNext) {
    throw stale(
      `${name} has sequence number ${sequenceNumber}; the table is at ${metadata.lastSequenceNumber}`,
    )
  }
  change(draft, {
    snapshots: [...metadata.snapshots, snapshot],
    lastSequenceNumber: isNext ? sequenceNumber : metadata.lastSequenceNumber,
    nextRowId: metadata.formatVersion >= 3 ? nextRowIdAfter(metadata, snapshot) : metadata.nextRowId,
  })
  draft.addedSnapshotIds.add(snapshotId)
}

export function setSnapshotRef(draft: Draft, name: string, ref: SnapshotRef): void {
  const { metadata } = draft
  const existing = metadata.refs.get(name)
  if (existing !== undefined && refsEqual(existing, ref)) return
  validateRef(name, ref)
  const snapshot = snapshotById(metadata, ref.snapshotId)
  if (snapshot === undefined) {
    throw new MoraineError(
      'VALIDATION_FAILED',
      `reference '${name}' cannot point to snapshot ${ref.snapshotId}: the table has none such`,
    )
  }
  change(draft, { refs: new Map(metadata.refs).set(name, ref) })
  if (name === MAIN_BRANCH && ref.snapshotId !== metadata.currentSnapshotId)
    setCurrentSnapshot(draft, snapshot)
}

export function removeSnapshotRef(draft: Draft, name: string): void {
  const { refs } = draft.metadata
  if (!refs.has(name)) return
  const kept = new Map(refs)
  kept.delete(name)
  change(draft, { refs: kept })
  if (name === MAIN_BRANCH) {
    const { currentSnapshotId: _, ...rest } = draft.metadata
    draft.metadata = rest
  }
}

/** With a snapshot go its statistics, and the references to it. */
export function removeSnapshots(draft: Draft, snapshotIds: readonly bigint[]): void {
  const removed = new Set(snapshotIds)
  const { metadata } = draft
  const isKept = ({ snapshotId }: { readonly snapshotId: bigint }) => !removed.has(snapshotId)
  const snapshots = metadata.snapshots.filter(isKept)
  if (snapshots.length === metadata.snapshots.length) return
  change(draft, {
    snapshots,
    statistics: metadata.statistics.filter(isKept),
    partitionStatistics: metadata.partitionStatistics.filter(isKept),
  })
  draft.hasRemovedSnapshots = true
  for (const [name, ref] of metadata.refs) {
    if (removed.has(ref.snapshotId)) removeSnapshotRef(draft, name)
  }
}

/** A snapshot has one entry in each list: the new one replaces it. */
export function setStatistics(
  draft: Draft,
  list: 'statistics' | 'partitionStatistics',
  file: StatisticsFile,
): void {
  const others = draft.metadata[list].filter((other) => other.snapshotId !== file.snapshotId)
  change(draft, { [list]: [...others, file] })
}

export function removeStatistics(
  draft: Draft,
  list: 'statistics' | 'partitionStatistics',
  snapshotId: bigint,
): void {
  const kept = draft.metadata[list].filter((other) => other.snapshotId !== snapshotId)
  if (kept.length < draft.metadata[list].length) change(draft, { [list]: kept })
}

/**
 * The snapshot log after all updates: without snapshots that were added and replaced within this list, which were
 * never current for anyone, and without all that lies before a removed snapshot, since a gap would show a snapshot
 * as current at a time when another was.
 */
export function finishedSnapshotLog(draft: Draft): readonly SnapshotLogEntry[] {
  const { snapshotLog, snapshots, currentSnapshotId } = draft.metadata
  const intermediate = new Set(draft.addedAsCurrent.filter((id) => id !== currentSnapshotId))
  if (intermediate.size === 0 && !draft.hasRemovedSnapshots) return snapshotLog
  const existing = new Set(snapshots.map((snapshot) => snapshot.snapshotId))
  const visible = snapshotLog.filter(({ snapshotId }) => !intermediate.has(snapshotId))
  if (!draft.hasRemovedSnapshots) return visible
  return visible.slice(visible.findLastIndex(({ snapshotId }) => !existing.has(snapshotId)) + 1)
}

function nextRowIdAfter(metadata: TableMetadata, snapshot: Snapshot): bigint {
  const { firstRowId, addedRows, snapshotId } = snapshot
  if (firstRowId === undefined || addedRows === undefined || addedRows < 0n) {
    throw invalidArgument(`snapshot ${snapshotId} needs first-row-id and added-rows in format version 3`, {
      rule: 'Snapshot Row IDs',
    })
  }
  if (firstRowId < metadata.nextRowId) {
    throw stale(
      `snapshot ${snapshotId} assigns row ids from ${firstRowId}; the table is at ${metadata.nextRowId}`,
    )
  }
  return firstRowId + addedRows
}

function setCurrentSnapshot(draft: Draft, snapshot: Snapshot): void {
  const { snapshotId } = snapshot
  const isAdded = draft.addedSnapshotIds.has(snapshotId)
  if (isAdded) draft.addedAsCurrent.push(snapshotId)
  const timestampMs = isAdded ? snapshot.timestampMs : draft.now
  change(draft, {
    currentSnapshotId: snapshotId,
    snapshotLog: [...draft.metadata.snapshotLog, { timestampMs, snapshotId }],
  })
}

function validateRef(name: string, ref: SnapshotRef): void {
  const { type, minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs } = ref
  const wrong = (problem: string) =>
    invalidArgument(`reference '${name}' ${problem}`, { rule: 'Snapshot References' })
  if (name === '') throw wrong('needs a name')
  if (name === MAIN_BRANCH && type === 'tag') throw wrong('must be a branch')
  if (type === 'tag' && (minSnapshotsToKeep !== undefined || maxSnapshotAgeMs !== undefined)) {
    throw wrong('is a tag: only branches retain snapshots')
  }
  for (const limit of [minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs]) {
    if (limit !== undefined && !(limit > 0)) throw wrong(`has a retention of ${limit}; it must be above 0`)
  }
}

function refsEqual(a: SnapshotRef, b: SnapshotRef): boolean {
  return (
    a.type === b.type &&
    a.snapshotId === b.snapshotId &&
    a.minSnapshotsToKeep === b.minSnapshotsToKeep &&
    a.maxSnapshotAgeMs === b.maxSnapshotAgeMs &&
    a.maxRefAgeMs === b.maxRefAgeMs
  )
}

/** A race that was lost, not a mistake: the same change, staged on fresh metadata, may succeed. */
function stale(message: string): MoraineError {
  return new MoraineError('COMMIT_CONFLICT', message, { retryable: true })
}
