import type { EntryStatus, ManifestEntry, ManifestFile, PartitionFieldSummary } from './manifest.ts'
import { partitionTypes, type SpecInSchema } from './partition-type.ts'
import type { Literal, PrimitiveType } from './types.ts'
import { type Comparator, literalComparator } from './values/compare.ts'
import { encodeSingleValue } from './values/single-value-binary.ts'
import { uuidBoundsInBothOrders } from './values/uuid-bounds.ts'

/**
 * What a manifest list tells of a manifest's entries. `minSequenceNumber` is absent when no live entry has a number;
 * `partitions` when uuids have no bounds that all engines understand, for a summary without bounds means "all null".
 */
export type ManifestSummary = Required<
  Pick<
    ManifestFile,
    | 'addedFilesCount'
    | 'existingFilesCount'
    | 'deletedFilesCount'
    | 'addedRowsCount'
    | 'existingRowsCount'
    | 'deletedRowsCount'
  >
> &
  Pick<ManifestFile, 'partitions'> & { readonly minSequenceNumber?: bigint }

/** Sums up entries as they pass: `add` each of them, then `summary`. */
export interface ManifestSummarizer {
  add(entry: ManifestEntry): void
  summary(): ManifestSummary
}

export function manifestSummarizer(partition: SpecInSchema): ManifestSummarizer {
  const files: Record<EntryStatus, number> = { added: 0, existing: 0, deleted: 0 }
  const rows: Record<EntryStatus, bigint> = { added: 0n, existing: 0n, deleted: 0n }
  const fields = partitionTypes(partition).map(fieldSummarizer)
  let minSequenceNumber: bigint | undefined
  return {
    add({ status, sequenceNumber, dataFile }) {
      files[status]++
      rows[status] += dataFile.recordCount
      fields.forEach((field, i) => {
        field.add(dataFile.partition[i]!)
      })
      if (status === 'deleted' || sequenceNumber === undefined) return
      if (minSequenceNumber === undefined || sequenceNumber < minSequenceNumber)
        minSequenceNumber = sequenceNumber
    },
    summary() {
      const partitions = fields.map((field) => field.summary())
      return {
        addedFilesCount: files.added,
        existingFilesCount: files.existing,
        deletedFilesCount: files.deleted,
        addedRowsCount: rows.added,
        existingRowsCount: rows.existing,
        deletedRowsCount: rows.deleted,
        ...(partitions.every(isKnown) ? { partitions } : {}),
        minSequenceNumber,
      }
    },
  }
}

function isKnown(summary: PartitionFieldSummary | undefined): summary is PartitionFieldSummary {
  return summary !== undefined
}

/** Bounds span the values that are neither null nor NaN; −0.0 sorts below 0.0, as `field_summary` note 2 asks. */
function fieldSummarizer(type: PrimitiveType) {
  const compare: Comparator = type.kind === 'unknown' ? () => 0 : literalComparator(type)
  let containsNull = false
  let containsNan = false
  let bounds: { lower: Literal; upper: Literal } | undefined
  return {
    add(value: Literal | null): void {
      if (value === null) containsNull = true
      else if (Number.isNaN(value)) containsNan = true
      else if (bounds === undefined) bounds = { lower: value, upper: value }
      else if (compare(value, bounds.lower) < 0) bounds.lower = value
      else if (compare(value, bounds.upper) > 0) bounds.upper = value
    },
    /** Undefined when no bounds hold for all engines. */
    summary(): PartitionFieldSummary | undefined {
      if (bounds === undefined || type.kind === 'unknown') return { containsNull, containsNan }
      const safe = type.kind === 'uuid' ? uuidBounds(bounds) : bounds
      if (safe === undefined) return undefined
      const lowerBound = encodeSingleValue(type, safe.lower)
      const upperBound = encodeSingleValue(type, safe.upper)
      return { containsNull, containsNan, lowerBound, upperBound }
    },
  }
}

function uuidBounds({ lower, upper }: { readonly lower: Literal; readonly upper: Literal }) {
  return uuidBoundsInBothOrders(lower as string, upper as string)
}
