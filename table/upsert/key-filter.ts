import type { RecordBatch } from 'apache-arrow'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { allOf, alwaysTrue, and, gtEq, isIn, isNull, ltEq, or } from '../../format/expressions/build.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import type { Literal } from '../../format/types.ts'
import { literalComparator } from '../../format/values/compare.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import type { KeyField } from './key-fields.ts'

/** So many values are named one by one, which bloom filters and page indexes can look up; of more only the range. */
const FEW = 200

/** A filter that matches every row with one of the keys in `batches`, and leaves files without one unread. */
export function keyFilter(keys: readonly KeyField[], batches: readonly RecordBatch[]): Expression {
  return allOf(keys.map((key) => filterOf(key, batches)))
}

function filterOf({ field, path, places }: KeyField, batches: readonly RecordBatch[]): Expression {
  // A dot in a name would be taken for a step into a struct.
  if (path.some((name) => name.includes('.'))) return alwaysTrue
  const term = path.join('.')
  const compare = literalComparator(field.type)
  const few = new Set<Literal>()
  let range: { least: Literal; greatest: Literal } | undefined
  let hasNull = false
  for (const batch of batches) {
    const { column, isNull: isNullAt } = sourceColumn(batch, places)
    const read = literalReader(field.type, column)
    for (let row = 0; row < batch.numRows; row++) {
      if (isNullAt(row)) {
        hasNull = true
        continue
      }
      const value = read(row)
      if (few.size <= FEW) few.add(value)
      if (range === undefined) range = { least: value, greatest: value }
      else if (compare(value, range.least) < 0) range.least = value
      else if (compare(value, range.greatest) > 0) range.greatest = value
    }
  }
  if (range === undefined) return isNull(term)
  const some =
    few.size <= FEW ? isIn(term, [...few]) : and(gtEq(term, range.least), ltEq(term, range.greatest))
  return hasNull ? or(some, isNull(term)) : some
}
