import { MAIN_BRANCH } from './snapshot.ts'
import type { SnapshotLogEntry, TableMetadata } from './table-metadata.ts'

/** What is wrong with table metadata, and the rule of the spec (or of Iceberg Java) that it breaks. */
export interface MetadataProblem {
  readonly message: string
  readonly rule: string
}

/** Clocks of different machines may disagree this far: a log entry may be that much older than the one before. */
const CLOCK_TOLERANCE_MS = 60_000

/**
 * The first broken rule that spans several fields of table metadata, or undefined. Schemas check their own field
 * ids when they are indexed.
 */
export function findMetadataProblem(metadata: TableMetadata): MetadataProblem | undefined {
  return (
    requiredFieldProblem(metadata) ??
    repeatedIdProblem(metadata) ??
    currentIdProblem(metadata) ??
    snapshotProblem(metadata) ??
    refProblem(metadata) ??
    logProblem(metadata)
  )
}

function requiredFieldProblem(metadata: TableMetadata): MetadataProblem | undefined {
  const { formatVersion, tableUuid, lastSequenceNumber } = metadata
  if (formatVersion > 1 && tableUuid === undefined) {
    return fields(`table-uuid is required in format version ${formatVersion}`)
  }
  if (formatVersion === 1 && lastSequenceNumber !== 0n) {
    return fields(`last-sequence-number must be 0 in format version 1, found ${lastSequenceNumber}`)
  }
  return undefined
}

function repeatedIdProblem(metadata: TableMetadata): MetadataProblem | undefined {
  const { schemas, partitionSpecs, sortOrders, snapshots } = metadata
  const lists: readonly (readonly [string, readonly (number | bigint)[]])[] = [
    ['schema-id', schemas.map((schema) => schema.schemaId)],
    ['spec-id', partitionSpecs.map((spec) => spec.specId)],
    ['order-id', sortOrders.map((order) => order.orderId)],
    ['snapshot-id', snapshots.map((snapshot) => snapshot.snapshotId)],
  ]
  for (const [name, ids] of lists) {
    const seen = new Set<number | bigint>()
    for (const id of ids) {
      if (seen.has(id)) return fields(`${name} ${id} is used twice`)
      seen.add(id)
    }
  }
  return undefined
}

function currentIdProblem(metadata: TableMetadata): MetadataProblem | undefined {
  if (!metadata.schemas.some((schema) => schema.schemaId === metadata.currentSchemaId)) {
    return fields(`current-schema-id ${metadata.currentSchemaId} is not in schemas`)
  }
  if (!metadata.partitionSpecs.some((spec) => spec.specId === metadata.defaultSpecId)) {
    return fields(`default-spec-id ${metadata.defaultSpecId} is not in partition-specs`)
  }
  if (!metadata.sortOrders.some((order) => order.orderId === metadata.defaultSortOrderId)) {
    return fields(`default-sort-order-id ${metadata.defaultSortOrderId} is not in sort-orders`)
  }
  return undefined
}

function snapshotProblem(metadata: TableMetadata): MetadataProblem | undefined {
  for (const { snapshotId, sequenceNumber, manifestList } of metadata.snapshots) {
    if (sequenceNumber > metadata.lastSequenceNumber) {
      return {
        message: `snapshot ${snapshotId} has sequence number ${sequenceNumber}, above last-sequence-number ${metadata.lastSequenceNumber}`,
        rule: 'Sequence Numbers',
      }
    }
    if (manifestList === undefined && metadata.formatVersion > 1 && sequenceNumber > 0n) {
      return { message: `snapshot ${snapshotId} has no manifest-list`, rule: 'Snapshots: manifest-list' }
    }
  }
  return undefined
}

function refProblem(metadata: TableMetadata): MetadataProblem | undefined {
  const { currentSnapshotId, refs, snapshots } = metadata
  const ids = new Set(snapshots.map((snapshot) => snapshot.snapshotId))
  if (currentSnapshotId !== undefined && !ids.has(currentSnapshotId)) {
    return fields(`current-snapshot-id ${currentSnapshotId} is not in snapshots`)
  }
  for (const [name, ref] of refs) {
    if (!ids.has(ref.snapshotId)) {
      return {
        message: `reference '${name}' points to snapshot ${ref.snapshotId}, which is not in snapshots`,
        rule: 'Snapshot References',
      }
    }
  }
  const main = refs.get(MAIN_BRANCH)
  if (main?.snapshotId !== currentSnapshotId) {
    return fields(
      `current-snapshot-id is ${currentSnapshotId ?? 'not set'}, but main points to ${main?.snapshotId ?? 'none'}`,
    )
  }
  if (main !== undefined && main.type !== 'branch') return fields('main must be a branch, not a tag')
  return undefined
}

function logProblem(metadata: TableMetadata): MetadataProblem | undefined {
  const logs: readonly (readonly [string, readonly Pick<SnapshotLogEntry, 'timestampMs'>[]])[] = [
    ['snapshot-log', metadata.snapshotLog],
    ['metadata-log', metadata.metadataLog],
  ]
  for (const [name, log] of logs) {
    const times = [...log.map((entry) => entry.timestampMs)]
    const back = times.findIndex((time, i) => i > 0 && time < times[i - 1]! - CLOCK_TOLERANCE_MS)
    if (back > 0) return fields(`${name} goes back in time by more than a minute at entry ${back}`)
    const last = times.at(-1)
    if (last !== undefined && metadata.lastUpdatedMs < last - CLOCK_TOLERANCE_MS) {
      return fields(
        `last-updated-ms ${metadata.lastUpdatedMs} lies more than a minute before the last entry of ${name}, ${last}`,
      )
    }
  }
  return undefined
}

function fields(message: string): MetadataProblem {
  return { message, rule: 'Table Metadata Fields' }
}
