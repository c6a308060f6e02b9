/**
 * How far sources were written to a branch: what a stream resumes from. Each commit of a sink says it of all sources, in
 * the snapshot's summary and, for when old snapshots have expired, in a property of the table
 * (docs/decisions/sink.md). Pure.
 */
import { invalidData } from '../format/errors.ts'
import { type JsonValue, parseJson, stringifyJson } from '../format/lossless-json.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { ancestors } from './timeline.ts'

/** By source, its last committed offset, as text. */
export type Offsets = ReadonlyMap<string, string>

/**
 * The offsets that the branch's rows are at: those of the nearest snapshot that says them, so that a rollback takes
 * them back too. Throws INVALID_DATA for what no sink wrote.
 */
export function committedOffsets(metadata: TableMetadata, branch: string): Offsets {
  const key = offsetsKey(branch)
  const head = metadata.refs.get(branch)
  if (head === undefined) return new Map()
  let oldest: bigint | undefined
  for (const { summary, snapshotId, parentSnapshotId } of ancestors(metadata, head.snapshotId)) {
    if (summary[key] !== undefined) return parseOffsets(summary[key], `snapshot ${snapshotId}`)
    oldest = parentSnapshotId
  }
  // The whole history is there, and no sink in it.
  if (oldest === undefined) return new Map()
  const property = metadata.properties[key]
  return property === undefined ? new Map() : parseOffsets(property, `the property '${key}'`)
}

/** Under which name offsets stand, in summaries and properties. */
export function offsetsKey(branch: string): string {
  return `moraine.offsets.${branch}`
}

export function offsetsToText(offsets: Offsets): string {
  return stringifyJson([...offsets].map(([source, offset]) => [source, offset]))
}

function parseOffsets(text: string, where: string): Offsets {
  const offsets = new Map<string, string>()
  const json = parseJson(text)
  if (!Array.isArray(json)) throw malformed(where)
  for (const pair of json as readonly JsonValue[]) {
    const [source, offset] = Array.isArray(pair) ? pair : []
    if (typeof source !== 'string' || typeof offset !== 'string') throw malformed(where)
    offsets.set(source, offset)
  }
  return offsets
}

function malformed(where: string): Error {
  return invalidData(`${where}: expected offsets as [["source", "offset"], …]`)
}
