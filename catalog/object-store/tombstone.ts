/**
 * The tombstone: what a drop claims the next version with, so that no commit can follow. It tells whoever finds it
 * how to finish the drop.
 */
import type { JsonObject, JsonValue } from '../../format/lossless-json.ts'
import { parseJson, stringifyJson } from '../../format/lossless-json.ts'
import type { DropRecord } from './context.ts'
import { versionOfName } from './layout.ts'

export interface Tombstone {
  readonly tableUuid?: string
  /** The file name of the version before. */
  readonly lastName: string
  readonly purge: boolean
  readonly droppedAtMs: number
  /** Makes the body unlike that of any other drop. */
  readonly dropId: string
}

/** No tombstone is larger, and no real metadata is as small as most tombstones are. */
export const MAX_TOMBSTONE_BYTES = 1024

const KEY = 'moraine-dropped-table'

export function encodeTombstone({ tableUuid, lastName, purge, droppedAtMs, dropId }: Tombstone): Uint8Array {
  const body = {
    'last-metadata': lastName,
    purge,
    'dropped-at-ms': droppedAtMs,
    'drop-id': dropId,
    ...(tableUuid === undefined ? {} : { 'table-uuid': tableUuid }),
  }
  return new TextEncoder().encode(stringifyJson({ [KEY]: body }))
}

/** Undefined for anything else than a tombstone. */
export function decodeTombstone(bytes: Uint8Array): Tombstone | undefined {
  const body = asObject(asObject(parsedOrNull(bytes))?.[KEY])
  if (body === undefined) return undefined
  const { 'table-uuid': tableUuid, 'last-metadata': lastName, purge } = body
  const { 'dropped-at-ms': droppedAtMs, 'drop-id': dropId } = body
  if (typeof lastName !== 'string' || versionOfName(lastName) === undefined) return undefined
  if (typeof purge !== 'boolean') return undefined
  if (typeof droppedAtMs !== 'number' || typeof dropId !== 'string') return undefined
  return { lastName, purge, droppedAtMs, dropId, ...(typeof tableUuid === 'string' ? { tableUuid } : {}) }
}

/** What the drop log says of this tombstone's drop. */
export function recordOf({ tableUuid, purge }: Tombstone, version: number): DropRecord {
  return { version, purge, ...(tableUuid === undefined ? {} : { tableUuid }) }
}

function parsedOrNull(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch {
    return null
  }
}

function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}
