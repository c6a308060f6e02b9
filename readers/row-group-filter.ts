import {
  type BoundExpression,
  type BoundPredicate,
  type BoundTerm,
  isBoundPredicate,
} from '../format/expressions/bound.ts'
import { rowEvaluator } from '../format/expressions/evaluate.ts'
import { rangeTest, type ValueRange } from '../format/expressions/value-range.ts'
import { bloomFilterMayHold, bloomHash } from '../format/parquet/bloom-filter.ts'
import type { ChunkStatistics, ColumnChunk, RowGroup } from '../format/parquet/footer.ts'
import type { ColumnIndex, OffsetIndex } from '../format/parquet/page-index.ts'
import type { FileNode } from '../format/parquet/parquet-schema.ts'
import { statisticsBounds } from '../format/parquet/statistics.ts'
import type { Literal } from '../format/types.ts'
import { encodeSingleValue } from '../format/values/single-value-binary.ts'
import {
  allRows,
  intersectRanges,
  joinRanges,
  NO_ROWS,
  type RowRange,
  type RowRanges,
  uniteRanges,
} from './row-ranges.ts'

/** How a filter's columns stand in a file. */
export interface FilterColumns {
  /** The leaf that holds the term's column; undefined when the file has none. */
  readonly leafOf: (term: BoundTerm) => FileNode | undefined
  /** The value of a column that the file lacks, null included; undefined when it is not known. */
  readonly constantOf: (term: BoundTerm) => Literal | null | undefined
  /** Whether no value of a column of floats is NaN. */
  readonly hasNoNan: (fieldId: number) => boolean
}

/** What has been fetched of a row group besides its footer, by leaf. */
export interface RowGroupIndexes {
  readonly columnIndexes: ReadonlyMap<number, ColumnIndex>
  readonly offsetIndexes: ReadonlyMap<number, OffsetIndex>
  /** Whole filters. */
  readonly bloomFilters: ReadonlyMap<number, Uint8Array>
}

export const NO_INDEXES: RowGroupIndexes = {
  columnIndexes: new Map(),
  offsetIndexes: new Map(),
  bloomFilters: new Map(),
}

export interface RowGroupFilter {
  /** Leaves whose statistics decide something. */
  readonly leaves: ReadonlySet<number>
  /** Leaves whose bloom filters do. */
  readonly bloomLeaves: ReadonlySet<number>
  /** The rows that may match, as far as is known. Rows that are left out do not match. */
  rowsOf(rowGroup: RowGroup, indexes: RowGroupIndexes): RowRanges
}

type RowsOf = RowGroupFilter['rowsOf']

/**
 * Compiles a filter into one over what a Parquet file tells of its row groups and pages. Never wrong when it leaves
 * rows out: what is missing, or in an order that is not known, counts as anything.
 */
export function compileRowGroupFilter(filter: BoundExpression, columns: FilterColumns): RowGroupFilter {
  const leaves = new Set<number>()
  const bloomLeaves = new Set<number>()
  const compile = (expression: BoundExpression): RowsOf => {
    if (isBoundPredicate(expression)) return compilePredicate(expression, columns, leaves, bloomLeaves)
    switch (expression.op) {
      case 'true':
        return all
      case 'false':
        return none
      case 'and':
      case 'or': {
        const operands = expression.operands.map(compile)
        const join = expression.op === 'and' ? intersectRanges : uniteRanges
        return (rowGroup, indexes) =>
          operands.map((operand) => operand(rowGroup, indexes)).reduce((a, b) => join(a, b))
      }
    }
  }
  return { leaves, bloomLeaves, rowsOf: compile(filter) }
}

function all({ numRows }: RowGroup): RowRanges {
  return allRows(Number(numRows))
}

function none(): RowRanges {
  return NO_ROWS
}

