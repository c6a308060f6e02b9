import type { ManifestFile, PartitionFieldSummary } from '../manifest.ts'
import type { PartitionSpec } from '../partition-spec.ts'
import type { Schema } from '../schema.ts'
import { type BoundTerm, compileBound } from './bound.ts'
import type { Expression } from './expression.ts'
import { projectInclusive } from './project.ts'
import { rangeTest, type ValueRange } from './value-range.ts'

/**
 * Whether a manifest may list a file with a matching row: false only if the partition summaries rule every
 * partition out. The manifest must be of the spec given; `spec` is that spec, not the table's default.
 */
export function manifestEvaluator(
  expression: Expression,
  schema: Pick<Schema, 'fields'>,
  spec: PartitionSpec,
): (manifest: ManifestFile) => boolean {
  const positions = new Map(spec.fields.map((field, position) => [field.fieldId, position]))
  const mayMatch = compileBound<readonly PartitionFieldSummary[]>(
    projectInclusive(expression, schema, spec),
    (predicate) => {
      const test = rangeTest(predicate)
      const position = positions.get(predicate.term.fieldId)!
      return (summaries) => {
        const summary = summaries[position]
        return summary === undefined || test(summaryRange(summary, predicate.term))
      }
    },
  )
  return ({ partitions }) => partitions === undefined || mayMatch(partitions)
}

/** Bounds are absent if and only if all values are null or NaN (spec: `field_summary`). */
function summaryRange(summary: PartitionFieldSummary, { sourceType }: BoundTerm): ValueRange {
  const floating = sourceType.kind === 'float' || sourceType.kind === 'double'
  const nulls = summary.containsNull
  const nans = floating && summary.containsNan !== false
  const bounded = summary.lowerBound !== undefined || summary.upperBound !== undefined
  // A summary of neither null nor NaN nor bounds contradicts itself: it proves nothing.
  const values = bounded || !(nulls || nans)
  return { nulls, nans, values, lower: summary.lowerBound, upper: summary.upperBound }
}
