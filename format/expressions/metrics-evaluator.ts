import type { DataFile, FileMetrics } from '../manifest.ts'
import type { Schema } from '../schema.ts'
import { bind } from './bind.ts'
import { type BoundPredicate, type BoundTerm, compileBound } from './bound.ts'
import type { Expression } from './expression.ts'
import { negateOperator } from './fold.ts'
import { rangeTest, type ValueRange } from './value-range.ts'

export type FileTest = (file: DataFile) => boolean

/**
 * Whether a file may hold a row that matches: false only if its metrics rule every row out. Metrics that are missing
 * count as unknown. Bounds are decoded only for the columns that the expression compares.
 */
export function inclusiveMetricsEvaluator(expression: Expression, schema: Pick<Schema, 'fields'>): FileTest {
  const mayMatch = compileBound(bind(expression, schema), fileRangeTest)
  return (file) => file.recordCount !== 0n && (file.recordCount < 0n || mayMatch(file))
}

/**
 * Whether every row of a file matches: true only if its metrics prove it, and for a file without rows. Columns
 * inside structs prove nothing, since writers count their nulls differently.
 */
export function strictMetricsEvaluator(expression: Expression, schema: Pick<Schema, 'fields'>): FileTest {
  const allMatch = compileBound(bind(expression, schema), strictFileTest)
  return (file) => file.recordCount === 0n || (file.recordCount > 0n && allMatch(file))
}

function fileRangeTest(predicate: BoundPredicate): FileTest {
  const test = rangeTest(predicate)
  const { term } = predicate
  return (file) => test(fileRange(file, term))
}

/** All rows match if none matches the opposite, and none is a null that matches neither. */
function strictFileTest(predicate: BoundPredicate): FileTest {
  if (predicate.term.idPath.length > 1) return () => false
  const op = negateOperator(predicate.op)
  const anyFails = fileRangeTest({ ...predicate, op } as BoundPredicate)
  if (op !== 'lt' && op !== 'lt-eq' && op !== 'gt' && op !== 'gt-eq') return (file) => !anyFails(file)
  const anyNull = fileRangeTest({ op: 'is-null', term: predicate.term })
  return (file) => !anyFails(file) && !anyNull(file)
}

function fileRange(file: DataFile, { fieldId, idPath, sourceType }: BoundTerm): ValueRange {
  const { lowerBounds, upperBounds } = file
  return {
    ...possibleKinds(file, fieldId, idPath.length > 1, sourceType.kind),
    lower: lowerBounds?.get(fieldId),
    upper: upperBounds?.get(fieldId),
  }
}

function possibleKinds(
  file: FileMetrics & Pick<DataFile, 'recordCount'>,
  fieldId: number,
  nested: boolean,
  kind: BoundTerm['sourceType']['kind'],
): Pick<ValueRange, 'nulls' | 'nans' | 'values'> {
  const valueCount = file.valueCounts?.get(fieldId)
  const nullCount = file.nullValueCounts?.get(fieldId)
  const nanCount = kind === 'float' || kind === 'double' ? file.nanValueCounts?.get(fieldId) : 0n
  // Some writers do not count a column's values in rows where the struct around it is null.
  const uncounted = nested && valueCount !== file.recordCount
  const onlyNulls = valueCount !== undefined && nullCount === valueCount
  return {
    nulls: nullCount !== 0n || uncounted,
    nans: nanCount !== 0n && !onlyNulls,
    values: valueCount === undefined || (nullCount ?? 0n) + (nanCount ?? 0n) !== valueCount,
  }
}
