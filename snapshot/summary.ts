/** Snapshot summaries (spec: Appendix F, "Optional Snapshot Summary Fields"). Pure. */
import { invalidArgument } from '../format/errors.ts'
import type { DataFile } from '../format/manifest.ts'
import { partitionPath } from '../format/partition-path.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { readProperty } from '../format/table-properties.ts'
import { COMMIT_BRANCH, COMMIT_ID } from './commit-id.ts'
import { specInSchema } from './manifests.ts'

/** Files that a change adds; what it removes joins when something removes. */
export interface SummaryInput {
  readonly metadata: TableMetadata
  readonly added: readonly DataFile[]
  /** Manifests that the snapshot brought, took over, and took the place of. */
  readonly manifests: { readonly created: number; readonly kept: number; readonly replaced: number }
  /** The parent's summary, or undefined for a table's first snapshot. */
  readonly parent: Readonly<Record<string, string>> | undefined
  /** Entries of the caller and of the engine; they never override the counts. */
  readonly extra: Readonly<Record<string, string>>
}

/** The summary without its `operation`. A total is left out when the parent does not tell its own. */
export function buildSummary({
  metadata,
  added,
  manifests,
  parent,
  extra,
}: SummaryInput): Record<string, string> {
  const partitions = countByPartition(metadata, added)
  const counts = noFiles()
  for (const partition of partitions.values()) addCounts(counts, partition)
  const summary: Record<string, string> = Object.assign(Object.create(null), extra)
  Object.assign(summary, textOf(counts))
  summary['changed-partition-count'] = String(partitions.size)
  if (partitions.size <= readProperty(metadata.properties, 'write.summary.partition-limit')) {
    putPartitions(summary, partitions)
  }
  summary['manifests-created'] = String(manifests.created)
  summary['manifests-kept'] = String(manifests.kept)
  summary['manifests-replaced'] = String(manifests.replaced)
  total(summary, parent, 'total-records', counts.records)
  total(summary, parent, 'total-files-size', counts.size)
  total(summary, parent, 'total-data-files', counts.files)
  total(summary, parent, 'total-delete-files', 0n)
  total(summary, parent, 'total-position-deletes', 0n)
  total(summary, parent, 'total-equality-deletes', 0n)
  return summary
}

interface Counts {
  files: bigint
  records: bigint
  size: bigint
}

const noFiles = (): Counts => ({ files: 0n, records: 0n, size: 0n })

function addCounts(to: Counts, { files, records, size }: Counts): void {
  to.files += files
  to.records += records
  to.size += size
}

/** By the path of the partition, as Iceberg Java counts; the empty path where there are no partitions. */
function countByPartition(metadata: TableMetadata, files: readonly DataFile[]): Map<string, Counts> {
  const partitions = new Map<string, Counts>()
  const specs = new Map(
    metadata.partitionSpecs.map(({ specId }) => [specId, specInSchema(metadata, specId)!]),
  )
  for (const { specId, partition, recordCount, fileSizeInBytes } of files) {
    const { spec, schema } = specs.get(specId)!
    const path = partitionPath(spec, schema, partition)
    const counts = partitions.get(path) ?? noFiles()
    addCounts(counts, { files: 1n, records: recordCount, size: fileSizeInBytes })
    partitions.set(path, counts)
  }
  return partitions
}

function textOf(counts: Counts): Record<string, string> {
  const texts: Record<string, string> = {}
  put(texts, 'added-data-files', counts.files)
  put(texts, 'added-records', counts.records)
  put(texts, 'added-files-size', counts.size)
  return texts
}

function putPartitions(summary: Record<string, string>, partitions: ReadonlyMap<string, Counts>): void {
  if (partitions.size > 0) summary['partition-summaries-included'] = 'true'
  for (const [path, counts] of partitions) {
    if (path === '') continue
    const parts = Object.entries(textOf(counts)).map(([key, value]) => `${key}=${value}`)
    summary[`partitions.${path}`] = parts.join(',')
  }
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
  /^(operation|changed-partition-count|partition-summaries-included|(added|deleted|removed|total|manifests)-.*|partitions\..*)$/

/** Throws INVALID_ARGUMENT for an entry that only the commit itself may write. */
export function checkExtraSummary(extra: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(extra)) {
    if (OWNED.test(key) || key === COMMIT_ID || key === COMMIT_BRANCH) {
      throw invalidArgument(`summary: '${key}' is written by the commit itself`, { key })
    }
    if (typeof value !== 'string')
      throw invalidArgument(`summary: expected text for '${key}', found ${typeof value}`, { key })
  }
}
