import type { Schema } from '../schema.ts'
import { bind } from './bind.ts'
import { type BoundPredicate, type BoundTerm, compileBound } from './bound.ts'
import type { Expression } from './expression.ts'
import { negateOperator } from './fold.ts'
import { rangeTest, type ValueRange } from './value-range.ts'

/** What metrics are asked for: one column at a time. A `DataFile` has them all in memory. */
export interface MetricsById<V> {
  get(fieldId: number): V | undefined
}

/** A file as far as metrics tell of its rows. A metric that is missing is unknown. */
export interface MeasuredFile {
  readonly recordCount: bigint
  readonly valueCounts?: MetricsById<bigint> | undefined
  readonly nullValueCounts?: MetricsById<bigint> | undefined
  readonly nanValueCounts?: MetricsById<bigint> | undefined
  readonly lowerBounds?: MetricsById<Uint8Array> | undefined
  readonly upperBounds?: MetricsById<Uint8Array> | undefined
}

export type FileTest = (file: MeasuredFile) => boolean

/**
 * Whether a file may hold a row that matches: false only if its metrics rule every row out. Metrics that are missing
 * count as unknown, and so does a record count of 0: there are writers that never filled it in (XTable, of Parquet
 * folders). Bounds are decoded only for the columns that the expression compares.
 */
export function inclusiveMetricsEvaluator(expression: Expression, schema: Pick<Schema, 'fields'>): FileTest {
  const mayMatch = compileBound(bind(expression, schema), fileRangeTest)
  return (file) => file.recordCount < 0n || mayMatch(file)
}

/**
 * Whether every row of a file matches: true only if its metrics prove it. Columns inside structs prove nothing, since
 * writers count their nulls differently.
 */
export function strictMetricsEvaluator(expression: Expression, schema: Pick<Schema, 'fields'>): FileTest {
  const allMatch = compileBound(bind(expression, schema), strictFileTest)
  return (file) => file.recordCount > 0n && allMatch(file)
}

function fileRangeTest(predicate: BoundPredicate): FileTest {
  const test = rangeTest(predicate)
  const range = new FileRange(predicate.term)
  return (file) => test(range.of(file))
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

/** A column's range in one file at a time: made once, and what is asked of it is looked up then. */
class FileRange implements ValueRange {
  readonly #fieldId: number
  readonly #nested: boolean
  readonly #floating: boolean
  #file: MeasuredFile | undefined

  constructor({ fieldId, idPath, sourceType }: BoundTerm) {
    this.#fieldId = fieldId
    this.#nested = idPath.length > 1
    this.#floating = sourceType.kind === 'float' || sourceType.kind === 'double'
  }

  of(file: MeasuredFile): this {
    this.#file = file
    return this
  }

  get nulls(): boolean {
    // Some writers do not count a column's values in rows where the struct around it is null.
    const uncounted = this.#nested && this.#valueCount !== this.#file!.recordCount
    return this.#nullCount !== 0n || uncounted
  }
  get nans(): boolean {
    const valueCount = this.#valueCount
    const onlyNulls = valueCount !== undefined && this.#nullCount === valueCount
    return this.#nanCount !== 0n && !onlyNulls
  }
  get values(): boolean {
    const valueCount = this.#valueCount
    return valueCount === undefined || (this.#nullCount ?? 0n) + (this.#nanCount ?? 0n) !== valueCount
  }
  get lower(): Uint8Array | undefined {
    return this.#file!.lowerBounds?.get(this.#fieldId)
  }
  get upper(): Uint8Array | undefined {
    return this.#file!.upperBounds?.get(this.#fieldId)
  }

  get #valueCount(): bigint | undefined {
    return this.#file!.valueCounts?.get(this.#fieldId)
  }
  get #nullCount(): bigint | undefined {
    return this.#file!.nullValueCounts?.get(this.#fieldId)
  }
  get #nanCount(): bigint | undefined {
    return this.#floating ? this.#file!.nanValueCounts?.get(this.#fieldId) : 0n
  }
}
