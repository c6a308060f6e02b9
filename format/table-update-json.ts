/** Table updates as the REST spec's JSON (rest-catalog-open-api.yaml, `TableUpdate`). */
import { invalidArgument } from './errors.ts'
import {
  asInt,
  asJsonObject,
  asLong,
  asString,
  asStringMap,
  jsonObject,
  listOf,
  optional,
  required,
} from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import { newPartitionSpecFromJson, partitionSpecToJson } from './partition-spec-json.ts'
import { schemaFromJson, schemaToJson } from './schema-json.ts'
import { snapshotFromJson, snapshotRefFromJson, snapshotRefToJson, snapshotToJson } from './snapshot-json.ts'
import { sortOrderFromJson, sortOrderToJson } from './sort-order-json.ts'
import { encryptionKeyFromJson, statisticsFileFromJson } from './table-metadata-json.ts'
import type { TableUpdate } from './table-update.ts'

export function tableUpdateToJson(update: TableUpdate): JsonObject {
  return jsonObject({ action: update.action, ...fieldsOf(update) })
}

/** Reads an update. Throws INVALID_DATA for a malformed one, INVALID_ARGUMENT for an action that is not known. */
export function tableUpdateFromJson(json: JsonValue): TableUpdate {
  const object = asJsonObject(json, 'table update')
  const text = required(object, 'action', asString, 'table update')
  const action = text.toLowerCase()
  const read = Object.hasOwn(readers, action) ? readers[action as TableUpdate['action']] : undefined
  if (read === undefined) throw invalidArgument(`unknown table update '${text.slice(0, 80)}'`)
  return read(object, `update ${action}`)
}

function fieldsOf(update: TableUpdate): Record<string, JsonValue | undefined> {
  switch (update.action) {
    case 'assign-uuid':
      return { uuid: update.uuid }
    case 'upgrade-format-version':
      return { 'format-version': update.formatVersion }
    case 'add-schema':
      return { schema: schemaToJson(update.schema), 'last-column-id': update.lastColumnId }
    case 'set-current-schema':
      return { 'schema-id': update.schemaId }
    case 'add-spec':
      return { spec: partitionSpecToJson(update.spec) }
    case 'set-default-spec':
      return { 'spec-id': update.specId }
    case 'add-sort-order':
      return { 'sort-order': sortOrderToJson(update.sortOrder) }
    case 'set-default-sort-order':
      return { 'sort-order-id': update.sortOrderId }
    case 'add-snapshot':
      return { snapshot: snapshotToJson(update.snapshot) }
    case 'set-snapshot-ref':
      return { 'ref-name': update.refName, ...snapshotRefToJson(update.ref) }
    case 'remove-snapshots':
      return { 'snapshot-ids': update.snapshotIds }
    case 'remove-snapshot-ref':
      return { 'ref-name': update.refName }
    case 'set-location':
      return { location: update.location }
    case 'set-properties':
      return { updates: update.updates }
    case 'remove-properties':
      return { removals: update.removals }
    case 'set-statistics':
      return { 'snapshot-id': update.statistics.snapshotId, statistics: update.statistics.json }
    case 'set-partition-statistics':
      return { 'partition-statistics': update.partitionStatistics.json }
    case 'remove-statistics':
    case 'remove-partition-statistics':
      return { 'snapshot-id': update.snapshotId }
    case 'remove-partition-specs':
      return { 'spec-ids': update.specIds }
    case 'remove-schemas':
      return { 'schema-ids': update.schemaIds }
    case 'add-encryption-key':
      return { 'encryption-key': update.encryptionKey }
    case 'remove-encryption-key':
      return { 'key-id': update.keyId }
  }
}

type Reader<A extends TableUpdate['action']> = (
  object: JsonObject,
  what: string,
) => Extract<TableUpdate, { readonly action: A }>

