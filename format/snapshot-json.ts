/** Snapshots and their references as JSON (spec: "Snapshots", "Snapshot References", "Appendix C"). */
import { invalidData } from './errors.ts'
import {
  asInt,
  asJsonObject,
  asLong,
  asString,
  asStringMap,
  asTimestampMs,
  jsonObject,
  listOf,
  optional,
  required,
  unknownFields,
} from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import type { Snapshot, SnapshotRef } from './snapshot.ts'

const snapshotFields = new Set([
  'sequence-number',
  'snapshot-id',
  'parent-snapshot-id',
  'timestamp-ms',
  'summary',
  'manifest-list',
  'manifests',
  'schema-id',
  'first-row-id',
  'added-rows',
  'key-id',
])

/** As Iceberg Java writes it: sequence number 0, which v1 does not know, is left out. */
export function snapshotToJson(snapshot: Snapshot): JsonObject {
  return jsonObject({
    'sequence-number': snapshot.sequenceNumber === 0n ? undefined : snapshot.sequenceNumber,
    'snapshot-id': snapshot.snapshotId,
    'parent-snapshot-id': snapshot.parentSnapshotId,
    'timestamp-ms': snapshot.timestampMs,
    summary: summaryToJson(snapshot),
    'manifest-list': snapshot.manifestList,
    manifests: snapshot.manifestList === undefined ? (snapshot.manifests ?? []) : undefined,
    'schema-id': snapshot.schemaId,
    'first-row-id': snapshot.firstRowId,
    'added-rows': snapshot.addedRows,
    'key-id': snapshot.keyId,
    ...snapshot.unknown,
  })
}

/** Reads a snapshot. A summary without an operation reads as an overwrite, as in Iceberg Java. Throws INVALID_DATA. */
export function snapshotFromJson(json: JsonValue): Snapshot {
  const object = asJsonObject(json, 'snapshot')
  const snapshotId = required(object, 'snapshot-id', asLong, 'snapshot')
  const what = `snapshot ${snapshotId}`
  const manifestList = optional(object, 'manifest-list', asString, what)
  const manifests = optional(object, 'manifests', listOf(asString), what)
  if (manifestList === undefined && manifests === undefined) {
    throw invalidData(`${what} has neither manifest-list nor manifests`, { rule: 'Snapshots: manifest-list' })
  }
  const summary = optional(object, 'summary', asStringMap, what) ?? Object.create(null)
  const { operation } = summary
  delete summary['operation']
  return omitUndefined({
    snapshotId,
    parentSnapshotId: optional(object, 'parent-snapshot-id', asLong, what),
    sequenceNumber: optional(object, 'sequence-number', asLong, what) ?? 0n,
    timestampMs: required(object, 'timestamp-ms', asTimestampMs, what),
    manifestList,
    manifests: manifestList === undefined ? manifests : undefined,
    operation: operation ?? (Object.keys(summary).length > 0 ? 'overwrite' : undefined),
    summary,
    schemaId: optional(object, 'schema-id', asInt, what),
    firstRowId: optional(object, 'first-row-id', asLong, what),
    addedRows: optional(object, 'added-rows', asLong, what),
    keyId: optional(object, 'key-id', asString, what),
    unknown: unknownFields(object, snapshotFields),
  })
}

const refFields = new Set([
  'snapshot-id',
  'type',
  'min-snapshots-to-keep',
  'max-snapshot-age-ms',
  'max-ref-age-ms',
])

export function snapshotRefToJson(ref: SnapshotRef): JsonObject {
  return jsonObject({
    'snapshot-id': ref.snapshotId,
    type: ref.type,
    'min-snapshots-to-keep': ref.minSnapshotsToKeep,
    'max-snapshot-age-ms': durationToJson(ref.maxSnapshotAgeMs),
    'max-ref-age-ms': durationToJson(ref.maxRefAgeMs),
    ...ref.unknown,
  })
}

/** Reads a reference. `alsoKnown` names fields beside it that belong to what holds it. Throws INVALID_DATA. */
export function snapshotRefFromJson(json: JsonValue, alsoKnown: readonly string[] = []): SnapshotRef {
  const what = 'snapshot reference'
  const object = asJsonObject(json, what)
  const type = required(object, 'type', asString, what).toLowerCase()
  if (type !== 'branch' && type !== 'tag') {
    throw invalidData(`${what}: 'type' must be branch or tag, found '${type.slice(0, 40)}'`, {
      rule: 'Snapshot References',
    })
  }
  return omitUndefined({
    type,
    snapshotId: required(object, 'snapshot-id', asLong, what),
    minSnapshotsToKeep: optional(object, 'min-snapshots-to-keep', asInt, what),
    maxSnapshotAgeMs: optional(object, 'max-snapshot-age-ms', asDuration, what),
    maxRefAgeMs: optional(object, 'max-ref-age-ms', asDuration, what),
    unknown: unknownFields(object, new Set([...refFields, ...alsoKnown])),
  })
}

function summaryToJson(snapshot: Snapshot): JsonObject | undefined {
  if (snapshot.operation === undefined) return undefined
  const summary: Record<string, string> = Object.create(null)
  summary['operation'] = snapshot.operation
  for (const [key, value] of Object.entries(snapshot.summary)) {
    if (key !== 'operation') summary[key] = value
  }
  return summary
}

/** "For ever" is Java's Long.MAX_VALUE, which a number rounds up by one: it is written back as it was. */
const LONG_MAX = 2n ** 63n - 1n

function durationToJson(durationMs: number | undefined): JsonValue | undefined {
  if (durationMs === undefined || Number.isSafeInteger(durationMs)) return durationMs
  const duration = BigInt(durationMs)
  return duration > LONG_MAX ? LONG_MAX : duration
}

function asDuration(json: JsonValue | undefined, what: string): number {
  return Number(asLong(json, what))
}

function omitUndefined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  return kept as T
}
