/** The codec of table metadata files (spec: "Table Metadata Fields", "Appendix C: JSON serialization"). */

import { gunzipSync, gzipSync } from 'node:zlib'
import { inFile, invalidData, messageOf, unsupported } from './errors.ts'
import {
  asInt,
  asJsonArray,
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
import { stripTrailingSlash } from './location.ts'
import { type JsonObject, type JsonValue, jsonText, parseJson, stringifyJson } from './lossless-json.ts'
import { LAST_UNASSIGNED_PARTITION_ID, type PartitionSpec } from './partition-spec.ts'
import {
  partitionFieldsFromJson,
  partitionFieldsToJson,
  partitionSpecFromJson,
  partitionSpecToJson,
} from './partition-spec-json.ts'
import { isTooMuch, overLimit, readLimits } from './read-limits.ts'
import { highestFieldId, type Schema } from './schema.ts'
import { schemaFromJson, schemaToJson } from './schema-json.ts'
import { MAIN_BRANCH, type SnapshotRef } from './snapshot.ts'
import { snapshotFromJson, snapshotRefFromJson, snapshotRefToJson, snapshotToJson } from './snapshot-json.ts'
import { type SortOrder, unsortedOrder } from './sort-order.ts'
import { sortOrderFromJson, sortOrderToJson } from './sort-order-json.ts'
import type {
  FormatVersion,
  MetadataLogEntry,
  SnapshotLogEntry,
  StatisticsFile,
  TableMetadata,
} from './table-metadata.ts'
import { currentSchema, defaultSpec } from './table-metadata-build.ts'
import { findMetadataProblem } from './table-metadata-check.ts'

/** Bounds what a small gzip file may unpack to. */
/** `current-snapshot-id` of a table without a current snapshot, as v1 and v2 are written. */
const NO_SNAPSHOT = -1n

/**
 * Reads a metadata file, gzip or not, whatever its name. `location` names the file in errors.
 *
 * Throws INVALID_DATA that names the file and the broken rule; UNSUPPORTED for format version 4 and above.
 */
export function decodeTableMetadata(bytes: Uint8Array, location: string): TableMetadata {
  return inFile(location, () => tableMetadataFromJson(parseJson(unzipped(bytes))))
}

/** Writes a metadata file that Iceberg Java reads. */
export function encodeTableMetadata(
  metadata: TableMetadata,
  options: { readonly gzip?: boolean } = {},
): Uint8Array {
  const { snapshots, snapshotLog, ...rest } = metadata
  const json = {
    ...tableMetadataToJson({ ...rest, snapshots: [], snapshotLog: [] }),
    snapshots: snapshots.map((snapshot) => lastingText(snapshot, snapshotToJson)),
    'snapshot-log': snapshotLog.map((entry) => lastingText(entry, snapshotLogEntryToJson)),
  }
  const bytes = new TextEncoder().encode(stringifyJson(json))
  return options.gzip === true ? new Uint8Array(gzipSync(bytes)) : bytes
}

/** Most of a long history is in every version of a table, unchanged: each part of it becomes text once. */
const lastingTexts = new WeakMap<object, JsonValue>()

function lastingText<T extends object>(part: T, toJson: (part: T) => JsonObject): JsonValue {
  const known = lastingTexts.get(part)
  if (known !== undefined) return known
  const text = jsonText(stringifyJson(toJson(part)))
  lastingTexts.set(part, text)
  return text
}

export function tableMetadataToJson(metadata: TableMetadata): JsonObject {
  const { formatVersion } = metadata
  return jsonObject({
    'format-version': formatVersion,
    'table-uuid': metadata.tableUuid,
    location: metadata.location,
    'last-sequence-number': formatVersion > 1 ? metadata.lastSequenceNumber : undefined,
    'last-updated-ms': metadata.lastUpdatedMs,
    'last-column-id': metadata.lastColumnId,
    // Required of v1 writers, for readers older than the lists below.
    schema: formatVersion === 1 ? schemaToJson(currentSchema(metadata)) : undefined,
    'current-schema-id': metadata.currentSchemaId,
    schemas: metadata.schemas.map(schemaToJson),
    'partition-spec': formatVersion === 1 ? partitionFieldsToJson(defaultSpec(metadata).fields) : undefined,
    'default-spec-id': metadata.defaultSpecId,
    'partition-specs': metadata.partitionSpecs.map(partitionSpecToJson),
    'last-partition-id': metadata.lastPartitionId,
    'default-sort-order-id': metadata.defaultSortOrderId,
    'sort-orders': metadata.sortOrders.map(sortOrderToJson),
    properties: metadata.properties,
    'current-snapshot-id': metadata.currentSnapshotId ?? (formatVersion >= 3 ? null : NO_SNAPSHOT),
    'next-row-id': formatVersion >= 3 ? metadata.nextRowId : undefined,
    'encryption-keys': metadata.encryptionKeys.length > 0 ? metadata.encryptionKeys : undefined,
    refs: refsToJson(metadata.refs),
    snapshots: metadata.snapshots.map(snapshotToJson),
    statistics: metadata.statistics.map((file) => file.json),
    'partition-statistics': metadata.partitionStatistics.map((file) => file.json),
    'snapshot-log': metadata.snapshotLog.map(snapshotLogEntryToJson),
    'metadata-log': metadata.metadataLog.map((entry) =>
      jsonObject({ 'timestamp-ms': entry.timestampMs, 'metadata-file': entry.metadataFile }),
    ),
    ...metadata.unknown,
  })
}

const knownFields = new Set([
  'format-version',
  'table-uuid',
  'location',
  'last-sequence-number',
  'last-updated-ms',
  'last-column-id',
  'schema',
  'current-schema-id',
  'schemas',
  'partition-spec',
  'default-spec-id',
  'partition-specs',
  'last-partition-id',
  'default-sort-order-id',
  'sort-orders',
  'properties',
  'current-snapshot-id',
  'next-row-id',
  'encryption-keys',
  'refs',
  'snapshots',
  'statistics',
  'partition-statistics',
  'snapshot-log',
  'metadata-log',
])

const what = 'table metadata'

/** Reads parsed metadata JSON and checks every rule that reading rests on. */
export function tableMetadataFromJson(json: JsonValue): TableMetadata {
  const object = asJsonObject(json, what)
  const formatVersion = formatVersionOf(object)
  const tableUuid = optional(object, 'table-uuid', asString, what)
  const currentSnapshotId = currentSnapshotIdOf(object)
  const unknown = unknownFields(object, knownFields)
  const { schemas, currentSchemaId } = schemasOf(object, formatVersion)
  const { partitionSpecs, defaultSpecId } = partitionSpecsOf(object, formatVersion)
  const metadata: TableMetadata = {
    formatVersion,
    ...(tableUuid === undefined ? {} : { tableUuid }),
    location: stripTrailingSlash(required(object, 'location', asString, what)),
    lastSequenceNumber: formatVersion === 1 ? 0n : required(object, 'last-sequence-number', asLong, what),
    lastUpdatedMs: required(object, 'last-updated-ms', asTimestampMs, what),
    lastColumnId: lastColumnIdOf(object, schemas),
    schemas,
    currentSchemaId,
    partitionSpecs,
    defaultSpecId,
    lastPartitionId: lastPartitionIdOf(object, partitionSpecs, formatVersion),
    ...sortOrdersOf(object, formatVersion),
    properties: optional(object, 'properties', asStringMap, what) ?? Object.create(null),
    ...(currentSnapshotId === undefined ? {} : { currentSnapshotId }),
    snapshots: optional(object, 'snapshots', listOf(snapshotFromJson), what) ?? [],
    snapshotLog: optional(object, 'snapshot-log', listOf(snapshotLogEntry), what) ?? [],
    metadataLog: optional(object, 'metadata-log', listOf(metadataLogEntry), what) ?? [],
    refs: refsOf(object, currentSnapshotId),
    nextRowId: formatVersion >= 3 ? required(object, 'next-row-id', asLong, what) : 0n,
    statistics: optional(object, 'statistics', listOf(statisticsFileFromJson), what) ?? [],
    partitionStatistics: optional(object, 'partition-statistics', listOf(statisticsFileFromJson), what) ?? [],
    encryptionKeys: optional(object, 'encryption-keys', listOf(encryptionKeyFromJson), what) ?? [],
    ...(unknown === undefined ? {} : { unknown }),
  }
  const problem = findMetadataProblem(metadata)
  if (problem !== undefined) throw invalidData(problem.message, { rule: problem.rule })
  return metadata
}

/** An entry of `statistics` or `partition-statistics`: carried whole, its snapshot known. Throws INVALID_DATA. */
export function statisticsFileFromJson(json: JsonValue): StatisticsFile {
  const object = asJsonObject(json, 'statistics file')
  return { snapshotId: required(object, 'snapshot-id', asLong, 'statistics file'), json: object }
}

/** An encryption key: carried whole, its id checked. Throws INVALID_DATA. */
export function encryptionKeyFromJson(json: JsonValue): JsonObject {
  const object = asJsonObject(json, 'encryption key')
  required(object, 'key-id', asString, 'encryption key')
  return object
}

function unzipped(bytes: Uint8Array): Uint8Array {
  if (bytes.length > readLimits().metadataBytes) throw overLimit('metadata', 'metadataBytes')
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: readLimits().metadataBytes })
  } catch (error) {
    if (isTooMuch(error)) throw overLimit('gzip metadata', 'metadataBytes')
    throw invalidData(
      `not a gzip file: ${messageOf(error)}`,
      { rule: 'Naming for GZIP compressed Metadata JSON files' },
      error,
    )
  }
}

