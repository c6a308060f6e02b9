import type { FileMetrics } from '../manifest.ts'
import { findFieldById, type Schema, type SchemaField } from '../schema.ts'
import type { MetricsMode } from '../table-properties.ts'
import { isPrimitive, type Literal, type PrimitiveType } from '../types.ts'
import { truncateLower, truncateUpper } from '../values/bounds.ts'
import { type Comparator, literalComparator } from '../values/compare.ts'
import { encodeSingleValue } from '../values/single-value-binary.ts'
import { uuidBoundsInBothOrders } from '../values/uuid-bounds.ts'
import type { ColumnChunk, FileFooter } from './footer.ts'
import { type FieldIdByName, type FileNode, fromParquetSchema } from './from-parquet-schema.ts'
import { type Bounds, statisticsBounds } from './statistics.ts'

export interface MetricsOptions {
  readonly mode: (fieldId: number) => MetricsMode
  /** NaNs by field id, counted by whoever wrote the file: Parquet does not count them. */
  readonly nanCounts?: ReadonlyMap<number, bigint>
  /** For files without field ids. */
  readonly nameMapping?: FieldIdByName
}

/**
 * A file's metrics from its column chunks, as Iceberg Java takes them: sizes for every leaf, counts and bounds for
 * leaves outside of lists and maps. A column has counts only if every chunk counts its nulls, and bounds only if every
 * chunk with a value has them; geometries and INT96 have no bounds. Bounds are truncated as the mode says.
 */
export function footerMetrics(
  footer: Pick<FileFooter, 'schema' | 'rowGroups'>,
  schema: Pick<Schema, 'fields'>,
  { mode: modeOf, nanCounts, nameMapping }: MetricsOptions,
): FileMetrics {
  const metrics = emptyMetrics()
  const { leaves } = fromParquetSchema(footer.schema, nameMapping === undefined ? {} : { nameMapping })
  for (const [i, leaf] of leaves.entries()) {
    const field = leaf.fieldId === undefined ? undefined : findFieldById(schema, leaf.fieldId)
    if (field === undefined || !isPrimitive(field.field.type)) continue
    const mode = modeOf(field.field.id)
    if (mode.kind === 'none') continue
    addLeaf(
      metrics,
      leaf,
      field,
      mode,
      footer.rowGroups.map((group) => group.columns[i]!),
    )
  }
  for (const [id, count] of nanCounts ?? []) {
    if (metrics.valueCounts.has(id)) metrics.nanValueCounts.set(id, count)
  }
  return metrics
}

interface MutableMetrics extends FileMetrics {
  readonly columnSizes: Map<number, bigint>
  readonly valueCounts: Map<number, bigint>
  readonly nullValueCounts: Map<number, bigint>
  readonly nanValueCounts: Map<number, bigint>
  readonly lowerBounds: Map<number, Uint8Array>
  readonly upperBounds: Map<number, Uint8Array>
}

function emptyMetrics(): MutableMetrics {
  return {
    columnSizes: new Map(),
    valueCounts: new Map(),
    nullValueCounts: new Map(),
    nanValueCounts: new Map(),
    lowerBounds: new Map(),
    upperBounds: new Map(),
  }
}

function addLeaf(
  metrics: MutableMetrics,
  leaf: FileNode,
  { field, repeated }: SchemaField,
  mode: MetricsMode,
  chunks: readonly ColumnChunk[],
): void {
  metrics.columnSizes.set(
    field.id,
    sum(chunks, (chunk) => chunk.totalCompressedSize),
  )
  if (repeated || chunks.some((chunk) => chunk.statistics?.nullCount === undefined)) return
  metrics.valueCounts.set(
    field.id,
    sum(chunks, (chunk) => chunk.numValues),
  )
  metrics.nullValueCounts.set(
    field.id,
    sum(chunks, (chunk) => chunk.statistics!.nullCount!),
  )
  if (mode.kind === 'counts' || mode.kind === 'none') return
  const type = field.type as PrimitiveType
  const bounds = fileBounds(leaf, type, chunks)
  if (bounds === undefined) return
  const length = mode.kind === 'truncate' ? mode.length : Number.MAX_SAFE_INTEGER
  metrics.lowerBounds.set(field.id, encodeSingleValue(type, truncateLower(type, bounds.lower, length)))
  const upper = truncateUpper(type, bounds.upper, length)
  if (upper !== undefined) metrics.upperBounds.set(field.id, encodeSingleValue(type, upper))
}

/** The bounds over all chunks; none when any chunk that holds a value has none. */
function fileBounds(leaf: FileNode, type: PrimitiveType, chunks: readonly ColumnChunk[]): Bounds | undefined {
  if (leaf.shape.kind !== 'primitive') return undefined
  const { element } = leaf.shape
  const compare = literalComparator(type)
  let merged: Bounds | undefined
  for (const chunk of chunks) {
    const statistics = chunk.statistics!
    if (statistics.nullCount === chunk.numValues) continue
    const bounds = statisticsBounds(statistics, element, type)
    if (bounds === undefined) return undefined
    merged = merged === undefined ? bounds : union(merged, bounds, compare)
  }
  return merged && type.kind === 'uuid'
    ? uuidBoundsInBothOrders(merged.lower as string, merged.upper as string)
    : merged
}

function union(a: Bounds, b: Bounds, compare: Comparator): Bounds {
  return {
    lower: least(a.lower, b.lower, compare),
    upper: least(a.upper, b.upper, (x, y) => compare(y, x)),
  }
}

function least(a: Literal, b: Literal, compare: Comparator): Literal {
  return compare(a, b) <= 0 ? a : b
}

function sum(chunks: readonly ColumnChunk[], amount: (chunk: ColumnChunk) => bigint): bigint {
  return chunks.reduce((total, chunk) => total + amount(chunk), 0n)
}
