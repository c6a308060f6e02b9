/** The timeline of a table: which snapshot is meant, and how snapshots descend from one another. Pure. */
import { invalidArgument, MoraineError } from '../format/errors.ts'
import type { Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSchema, schemaById, snapshotById } from '../format/table-metadata-build.ts'
import { describeValue } from '../format/values/mismatch.ts'

/** A point on the timeline. A number is milliseconds since the epoch. */
export type SnapshotSelector =
  | { readonly snapshotId: bigint }
  | { readonly timestamp: Date | number }
  | { readonly ref: string }

export interface PointInTime {
  /** Absent for a table that has no snapshot yet. */
  readonly snapshot: Snapshot | undefined
  /** The schema to read with: a branch reads with the table's, all else with the snapshot's own. */
  readonly schema: Schema
}

/**
 * The snapshot that `at` means, with the schema to read it with; the current one without `at`. A timestamp is looked
 * up in the snapshot log, not in the ancestry (spec: "Point in Time Reads"). Throws NOT_FOUND.
 */
export function pointInTime(metadata: TableMetadata, at?: SnapshotSelector): PointInTime {
  if (at === undefined) {
    const id = metadata.currentSnapshotId
    return {
      snapshot: id === undefined ? undefined : requireSnapshot(metadata, id),
      schema: currentSchema(metadata),
    }
  }
  if (typeof at !== 'object' || at === null) throw noSelector(at)
  if ('snapshotId' in at) return withOwnSchema(metadata, requireSnapshot(metadata, at.snapshotId))
  if ('timestamp' in at) return withOwnSchema(metadata, snapshotAsOf(metadata, milliseconds(at.timestamp)))
  if ('ref' in at) return refHead(metadata, at.ref)
  throw noSelector(at)
}

function noSelector(at: unknown): MoraineError {
  return invalidArgument(
    `\`at\` takes one of { snapshotId }, { timestamp } or { ref }, found ${describeValue(at)}`,
  )
}

/** The snapshot and its ancestors, newest first; ends where history was expired. */
export function* ancestors({ snapshots }: TableMetadata, snapshotId: bigint): Generator<Snapshot> {
  const seen = new Set<bigint>()
  let next: bigint | undefined = snapshotId
  let index = snapshots.length
  while (next !== undefined && !seen.has(next)) {
    seen.add(next)
    index = indexBefore(snapshots, next, index)
    const snapshot: Snapshot | undefined = snapshots[index]
    if (snapshot === undefined) return
    yield snapshot
    next = snapshot.parentSnapshotId
  }
}

/** Parents stand before their children, most of them just before: looked for there, a long walk stays linear. */
function indexBefore(snapshots: readonly Snapshot[], snapshotId: bigint, end: number): number {
  for (let i = end - 1; i >= 0; i--) if (snapshots[i]!.snapshotId === snapshotId) return i
  return snapshots.findIndex((snapshot) => snapshot.snapshotId === snapshotId)
}

function requireSnapshot(metadata: TableMetadata, snapshotId: bigint): Snapshot {
  const snapshot = snapshotById(metadata, snapshotId)
  if (snapshot === undefined) {
    throw new MoraineError(
      'NOT_FOUND',
      `no snapshot ${snapshotId} in the table; it never was, or has expired`,
      {
        context: { snapshotId },
      },
    )
  }
  return snapshot
}

function withOwnSchema(metadata: TableMetadata, snapshot: Snapshot): PointInTime {
  const own = snapshot.schemaId === undefined ? undefined : schemaById(metadata, snapshot.schemaId)
  return { snapshot, schema: own ?? currentSchema(metadata) }
}

function instantText(ms: number): string {
  const instant = new Date(ms)
  return Number.isNaN(instant.getTime()) ? `${ms} ms` : instant.toISOString()
}

function milliseconds(timestamp: unknown): number {
  const ms = timestamp instanceof Date ? timestamp.getTime() : timestamp
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms
  throw invalidArgument(`at.timestamp: expected a Date or milliseconds, found ${describeValue(timestamp)}`)
}

function snapshotAsOf(metadata: TableMetadata, timestampMs: number): Snapshot {
  let found: bigint | undefined
  for (const entry of metadata.snapshotLog) if (entry.timestampMs <= timestampMs) found = entry.snapshotId
  if (found === undefined) {
    const first = metadata.snapshotLog[0]
    const since =
      first === undefined ? 'the table has no history' : `history begins at ${instantText(first.timestampMs)}`
    throw new MoraineError('NOT_FOUND', `no snapshot was current at ${instantText(timestampMs)}; ${since}`, {
      context: { timestampMs },
    })
  }
  return requireSnapshot(metadata, found)
}

function refHead(metadata: TableMetadata, name: string): PointInTime {
  const ref = metadata.refs.get(name)
  if (ref === undefined) {
    const known = [...metadata.refs.keys()].join(', ') || 'none'
    throw new MoraineError('NOT_FOUND', `no branch or tag '${name}'; there are: ${known}`, {
      context: { ref: name },
    })
  }
  const snapshot = requireSnapshot(metadata, ref.snapshotId)
  return ref.type === 'branch'
    ? { snapshot, schema: currentSchema(metadata) }
    : withOwnSchema(metadata, snapshot)
}
