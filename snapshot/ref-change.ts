/** Changes to branches and tags, with the rules of Iceberg Java's `ManageSnapshots`. Pure. */
import { invalidArgument, MoraineError } from '../format/errors.ts'
import { MAIN_BRANCH, type Snapshot, type SnapshotRef, type SnapshotRefType } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { snapshotById } from '../format/table-metadata-build.ts'
import type { TableUpdate } from '../format/table-update.ts'
import { ancestors, pointInTime, type SnapshotSelector } from './timeline.ts'

/** How long a reference keeps what it refers to. Null takes a limit away; what is left out stays. */
export interface RefRetention {
  /** Of a branch: so many of its newest snapshots never expire. */
  readonly minSnapshotsToKeep?: number | null
  /** Of a branch: the age at which its other snapshots expire. */
  readonly maxSnapshotAgeMs?: number | null
  /** The age of its snapshot at which the reference itself expires; main never does. */
  readonly maxRefAgeMs?: number | null
}

export type RefChange =
  | {
      readonly kind: 'create'
      readonly type: SnapshotRefType
      readonly name: string
      readonly at: SnapshotSelector
      readonly retention: RefRetention
    }
  | {
      readonly kind: 'replace'
      readonly type: SnapshotRefType
      readonly name: string
      readonly at: SnapshotSelector
    }
  /** Moves a branch to the head of another reference, of whose history it is a part. */
  | { readonly kind: 'fast-forward'; readonly name: string; readonly to: string }
  /** Moves a branch back to one of its ancestors: by id, or the newest from before a time. */
  | {
      readonly kind: 'rollback'
      readonly name: string
      readonly to: { readonly snapshotId: bigint } | { readonly timestamp: Date | number }
    }
  | { readonly kind: 'rename'; readonly name: string; readonly newName: string }
  | { readonly kind: 'drop'; readonly type: SnapshotRefType; readonly name: string }
  | { readonly kind: 'set-retention'; readonly name: string; readonly retention: RefRetention }

/** The updates, none if there is nothing to change, and the names of the references that they rest on. */
export interface PlannedRefChange {
  readonly updates: readonly TableUpdate[]
  readonly names: readonly string[]
}

/**
 * Throws NOT_FOUND for a reference or snapshot that is not there, ALREADY_EXISTS for a name that is taken,
 * INVALID_ARGUMENT for a tag where a branch is needed and the like, VALIDATION_FAILED for a fast-forward or a rollback
 * that history does not allow.
 */
export function planRefChange(metadata: TableMetadata, change: RefChange): PlannedRefChange {
  checkName(change.name)
  switch (change.kind) {
    case 'create':
      requireFree(metadata, change.name)
      return set(
        metadata,
        change.name,
        withRetention(
          { type: change.type, snapshotId: snapshotAt(metadata, change.at).snapshotId },
          change.retention,
        ),
      )
    case 'replace': {
      const ref = existing(metadata, change.name, change.type)
      return set(metadata, change.name, {
        ...ref,
        snapshotId: snapshotAt(metadata, change.at).snapshotId,
      })
    }
    case 'fast-forward':
      return fastForward(metadata, change)
    case 'rollback':
      return rollback(metadata, change)
    case 'rename':
      return rename(metadata, change)
    case 'drop':
      existing(metadata, change.name, change.type)
      if (change.name === MAIN_BRANCH) throw invalidArgument('main cannot be dropped: every table has it')
      return { updates: [{ action: 'remove-snapshot-ref', refName: change.name }], names: [change.name] }
    case 'set-retention':
      return set(metadata, change.name, withRetention(existing(metadata, change.name), change.retention))
  }
}

/** The reference with some of its limits changed. Throws INVALID_ARGUMENT for what is no limit. */
export function withRetention(ref: SnapshotRef, changes: RefRetention): SnapshotRef {
  const { minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs, ...rest } = ref
  const limits: RefRetention = { minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs, ...changes }
  const kept: Record<string, number> = {}
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined || limit === null) continue
    if (!Number.isInteger(limit) || limit <= 0 || (name === 'minSnapshotsToKeep' && limit > INT32_MAX)) {
      throw invalidArgument(`${name}: expected a whole number above 0, found ${String(limit)}`)
    }
    kept[name] = limit
  }
  return { ...rest, ...kept }
}

const INT32_MAX = 2147483647