function formatVersionOf(object: JsonObject): FormatVersion {
  const version = required(object, 'format-version', asInt, what)
  if (version > 3) {
    throw unsupported(`Iceberg format version ${version} is not supported; versions 1 to 3 are`, { version })
  }
  if (version < 1) throw missing(`format-version must be 1, 2 or 3, found ${version}`)
  return version as FormatVersion
}

function currentSnapshotIdOf(object: JsonObject): bigint | undefined {
  const id = optional(object, 'current-snapshot-id', asLong, what)
  return id === NO_SNAPSHOT ? undefined : id
}

function schemasOf(
  object: JsonObject,
  formatVersion: FormatVersion,
): { schemas: readonly Schema[]; currentSchemaId: number } {
  const schemas = optional(object, 'schemas', listOf(schemaFromJson), what)
  if (schemas !== undefined) {
    return { schemas, currentSchemaId: required(object, 'current-schema-id', asInt, what) }
  }
  if (formatVersion > 1) throw missing(`schemas is required in format version ${formatVersion}`)
  const schema = schemaFromJson(asJsonObject(object['schema'], "table metadata: 'schema'"))
  return { schemas: [schema], currentSchemaId: schema.schemaId }
}

/** Raised to the ids in use: a new column must never take the id of another, whatever the file says. */
function lastColumnIdOf(object: JsonObject, schemas: readonly Schema[]): number {
  return Math.max(required(object, 'last-column-id', asInt, what), ...schemas.map(highestFieldId))
}

