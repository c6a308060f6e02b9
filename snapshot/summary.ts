/** Snapshot summaries (spec: Appendix F, "Optional Snapshot Summary Fields"). Pure. */
import { invalidArgument } from '../format/errors.ts'
import type { DataFile } from '../format/manifest.ts'
import { partitionPath } from '../format/partition-path.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { readProperty } from '../format/table-properties.ts'
import { COMMIT_BRANCH, COMMIT_ID } from './commit-id.ts'
import { FileCounts } from './file-counts.ts'
import { specInSchema } from './manifests.ts'

export interface SummaryInput {
  readonly metadata: TableMetadata
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
  /** Manifests that the snapshot brought, took over, and took the place of. */
  readonly manifests: { readonly created: number; readonly kept: number; readonly replaced: number }
  /** The parent's summary, or undefined for a table's first snapshot. */
  readonly parent: Readonly<Record<string, string>> | undefined
  /** Entries of the caller and of the engine; they never override the counts. */
  readonly extra: Readonly<Record<string, string>>
}

/** The summary without its `operation`. A total is left out when the parent does not tell its own. */
export function buildSummary(input: SummaryInput): Record<string, string> {
  const { metadata, added, removed, manifests, parent, extra } = input
  const partitions = new Map<string, FileCounts>()
  const counts = new FileCounts()
  const pathOf = partitionPaths(metadata)
  const count = (file: DataFile, side: 'added' | 'removed') => {
    const path = pathOf(file)
    const ofPartition = partitions.get(path) ?? new FileCounts()
    partitions.set(path, ofPartition)
    for (const each of [counts, ofPartition]) each[side](file)
  }
  for (const file of added) count(file, 'added')
  for (const file of removed) count(file, 'removed')
  const summary: Record<string, string> = Object.assign(Object.create(null), extra)
  Object.assign(summary, counts.entries())
  summary['changed-partition-count'] = String(partitions.size)
  if (partitions.size <= readProperty(metadata.properties, 'write.summary.partition-limit')) {
    putPartitions(summary, partitions)
  }
  summary['manifests-created'] = String(manifests.created)
  summary['manifests-kept'] = String(manifests.kept)
  summary['manifests-replaced'] = String(manifests.replaced)
  for (const [name, change] of counts.totals()) total(summary, parent, name, change)
  return summary
}

/** By the path of the partition, as Iceberg Java counts; the empty path where there are no partitions. */
function partitionPaths(metadata: TableMetadata): (file: DataFile) => string {
  const specs = new Map(
    metadata.partitionSpecs.map(({ specId }) => [specId, specInSchema(metadata, specId)!]),
  )
  return ({ specId, partition }) => {
    const known = specs.get(specId)
    // Another engine may have removed the spec since.
    return known === undefined ? '' : partitionPath(known.spec, known.schema, partition)
  }
}

function putPartitions(summary: Record<string, string>, partitions: ReadonlyMap<string, FileCounts>): void {
  if (partitions.size > 0) summary['partition-summaries-included'] = 'true'
  for (const [path, counts] of partitions) {
    if (path === '') continue
    const parts = Object.entries(counts.entries()).map(([key, value]) => `${key}=${value}`)
    summary[`partitions.${path}`] = parts.join(',')
  }
}

function total(
  summary: Record<string, string>,
  parent: Readonly<Record<string, string>> | undefined,
  key: string,
  change: bigint,
): void {
  const before = parent === undefined ? '0' : parent[key]
  if (before === undefined || !/^\d{1,18}$/.test(before)) return
  const after = BigInt(before) + change
  if (after >= 0n) summary[key] = after.toString()
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
