/** Table updates applied to metadata, with the outcome of Iceberg Java's `TableMetadata.Builder`. */
import { invalidArgument, unsupported } from './errors.ts'
import { stripTrailingSlash } from './location.ts'
import { checkSortOrderFitsSchema, checkSpecFitsSchema } from './partition-spec-validate.ts'
import { requireReadable } from './require-readable.ts'
import type { FormatVersion, MetadataLogEntry, TableMetadata } from './table-metadata.ts'
import { currentSchema, defaultSortOrder, defaultSpec } from './table-metadata-build.ts'
import { findMetadataProblem } from './table-metadata-check.ts'
import { checkPropertyTexts, isReservedProperty, readProperty } from './table-properties.ts'
import type { TableUpdate } from './table-update.ts'
import { change, type Draft, draftOf } from './table-update-draft.ts'
import { tableUpdateFromJson, tableUpdateToJson } from './table-update-json.ts'
import {
  addSnapshot,
  finishedSnapshotLog,
  removeSnapshotRef,
  removeSnapshots,
  removeStatistics,
  setSnapshotRef,
  setStatistics,
} from './table-update-snapshots.ts'
import {
  addPartitionSpec,
  addSchema,
  addSortOrder,
  removePartitionSpecs,
  removeSchemas,
  setCurrentSchema,
  setDefaultSortOrder,
  setDefaultSpec,
} from './table-update-structure.ts'

export interface ApplyUpdatesOptions {
  /** Milliseconds since the epoch: the new `last-updated-ms`, and the time of a rollback in the snapshot log. */
  readonly now: number
}

/**
 * The metadata after the updates, in order. When they change nothing it is the same object.
 *
 * Throws INVALID_ARGUMENT for an update that the format or the metadata forbids; COMMIT_CONFLICT (retryable) for a
 * snapshot staged on older metadata; VALIDATION_FAILED for a reference to a snapshot that is gone; UNSUPPORTED for
 * an upgrade to a format version above 3. A timestamp that goes back by more than a minute is INVALID_ARGUMENT.
 */
export function applyUpdates(
  metadata: TableMetadata,
  updates: readonly TableUpdate[],
  options: ApplyUpdatesOptions,
): TableMetadata {
  const draft = draftOf(metadata, options.now)
  for (const update of updates) {
    applyUpdate(draft, update)
    requireReadableUpdate(update)
  }
  return draft.metadata === metadata ? metadata : finished(draft)
}

/**
 * The metadata with the file that it replaces noted in its metadata log. The log keeps the last
 * `write.metadata.previous-versions-max` entries (at least one).
 */
export function withMetadataLogEntry(metadata: TableMetadata, previous: MetadataLogEntry): TableMetadata {
  const max = Math.max(1, readProperty(metadata.properties, 'write.metadata.previous-versions-max'))
  return { ...metadata, metadataLog: [...metadata.metadataLog, previous].slice(-max) }
}

/** Snapshots are our own work, and large: only what comes from callers is looked at once more. */
function requireReadableUpdate(update: TableUpdate): void {
  if (update.action === 'add-snapshot') return
  requireReadable(`the update ${update.action}`, () =>
    tableUpdateFromJson(tableUpdateToJson(withOrderId(update))),
  )
}

/** A new sort order is given its id only when it is added. */
function withOrderId(update: TableUpdate): TableUpdate {
  if (update.action !== 'add-sort-order') return update
  const { fields } = update.sortOrder
  return { ...update, sortOrder: { orderId: fields.length === 0 ? 0 : 1, fields } }
}