function compilePredicate(
  predicate: BoundPredicate,
  columns: FilterColumns,
  leaves: Set<number>,
  bloomLeaves: Set<number>,
): RowsOf {
  const { term } = predicate
  const node = columns.leafOf(term)
  if (node === undefined || node.shape.kind !== 'primitive') {
    const constant = node === undefined ? columns.constantOf(term) : undefined
    return constant === undefined || rowEvaluator(predicate)(() => constant) ? all : none
  }
  const { leafIndex } = node.shape
  const mayMatch = rangeTest(predicate)
  const rangeOf = rangeReader(node, term, columns.hasNoNan(term.fieldId))
  const hashes = bloomHashes(predicate, node)
  // None of the values fits the file's column.
  if (hashes?.length === 0) return none
  leaves.add(leafIndex)
  if (hashes !== undefined) bloomLeaves.add(leafIndex)
  return (rowGroup, { columnIndexes, offsetIndexes, bloomFilters }) => {
    const chunk = rowGroup.columns[leafIndex]!
    if (!mayMatch(rangeOf(chunkSummary(chunk)))) return NO_ROWS
    const bloomFilter = bloomFilters.get(leafIndex)
    if (bloomFilter !== undefined && hashes !== undefined && !bloomFilterMayHold(bloomFilter, hashes)) {
      return NO_ROWS
    }
    const columnIndex = columnIndexes.get(leafIndex)
    const offsetIndex = offsetIndexes.get(leafIndex)
    if (columnIndex === undefined || offsetIndex === undefined) return all(rowGroup)
    return joinRanges(
      pageRows(offsetIndex, Number(rowGroup.numRows)).filter((_, page) =>
        mayMatch(rangeOf(pageSummary(columnIndex, page))),
      ),
    )
  }
}

/** The rows of each page. */
export function pageRows({ pageLocations }: OffsetIndex, numRows: number): readonly RowRange[] {
  return pageLocations.map(({ firstRowIndex }, i) => ({
    start: Number(firstRowIndex),
    end: Number(pageLocations[i + 1]?.firstRowIndex ?? numRows),
  }))
}

/** What is known of the values of a chunk or of a page. */
interface Summary {
  readonly statistics: ChunkStatistics | undefined
  readonly onlyNulls: boolean
}

function chunkSummary({ statistics, numValues }: ColumnChunk): Summary {
  return { statistics, onlyNulls: statistics?.nullCount === numValues }
}

function pageSummary({ nullPages, minValues, maxValues, nullCounts }: ColumnIndex, page: number): Summary {
  const nullCount = nullCounts?.[page]
  const counts = nullCount === undefined ? {} : { nullCount }
  if (nullPages[page]) return { statistics: counts, onlyNulls: true }
  return { statistics: { ...counts, min: minValues[page]!, max: maxValues[page]! }, onlyNulls: false }
}

function rangeReader(node: FileNode, { idPath, sourceType }: BoundTerm, hasNoNan: boolean) {
  if (node.shape.kind !== 'primitive') throw new Error('a filter compares leaves only')
  const { element } = node.shape
  const isFloating = sourceType.kind === 'float' || sourceType.kind === 'double'
  const isRequired = node.maxDefinitionLevel === 0
  // Some writers do not count a column's nulls in rows where the struct around it is null.
  const countsNulls = idPath.length === 1
  return ({ statistics, onlyNulls }: Summary): ValueRange => {
    const bounds = statistics && statisticsBounds(statistics, element, sourceType)
    return {
      nulls: !isRequired && !(countsNulls && statistics?.nullCount === 0n),
      nans: isFloating && !hasNoNan && !onlyNulls,
      values: !onlyNulls,
      lower: bounds && encodeSingleValue(sourceType, bounds.lower),
      upper: bounds && encodeSingleValue(sourceType, bounds.upper),
    }
  }
}

/** The hashes of the values that an equality asks for; undefined where a bloom filter cannot answer. */
function bloomHashes(predicate: BoundPredicate, node: FileNode): readonly bigint[] | undefined {
  const { term } = predicate
  if (term.transform !== undefined || node.shape.kind !== 'primitive') return undefined
  const literals =
    predicate.op === 'eq' ? [predicate.literal] : predicate.op === 'in' ? predicate.literals : []
  const { element } = node.shape
  const hashes = literals.map((literal) => bloomHash(literal, term.type, element))
  if (hashes.length === 0 || hashes.includes(undefined)) return undefined
  return hashes.filter((hash) => typeof hash === 'bigint')
}
