/**
 * How far sources were written to a branch: what a stream resumes from. Each commit of a sink says it of all sources, in
 * the snapshot's summary and, for when old snapshots have expired, in a property of the table
 * (docs/decisions/sink.md). Pure.
 */
import { invalidData } from '../format/errors.ts'
import { type JsonValue, parseJson, stringifyJson } from '../format/lossless-json.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import type { TableUpdate } from '../format/table-update.ts'
import { ancestors } from './timeline.ts'

/** By source, its last committed offset, as text. */
export type Offsets = ReadonlyMap<string, string>

/**
 * The offsets that the branch's rows are at: those of the nearest snapshot that says them, so that a rollback takes
 * them back too. Throws INVALID_DATA for what no sink wrote.
 */
export function committedOffsets(metadata: TableMetadata, branch: string): Offsets {
  const text = offsetsAt(metadata, branch, metadata.refs.get(branch)?.snapshotId)
  return text === undefined ? new Map() : parseOffsets(text, `'${offsetsKey(branch)}'`)
}

/** The same as they are stored, of a branch whose head is that snapshot; undefined where there are none. */
export function offsetsAt(
  metadata: TableMetadata,
  branch: string,
  head: bigint | undefined,
): string | undefined {
  if (head === undefined) return undefined
  const key = offsetsKey(branch)
  let oldest: bigint | undefined
  for (const { summary, parentSnapshotId } of ancestors(metadata, head)) {
    if (summary[key] !== undefined) return summary[key]
    oldest = parentSnapshotId
  }
  // Else the whole history is there, and no sink in it.
  return oldest === undefined ? undefined : metadata.properties[key]
}

/** For the summary of every commit to the branch: however much of the history expires, its head says them. */
export function carriedOffsets(metadata: TableMetadata, branch: string): Readonly<Record<string, string>> {
  const key = offsetsKey(branch)
  // Sinks set the property too: without it there is no history to go through.
  if (metadata.properties[key] === undefined) return {}
  const text = offsetsAt(metadata, branch, metadata.refs.get(branch)?.snapshotId)
  return text === undefined ? {} : { [key]: text }
}

/** Where a branch is moved, its property says what the rows that it has then are at. */
export function offsetsUpdates(
  metadata: TableMetadata,
  branch: string,
  head: bigint,
): readonly TableUpdate[] {
  const key = offsetsKey(branch)
  const text = offsetsAt(metadata, branch, head)
  if (text === metadata.properties[key]) return []
  return text === undefined
    ? [{ action: 'remove-properties', removals: [key] }]
    : [{ action: 'set-properties', updates: { [key]: text } }]
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
