/** Snapshot summaries (spec: Appendix F, "Optional Snapshot Summary Fields"). Pure. */
import { invalidArgument } from '../format/errors.ts'
import type { DataFile } from '../format/manifest.ts'

/** Files that a change adds; what it removes joins when something removes. */
export interface SummaryInput {
  readonly added: readonly DataFile[]
  /** The parent's summary, or undefined for a table's first snapshot. */
  readonly parent: Readonly<Record<string, string>> | undefined
  /** Entries of the caller and of the engine; they never override the counts. */
  readonly extra: Readonly<Record<string, string>>
}

/** The summary without its `operation`. A total is left out when the parent does not tell its own. */
export function buildSummary({ added, parent, extra }: SummaryInput): Record<string, string> {
  const counts = countAdded(added)
  const summary: Record<string, string> = Object.assign(Object.create(null), extra)
  put(summary, 'added-data-files', counts.files)
  put(summary, 'added-records', counts.records)
  put(summary, 'added-files-size', counts.size)
  summary['changed-partition-count'] = String(counts.partitions)
  total(summary, parent, 'total-records', counts.records)
  total(summary, parent, 'total-files-size', counts.size)
  total(summary, parent, 'total-data-files', counts.files)
  total(summary, parent, 'total-delete-files', 0n)
  total(summary, parent, 'total-position-deletes', 0n)
  total(summary, parent, 'total-equality-deletes', 0n)
  return summary
}

function countAdded(files: readonly DataFile[]) {
  let records = 0n
  let size = 0n
  const partitions = new Set<string>()
  for (const file of files) {
    records += file.recordCount
    size += file.fileSizeInBytes
    partitions.add(`${file.specId}/${partitionKey(file)}`)
  }
  return { files: BigInt(files.length), records, size, partitions: partitions.size }
}

function partitionKey(file: DataFile): string {
  return file.partition
    .map((value) =>
      Object.is(value, -0)
        ? '-0'
        : `${typeof value}:${value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)}`,
    )
    .map((text) => `${text.length}:${text}`)
    .join('')
}

function put(summary: Record<string, string>, key: string, value: bigint): void {
  if (value > 0n) summary[key] = value.toString()
}

function total(
  summary: Record<string, string>,
  parent: Readonly<Record<string, string>> | undefined,
  key: string,
  added: bigint,
): void {
  const before = parent === undefined ? '0' : parent[key]
  if (before === undefined || !/^\d{1,18}$/.test(before)) return
  summary[key] = (BigInt(before) + added).toString()
}

/** Names that the counts above own, and `operation`; a caller's entry under one of them would make the summary lie. */
const OWNED =
  /^(operation|changed-partition-count|partition-summaries-included|(added|deleted|removed|total)-.*)$/

/** Throws INVALID_ARGUMENT for an entry that only the commit itself may write. */
export function checkExtraSummary(extra: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(extra)) {
    if (OWNED.test(key)) throw invalidArgument(`summary: '${key}' is written by the commit itself`, { key })
    if (typeof value !== 'string')
      throw invalidArgument(`summary: expected text for '${key}', found ${typeof value}`, { key })
  }
}