function partitionSpecsOf(
  object: JsonObject,
  formatVersion: FormatVersion,
): { partitionSpecs: readonly PartitionSpec[]; defaultSpecId: number } {
  const partitionSpecs = optional(object, 'partition-specs', listOf(partitionSpecFromJson), what)
  if (partitionSpecs !== undefined) {
    return { partitionSpecs, defaultSpecId: required(object, 'default-spec-id', asInt, what) }
  }
  if (formatVersion > 1) throw missing(`partition-specs is required in format version ${formatVersion}`)
  const fields = partitionFieldsFromJson(
    asJsonArray(object['partition-spec'], "table metadata: 'partition-spec'"),
  )
  return { partitionSpecs: [{ specId: 0, fields }], defaultSpecId: 0 }
}

/** Raised to the ids in use, as `last-column-id`. */
function lastPartitionIdOf(
  object: JsonObject,
  specs: readonly PartitionSpec[],
  formatVersion: FormatVersion,
): number {
  const stored = optional(object, 'last-partition-id', asInt, what)
  if (stored === undefined && formatVersion > 1) {
    throw missing(`last-partition-id is required in format version ${formatVersion}`)
  }
  const used = specs.flatMap((spec) => spec.fields.map((field) => field.fieldId))
  return Math.max(stored ?? LAST_UNASSIGNED_PARTITION_ID, ...used)
}

function sortOrdersOf(
  object: JsonObject,
  formatVersion: FormatVersion,
): { sortOrders: readonly SortOrder[]; defaultSortOrderId: number } {
  const sortOrders = optional(object, 'sort-orders', listOf(sortOrderFromJson), what)
  if (sortOrders === undefined) {
    if (formatVersion > 1) throw missing(`sort-orders is required in format version ${formatVersion}`)
    return { sortOrders: [unsortedOrder], defaultSortOrderId: 0 }
  }
  const defaultSortOrderId = required(object, 'default-sort-order-id', asInt, what)
  const listed = sortOrders.some((order) => order.orderId === defaultSortOrderId)
  // Order 0 is unsorted by definition; some writers do not list it.
  if (!listed && defaultSortOrderId === 0)
    return { sortOrders: [...sortOrders, unsortedOrder], defaultSortOrderId }
  return { sortOrders, defaultSortOrderId }
}

function refsOf(object: JsonObject, currentSnapshotId: bigint | undefined): ReadonlyMap<string, SnapshotRef> {
  const refs = new Map<string, SnapshotRef>()
  for (const [name, json] of Object.entries(optional(object, 'refs', asJsonObject, what) ?? {})) {
    refs.set(name, snapshotRefFromJson(json))
  }
  if (!refs.has(MAIN_BRANCH) && currentSnapshotId !== undefined) {
    refs.set(MAIN_BRANCH, { type: 'branch', snapshotId: currentSnapshotId })
  }
  return refs
}

function refsToJson(refs: ReadonlyMap<string, SnapshotRef>): JsonObject {
  const json: Record<string, JsonValue> = Object.create(null)
  for (const [name, ref] of refs) json[name] = snapshotRefToJson(ref)
  return json
}

function snapshotLogEntryToJson({ timestampMs, snapshotId }: SnapshotLogEntry): JsonObject {
  return jsonObject({ 'timestamp-ms': timestampMs, 'snapshot-id': snapshotId })
}

function snapshotLogEntry(json: JsonValue, entry: string): SnapshotLogEntry {
  const object = asJsonObject(json, entry)
  return {
    timestampMs: required(object, 'timestamp-ms', asTimestampMs, entry),
    snapshotId: required(object, 'snapshot-id', asLong, entry),
  }
}

function metadataLogEntry(json: JsonValue, entry: string): MetadataLogEntry {
  const object = asJsonObject(json, entry)
  return {
    timestampMs: required(object, 'timestamp-ms', asTimestampMs, entry),
    metadataFile: required(object, 'metadata-file', asString, entry),
  }
}

function missing(message: string) {
  return invalidData(message, { rule: 'Table Metadata Fields' })
}
