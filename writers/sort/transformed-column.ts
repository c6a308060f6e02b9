import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import type { BoundTransform } from '../../format/transforms/apply.ts'
import type { Literal, PrimitiveType } from '../../format/types.ts'
import { primitiveColumn } from '../columns/primitive-column.ts'
import type { SourceColumn } from '../source-column.ts'

/** Results that are gathered before their column takes them. */
const SLAB_ROWS = 512

/** What the transform makes of the first `rows` values of `source`, as a column of `arrowTypeOf(resultType)`. */
export function transformedColumn(
  transform: BoundTransform,
  sourceType: PrimitiveType,
  resultType: PrimitiveType,
  { column, isNull }: SourceColumn,
  rows: number,
): Data {
  const read = literalReader(sourceType, column)
  const resultOf = (row: number) => (isNull(row) ? null : transform(read(row)))
  if (resultType.kind === 'decimal') return decimals(resultType, resultOf as (row: number) => bigint, rows)
  const results = primitiveColumn(resultType, false)
  const slab: (Literal | null)[] = []
  for (let row = 0; row < rows; row++) {
    slab.push(resultOf(row))
    if (slab.length < SLAB_ROWS && row + 1 < rows) continue
    results.append(slab, slab.length)
    slab.length = 0
  }
  return results.finish()
}

/** Truncation goes down, which may take a digit more than the type has: no builder takes such a value. */
function decimals(type: PrimitiveType, resultOf: (row: number) => bigint | null, rows: number): Data {
  const halves = new BigInt64Array(2 * rows)
  for (let row = 0; row < rows; row++) {
    const unscaled = resultOf(row) ?? 0n
    halves[2 * row] = unscaled
    halves[2 * row + 1] = unscaled >> 64n
  }
  return arrowData(arrowTypeOf(type), rows, { values: new Uint32Array(halves.buffer) })
}