/** As Iceberg Java: a branch that does not exist is made at the head of the other. */
function fastForward(
  metadata: TableMetadata,
  { name, to }: Extract<RefChange, { kind: 'fast-forward' }>,
): PlannedRefChange {
  checkName(to)
  const { snapshotId } = existing(metadata, to)
  const ref = metadata.refs.has(name) ? existing(metadata, name, 'branch') : undefined
  const isAhead = ref !== undefined && !isAncestor(metadata, ref.snapshotId, snapshotId)
  if (isAhead) {
    throw new MoraineError(
      'VALIDATION_FAILED',
      `${name} cannot be fast-forwarded to ${to}: its snapshot ${ref.snapshotId} is not in the history of ${to}. ` +
        'To give up what only it has, replace it',
      { context: { ref: name, to } },
    )
  }
  const { updates } = set(metadata, name, { ...ref, type: 'branch', snapshotId })
  return { updates, names: [name, to] }
}

function rollback(
  metadata: TableMetadata,
  { name, to }: Extract<RefChange, { kind: 'rollback' }>,
): PlannedRefChange {
  const ref = existing(metadata, name, 'branch')
  const target = rollbackTarget(metadata, ref, to)
  if (target !== undefined) return set(metadata, name, { ...ref, snapshotId: target.snapshotId })
  const isElsewhere = 'snapshotId' in to && snapshotById(metadata, to.snapshotId) !== undefined
  const meant = 'snapshotId' in to ? `${to.snapshotId}` : `before ${new Date(to.timestamp).toISOString()}`
  throw new MoraineError(
    isElsewhere ? 'VALIDATION_FAILED' : 'NOT_FOUND',
    `${name} cannot be rolled back: its history has no snapshot ${meant}`,
    { context: { ref: name } },
  )
}

function rollbackTarget(
  metadata: TableMetadata,
  { snapshotId }: SnapshotRef,
  to: Extract<RefChange, { kind: 'rollback' }>['to'],
): Snapshot | undefined {
  if ('snapshotId' in to) {
    return findAncestor(metadata, snapshotId, (ancestor) => ancestor.snapshotId === to.snapshotId)
  }
  const before = to.timestamp instanceof Date ? to.timestamp.getTime() : to.timestamp
  if (!Number.isFinite(before)) {
    throw invalidArgument(`expected a Date or milliseconds since the epoch, found ${String(to.timestamp)}`)
  }
  return findAncestor(metadata, snapshotId, ({ timestampMs }) => timestampMs < before)
}

function rename(
  metadata: TableMetadata,
  { name, newName }: Extract<RefChange, { kind: 'rename' }>,
): PlannedRefChange {
  checkName(newName)
  const ref = existing(metadata, name, 'branch')
  if (name === MAIN_BRANCH) throw invalidArgument('main cannot be renamed: every table has it')
  requireFree(metadata, newName)
  return {
    updates: [
      { action: 'remove-snapshot-ref', refName: name },
      { action: 'set-snapshot-ref', refName: newName, ref },
    ],
    names: [name, newName],
  }
}

function set(metadata: TableMetadata, refName: string, ref: SnapshotRef): PlannedRefChange {
  const before = metadata.refs.get(refName)
  const keys = ['type', 'snapshotId', 'minSnapshotsToKeep', 'maxSnapshotAgeMs', 'maxRefAgeMs'] as const
  const isSame = before !== undefined && keys.every((key) => before[key] === ref[key])
  return { updates: isSame ? [] : [{ action: 'set-snapshot-ref', refName, ref }], names: [refName] }
}

function snapshotAt(metadata: TableMetadata, at: SnapshotSelector): Snapshot {
  return pointInTime(metadata, at).snapshot!
}

function existing(metadata: TableMetadata, name: string, type?: SnapshotRefType): SnapshotRef {
  const ref = metadata.refs.get(name)
  if (ref === undefined) {
    throw new MoraineError('NOT_FOUND', `the table has no ${type ?? 'branch or tag'} '${name}'`, {
      context: { ref: name },
    })
  }
  if (type === undefined || ref.type === type) return ref
  throw invalidArgument(`'${name}' is a ${ref.type}, not a ${type}`, { ref: name })
}

function requireFree(metadata: TableMetadata, name: string): void {
  const ref = metadata.refs.get(name)
  if (ref === undefined) return
  throw new MoraineError('ALREADY_EXISTS', `the table has a ${ref.type} '${name}' already`, {
    context: { ref: name },
  })
}

function isAncestor(metadata: TableMetadata, ancestorId: bigint, snapshotId: bigint): boolean {
  return findAncestor(metadata, snapshotId, (ancestor) => ancestor.snapshotId === ancestorId) !== undefined
}

/** The newest that fits, from the snapshot itself on. */
function findAncestor(
  metadata: TableMetadata,
  snapshotId: bigint,
  fits: (snapshot: Snapshot) => boolean,
): Snapshot | undefined {
  for (const ancestor of ancestors(metadata, snapshotId)) if (fits(ancestor)) return ancestor
  return undefined
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return
  throw invalidArgument(`expected the name of a branch or tag, found ${JSON.stringify(name) ?? String(name)}`)
}
