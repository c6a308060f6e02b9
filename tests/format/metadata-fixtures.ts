/** Small metadata files of each format version, as JSON, in the shapes that writers of that version leave. */
import { type JsonObject, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { decodeTableMetadata } from '../../format/table-metadata-json.ts'

/** As the first v1 writers left it: no lists of schemas and specs, no field ids of partitions, no UUID. */
export const oldV1 = `{
  "format-version": 1,
  "location": "file:/warehouse/t/",
  "last-updated-ms": 1600000000000,
  "last-column-id": 3,
  "schema": {"type": "struct", "fields": [
    {"id": 1, "name": "id", "required": true, "type": "long"},
    {"id": 2, "name": "day", "required": false, "type": "date"},
    {"id": 3, "name": "price", "required": false, "type": "decimal(9,2)", "doc": "in cents"}]},
  "partition-spec": [
    {"name": "id_bucket", "transform": "bucket[16]", "source-id": 1},
    {"name": "day", "transform": "identity", "source-id": 2}],
  "properties": {"owner": "ada"},
  "current-snapshot-id": 3051729675574597004,
  "snapshots": [
    {"snapshot-id": 3051729675574597004, "timestamp-ms": 1600000000000, "manifests": ["file:/warehouse/t/m1.avro"]}],
  "snapshot-log": [{"timestamp-ms": 1600000000000, "snapshot-id": 3051729675574597004}],
  "metadata-log": []
}`

export const v2 = `{
  "format-version": 2,
  "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
  "location": "s3://bucket/t",
  "last-sequence-number": 34,
  "last-updated-ms": 1700000002000,
  "last-column-id": 12,
  "current-schema-id": 1,
  "schemas": [
    {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "required": true, "type": "long"}]},
    {"type": "struct", "schema-id": 1, "identifier-field-ids": [1], "fields": [
      {"id": 1, "name": "id", "required": true, "type": "long"},
      {"id": 2, "name": "__proto__", "required": false, "type": "string"},
      {"id": 3, "name": "s", "required": false, "type": {"type": "struct", "fields": [
        {"id": 4, "name": "a.b", "required": false, "type": "timestamptz"},
        {"id": 5, "name": "f", "required": true, "type": "fixed[16]"}]}},
      {"id": 6, "name": "l", "required": false, "type":
        {"type": "list", "element-id": 7, "element": "uuid", "element-required": true}},
      {"id": 8, "name": "m", "required": false, "type":
        {"type": "map", "key-id": 9, "key": "string", "value-id": 10, "value": "double", "value-required": false}}]}],
  "default-spec-id": 0,
  "partition-specs": [{"spec-id": 0, "fields": [
    {"name": "ts_day", "transform": "day", "source-id": 4, "field-id": 1000},
    {"name": "id_zorder", "transform": "zorder[2]", "source-id": 1, "field-id": 1001}]}],
  "last-partition-id": 1001,
  "default-sort-order-id": 3,
  "sort-orders": [{"order-id": 3, "fields": [
    {"transform": "identity", "source-id": 1, "direction": "desc", "null-order": "nulls-last"}]}],
  "properties": {"__proto__": "kept", "commit.retry.num-retries": "1"},
  "current-snapshot-id": 9007199254740993,
  "refs": {
    "main": {"snapshot-id": 9007199254740993, "type": "branch"},
    "__proto__": {"snapshot-id": 9007199254740992, "type": "tag", "max-ref-age-ms": 9223372036854775807},
    "audit": {"snapshot-id": 9007199254740992, "type": "branch", "min-snapshots-to-keep": 2,
      "max-snapshot-age-ms": 1000, "x-ref": 9007199254740995}},
  "snapshots": [
    {"sequence-number": 33, "snapshot-id": 9007199254740992, "timestamp-ms": 1700000001000,
      "summary": {"operation": "append", "__proto__": "kept"}, "manifest-list": "s3://bucket/t/s1.avro",
      "schema-id": 0},
    {"sequence-number": 34, "snapshot-id": 9007199254740993, "parent-snapshot-id": 9007199254740992,
      "timestamp-ms": 1700000002000, "summary": {"operation": "overwrite"},
      "manifest-list": "s3://bucket/t/s2.avro", "schema-id": 1, "x-snapshot": {"deep": [9223372036854775807]}}],
  "statistics": [{"snapshot-id": 9007199254740993, "statistics-path": "s3://bucket/t/x.puffin",
    "file-size-in-bytes": 413, "file-footer-size-in-bytes": 42, "blob-metadata": []}],
  "partition-statistics": [],
  "snapshot-log": [
    {"timestamp-ms": 1700000001000, "snapshot-id": 9007199254740992},
    {"timestamp-ms": 1700000002000, "snapshot-id": 9007199254740993}],
  "metadata-log": [{"timestamp-ms": 1700000001000, "metadata-file": "s3://bucket/t/v1.metadata.json"}],
  "x-top": {"int64": 9223372036854775807, "__proto__": null}
}`

export const v3 = `{
  "format-version": 3,
  "table-uuid": "11111111-2222-4333-8444-555555555555",
  "location": "s3://bucket/t3",
  "last-sequence-number": 1,
  "last-updated-ms": 1700000002000,
  "last-column-id": 6,
  "current-schema-id": 0,
  "schemas": [{"type": "struct", "schema-id": 0, "fields": [
    {"id": 1, "name": "id", "required": true, "type": "long", "initial-default": 9007199254740993,
      "write-default": 5},
    {"id": 2, "name": "n", "required": false, "type": "timestamp_ns",
      "initial-default": "2026-11-21T22:31:08.123456789"},
    {"id": 3, "name": "v", "required": false, "type": "variant"},
    {"id": 4, "name": "u", "required": false, "type": "unknown"},
    {"id": 5, "name": "g", "required": false, "type": "geometry(srid:4326)"},
    {"id": 6, "name": "h", "required": false, "type": "geography(OGC:CRS84, vincenty)"}]}],
  "default-spec-id": 0,
  "partition-specs": [{"spec-id": 0, "fields": []}],
  "last-partition-id": 999,
  "default-sort-order-id": 0,
  "sort-orders": [{"order-id": 0, "fields": []}],
  "properties": {},
  "current-snapshot-id": 7,
  "next-row-id": 9223372036854775000,
  "encryption-keys": [{"key-id": "k1", "encrypted-key-metadata": "aWNlYmVyZwo=", "properties": {"a": "b"}}],
  "refs": {"main": {"snapshot-id": 7, "type": "branch"}},
  "snapshots": [{"sequence-number": 1, "snapshot-id": 7, "timestamp-ms": 1700000002000,
    "summary": {"operation": "append"}, "manifest-list": "s3://bucket/t3/s.avro", "schema-id": 0,
    "first-row-id": 0, "added-rows": 9223372036854775000, "key-id": "k1"}],
  "statistics": [],
  "partition-statistics": [],
  "snapshot-log": [{"timestamp-ms": 1700000002000, "snapshot-id": 7}],
  "metadata-log": []
}`

export function decode(text: string): TableMetadata {
  return decodeTableMetadata(new TextEncoder().encode(text), 'memory://t/v1.metadata.json')
}

/** The text with some top-level fields replaced; undefined removes one. */
export function edited(text: string, fields: Readonly<Record<string, unknown>>): string {
  const object: Record<string, unknown> = { ...(parseJson(text) as JsonObject) }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) delete object[key]
    else object[key] = value
  }
  return stringifyJson(object as JsonObject)
}
