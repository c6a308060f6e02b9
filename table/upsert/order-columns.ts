import type { RecordBatch } from 'apache-arrow'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { literalComparator } from '../../format/values/compare.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import type { KeyField } from './key-fields.ts'

/** Compares two rows by columns, the first that differ. Null is older than all else, NaN newer. */
export function compareOrder(
  columns: readonly KeyField[],
  a: RecordBatch,
  i: number,
  columnsOfB: readonly KeyField[],
  b: RecordBatch,
  j: number,
): number {
  for (const [k, { field, places }] of columns.entries()) {
    const [left, right] = [sourceColumn(a, places), sourceColumn(b, columnsOfB[k]!.places)]
    const [isLeftNull, isRightNull] = [left.isNull(i), right.isNull(j)]
    if (isLeftNull || isRightNull) {
      if (isLeftNull !== isRightNull) return isLeftNull ? -1 : 1
      continue
    }
    const compared = literalComparator(field.type)(
      literalReader(field.type, left.column)(i),
      literalReader(field.type, right.column)(j),
    )
    if (compared !== 0) return compared
  }
  return 0
}