function applyUpdate(draft: Draft, update: TableUpdate): void {
  switch (update.action) {
    case 'assign-uuid':
      assignUuid(draft, update.uuid)
      break
    case 'upgrade-format-version':
      upgradeFormatVersion(draft, update.formatVersion)
      break
    case 'add-schema':
      addSchema(draft, update.schema)
      break
    case 'set-current-schema':
      setCurrentSchema(draft, update.schemaId)
      break
    case 'add-spec':
      addPartitionSpec(draft, update.spec)
      break
    case 'set-default-spec':
      setDefaultSpec(draft, update.specId)
      break
    case 'add-sort-order':
      addSortOrder(draft, update.sortOrder)
      break
    case 'set-default-sort-order':
      setDefaultSortOrder(draft, update.sortOrderId)
      break
    case 'add-snapshot':
      addSnapshot(draft, update.snapshot)
      break
    case 'set-snapshot-ref':
      setSnapshotRef(draft, update.refName, update.ref)
      break
    case 'remove-snapshots':
      removeSnapshots(draft, update.snapshotIds)
      break
    case 'remove-snapshot-ref':
      removeSnapshotRef(draft, update.refName)
      break
    case 'set-location':
      setLocation(draft, update.location)
      break
    case 'set-properties':
      setProperties(draft, update.updates)
      break
    case 'remove-properties':
      removeProperties(draft, update.removals)
      break
    case 'set-statistics':
      setStatistics(draft, 'statistics', update.statistics)
      break
    case 'remove-statistics':
      removeStatistics(draft, 'statistics', update.snapshotId)
      break
    case 'set-partition-statistics':
      setStatistics(draft, 'partitionStatistics', update.partitionStatistics)
      break
    case 'remove-partition-statistics':
      removeStatistics(draft, 'partitionStatistics', update.snapshotId)
      break
    case 'remove-partition-specs':
      removePartitionSpecs(draft, update.specIds)
      break
    case 'remove-schemas':
      removeSchemas(draft, update.schemaIds)
      break
    case 'add-encryption-key':
      addEncryptionKey(draft, update.encryptionKey)
      break
    case 'remove-encryption-key':
      removeEncryptionKey(draft, update.keyId)
      break
    default:
      update satisfies never
  }
}

/** A UUID is what tells a table from another of the same name: it is set once. */
function assignUuid(draft: Draft, uuid: string): void {
  const { tableUuid } = draft.metadata
  if (tableUuid?.toLowerCase() === uuid.toLowerCase()) return
  if (tableUuid !== undefined)
    throw invalidArgument(`the table has the UUID ${tableUuid} and cannot get another`)
  change(draft, { tableUuid: uuid })
}

function upgradeFormatVersion(draft: Draft, version: number): void {
  const { formatVersion } = draft.metadata
  const upgraded = upgradedVersion(formatVersion, version)
  if (upgraded > formatVersion) change(draft, { formatVersion: upgraded })
}

/** `to`, where a table of format version `from` may become that. Throws INVALID_ARGUMENT, UNSUPPORTED. */
export function upgradedVersion(from: FormatVersion, to: number): FormatVersion {
  if (to > 3) throw unsupported(`Iceberg format version ${to} is not supported; versions 1 to 3 are`)
  if (!Number.isInteger(to) || to < from) {
    throw invalidArgument(`format version ${from} cannot be changed to ${to}: it only goes up`)
  }
  return to as FormatVersion
}

function setLocation(draft: Draft, location: string): void {
  const stripped = stripTrailingSlash(location)
  if (stripped !== draft.metadata.location) change(draft, { location: stripped })
}

function setProperties(draft: Draft, updates: Readonly<Record<string, string>>): void {
  checkPropertyTexts(updates)
  const properties = copied(draft.metadata.properties)
  for (const [name, value] of Object.entries(updates)) {
    if (isReservedProperty(name)) {
      const hint = name === 'format-version' ? ': use upgrade-format-version' : ''
      throw invalidArgument(`the table property '${name}' is reserved${hint}`, { property: name })
    }
    properties[name] = value
  }
  if (Object.keys(updates).length > 0) change(draft, { properties })
}

function removeProperties(draft: Draft, removals: readonly string[]): void {
  const properties = copied(draft.metadata.properties)
  for (const name of removals) delete properties[name]
  if (removals.length > 0) change(draft, { properties })
}

function addEncryptionKey(draft: Draft, key: TableMetadata['encryptionKeys'][number]): void {
  const { encryptionKeys } = draft.metadata
  if (encryptionKeys.some((other) => other['key-id'] === key['key-id'])) return
  change(draft, { encryptionKeys: [...encryptionKeys, key] })
}

function removeEncryptionKey(draft: Draft, keyId: string): void {
  const { encryptionKeys } = draft.metadata
  const kept = encryptionKeys.filter((key) => key['key-id'] !== keyId)
  if (kept.length < encryptionKeys.length) change(draft, { encryptionKeys: kept })
}

function copied(properties: Readonly<Record<string, string>>): Record<string, string> {
  const copy: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(properties)) copy[name] = value
  return copy
}

function finished(draft: Draft): TableMetadata {
  const metadata: TableMetadata = {
    ...draft.metadata,
    lastUpdatedMs: draft.now,
    snapshotLog: finishedSnapshotLog(draft),
  }
  const schema = currentSchema(metadata)
  checkSpecFitsSchema(defaultSpec(metadata), schema)
  checkSortOrderFitsSchema(defaultSortOrder(metadata), schema)
  const problem = findMetadataProblem(metadata)
  if (problem !== undefined) throw invalidArgument(problem.message, { rule: problem.rule })
  return metadata
}