const readers: { readonly [A in TableUpdate['action']]: Reader<A> } = {
  'assign-uuid': (object, what) => ({
    action: 'assign-uuid',
    uuid: required(object, 'uuid', asString, what),
  }),
  'upgrade-format-version': (object, what) => ({
    action: 'upgrade-format-version',
    formatVersion: required(object, 'format-version', asInt, what),
  }),
  'add-schema': (object, what) => {
    const lastColumnId = optional(object, 'last-column-id', asInt, what)
    return {
      action: 'add-schema',
      schema: schemaFromJson(required(object, 'schema', asJsonObject, what)),
      ...(lastColumnId === undefined ? {} : { lastColumnId }),
    }
  },
  'set-current-schema': (object, what) => ({
    action: 'set-current-schema',
    schemaId: required(object, 'schema-id', asInt, what),
  }),
  'add-spec': (object, what) => ({
    action: 'add-spec',
    spec: newPartitionSpecFromJson(required(object, 'spec', asJsonObject, what)),
  }),
  'set-default-spec': (object, what) => ({
    action: 'set-default-spec',
    specId: required(object, 'spec-id', asInt, what),
  }),
  'add-sort-order': (object, what) => ({
    action: 'add-sort-order',
    sortOrder: sortOrderFromJson(required(object, 'sort-order', asJsonObject, what)),
  }),
  'set-default-sort-order': (object, what) => ({
    action: 'set-default-sort-order',
    sortOrderId: required(object, 'sort-order-id', asInt, what),
  }),
  'add-snapshot': (object, what) => ({
    action: 'add-snapshot',
    snapshot: snapshotFromJson(required(object, 'snapshot', asJsonObject, what)),
  }),
  'set-snapshot-ref': (object, what) => ({
    action: 'set-snapshot-ref',
    refName: required(object, 'ref-name', asString, what),
    ref: snapshotRefFromJson(object, ['action', 'ref-name']),
  }),
  'remove-snapshots': (object, what) => ({
    action: 'remove-snapshots',
    snapshotIds: required(object, 'snapshot-ids', listOf(asLong), what),
  }),
  'remove-snapshot-ref': (object, what) => ({
    action: 'remove-snapshot-ref',
    refName: required(object, 'ref-name', asString, what),
  }),
  'set-location': (object, what) => ({
    action: 'set-location',
    location: required(object, 'location', asString, what),
  }),
  // Iceberg Java once wrote `updated` and `removed`; it reads them still.
  'set-properties': (object, what) => ({
    action: 'set-properties',
    updates: optional(object, 'updates', asStringMap, what) ?? required(object, 'updated', asStringMap, what),
  }),
  'remove-properties': (object, what) => ({
    action: 'remove-properties',
    removals:
      optional(object, 'removals', listOf(asString), what) ??
      required(object, 'removed', listOf(asString), what),
  }),
  'set-statistics': (object, what) => ({
    action: 'set-statistics',
    statistics: statisticsFileFromJson(required(object, 'statistics', asJsonObject, what)),
  }),
  'remove-statistics': (object, what) => ({
    action: 'remove-statistics',
    snapshotId: required(object, 'snapshot-id', asLong, what),
  }),
  'set-partition-statistics': (object, what) => ({
    action: 'set-partition-statistics',
    partitionStatistics: statisticsFileFromJson(required(object, 'partition-statistics', asJsonObject, what)),
  }),
  'remove-partition-statistics': (object, what) => ({
    action: 'remove-partition-statistics',
    snapshotId: required(object, 'snapshot-id', asLong, what),
  }),
  'remove-partition-specs': (object, what) => ({
    action: 'remove-partition-specs',
    specIds: required(object, 'spec-ids', listOf(asInt), what),
  }),
  'remove-schemas': (object, what) => ({
    action: 'remove-schemas',
    schemaIds: required(object, 'schema-ids', listOf(asInt), what),
  }),
  'add-encryption-key': (object, what) => ({
    action: 'add-encryption-key',
    encryptionKey: encryptionKeyFromJson(required(object, 'encryption-key', asJsonObject, what)),
  }),
  'remove-encryption-key': (object, what) => ({
    action: 'remove-encryption-key',
    keyId: required(object, 'key-id', asString, what),
  }),
}
