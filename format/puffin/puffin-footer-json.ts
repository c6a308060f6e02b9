import { invalidData } from '../errors.ts'
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
} from '../json-fields.ts'
import type { JsonObject, JsonValue } from '../lossless-json.ts'

/** What a Puffin footer tells (spec: "FileMetadata"). */
export interface PuffinFooter {
  readonly blobs: readonly PuffinBlob[]
  /** Null prototype when read. */
  readonly properties: Readonly<Record<string, string>>
}

/** A blob's line in a Puffin footer (spec: "BlobMetadata"). */
export interface PuffinBlob {
  readonly type: string
  /** Field ids that the blob was computed for, in order. */
  readonly fields: readonly number[]
  /** −1 for deletion vectors, which are written before their snapshot is known. */
  readonly snapshotId: bigint
  readonly sequenceNumber: bigint
  /** Where the blob lies in the file, bytes. */
  readonly offset: number
  readonly length: number
  /** `lz4` or `zstd`; absent when not compressed. */
  readonly compressionCodec?: string
  /** Null prototype when read. */
  readonly properties: Readonly<Record<string, string>>
}

export function puffinFooterToJson({ blobs, properties }: PuffinFooter): JsonObject {
  return jsonObject({ blobs: blobs.map(blobToJson), properties: nonEmpty(properties) })
}

/** Reads a footer whose blobs must lie in the `end` bytes in front of it, behind the magic. Errors: `INVALID_DATA`. */
export function puffinFooterFromJson(json: JsonValue, end: number): PuffinFooter {
  const what = 'Puffin footer'
  const object = asJsonObject(json, what)
  return {
    blobs: required(object, 'blobs', listOf(blobReader(end)), what),
    properties: optional(object, 'properties', asStringMap, what) ?? Object.create(null),
  }
}

function blobToJson(blob: PuffinBlob): JsonObject {
  return jsonObject({
    type: blob.type,
    fields: blob.fields,
    'snapshot-id': blob.snapshotId,
    'sequence-number': blob.sequenceNumber,
    offset: blob.offset,
    length: blob.length,
    'compression-codec': blob.compressionCodec,
    properties: nonEmpty(blob.properties),
  })
}

const MAGIC_LENGTH = 4

function blobReader(end: number) {
  return (json: JsonValue, what: string): PuffinBlob => {
    const object = asJsonObject(json, what)
    const offset = Number(required(object, 'offset', asLong, what))
    const length = Number(required(object, 'length', asLong, what))
    if (offset < MAGIC_LENGTH || length < 0 || offset + length > end) {
      throw invalidData(
        `${what}: expected a blob between ${MAGIC_LENGTH} and ${end}, found ${length} bytes at ${offset}`,
        {
          rule: 'Puffin: BlobMetadata',
        },
      )
    }
    const compressionCodec = optional(object, 'compression-codec', asString, what)
    return {
      type: required(object, 'type', asString, what),
      fields: required(object, 'fields', listOf(asInt), what),
      snapshotId: required(object, 'snapshot-id', asLong, what),
      sequenceNumber: required(object, 'sequence-number', asLong, what),
      offset,
      length,
      ...(compressionCodec === undefined ? {} : { compressionCodec }),
      properties: optional(object, 'properties', asStringMap, what) ?? Object.create(null),
    }
  }
}

function nonEmpty(properties: Readonly<Record<string, string>>): JsonObject | undefined {
  return Object.keys(properties).length === 0 ? undefined : properties
}
