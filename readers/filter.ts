import { Type as ArrowType, type Data } from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import { literalReader } from '../format/arrow/literal-reader.ts'
import { type BoundExpression, type BoundPredicate, isBoundPredicate } from '../format/expressions/bound.ts'
import { rowEvaluator, type ValueOf } from '../format/expressions/evaluate.ts'
import type { Literal, NestedField } from '../format/types.ts'
import { columnLoop, type RowMask } from './compare-column.ts'

/** Columns by position, as `fields` of `compileFilter` says. */
export type ColumnFilter = (columns: readonly Data[], length: number) => RowMask

/**
 * Compiles a bound filter into one that works column by column. `fields` are the columns that it will be given, by
 * position; each has the filter's columns in it, at the depth where the schema has them.
 *
 * Means exactly what `rowEvaluator` means: a null matches `is-null`, `not-eq`, `not-in`, `not-nan` and
 * `not-starts-with`, and nothing else.
 */
export function compileFilter(expression: BoundExpression, fields: readonly NestedField[]): ColumnFilter {
  if (isBoundPredicate(expression)) return compilePredicate(expression, fields)
  if (expression.op === 'true') return (_, length) => new Uint8Array(length).fill(1)
  if (expression.op === 'false') return (_, length) => new Uint8Array(length)
  const operands = expression.operands.map((operand) => compileFilter(operand, fields))
  const join = expression.op === 'and' ? intersect : unite
  return (columns, length) => {
    const mask = operands[0]!(columns, length)
    for (let k = 1; k < operands.length; k++) join(mask, operands[k]!(columns, length))
    return mask
  }
}

function intersect(mask: RowMask, other: RowMask): void {
  for (let i = 0; i < mask.length; i++) mask[i]! &= other[i]!
}

function unite(mask: RowMask, other: RowMask): void {
  for (let i = 0; i < mask.length; i++) mask[i]! |= other[i]!
}

function compilePredicate(predicate: BoundPredicate, fields: readonly NestedField[]): ColumnFilter {
  const steps = stepsTo(predicate.term.idPath, fields)
  const testOne = rowEvaluator(predicate)
  const whenNull = testOne(() => null) ? 1 : 0
  const loop = columnLoop(predicate)
  return (columns, length) => {
    const path = follow(columns, steps)
    const data = path.at(-1)!
    const mask = new Uint8Array(length)
    if (loop === undefined) testEach(predicate, data, mask, testOne)
    else loop(data, mask)
    for (const level of path) setNulls(level, mask, whenNull)
    return mask
  }
}

/** The slow road: a value out of the column at a time, for types and operators without a loop of their own. */
function testEach(
  predicate: BoundPredicate,
  data: Data,
  mask: RowMask,
  testOne: (row: ValueOf) => boolean,
): void {
  if (data.typeId === ArrowType.Null) return
  const read = literalReader(predicate.term.sourceType, data)
  let value: Literal | null = null
  const row = () => value
  const { nullCount, nullBitmap, offset } = data
  for (let i = 0; i < mask.length; i++) {
    // A null slot may hold bytes that are no value at all.
    if (nullCount > 0 && !bitAt(nullBitmap as Uint8Array, offset + i)) continue
    value = read(i)
    if (testOne(row)) mask[i] = 1
  }
}

function setNulls(data: Data, mask: RowMask, whenNull: number): void {
  if (data.typeId === ArrowType.Null) mask.fill(whenNull)
  else if (data.nullCount > 0) {
    const { nullBitmap, offset } = data
    for (let i = 0; i < mask.length; i++) {
      if (!bitAt(nullBitmap as Uint8Array, offset + i)) mask[i] = whenNull
    }
  }
}

/** Positions from the columns down through structs. Predicates never reach into lists and maps. */
function stepsTo(idPath: readonly number[], fields: readonly NestedField[]): readonly number[] {
  const steps: number[] = []
  let level = fields
  for (const id of idPath) {
    const step = level.findIndex((field) => field.id === id)
    steps.push(step)
    const type = level[step]!.type
    level = type.kind === 'struct' ? type.fields : []
  }
  return steps
}

function follow(columns: readonly Data[], steps: readonly number[]): readonly Data[] {
  const path: Data[] = []
  let level = columns
  for (const step of steps) {
    const data = level[step]!
    path.push(data)
    level = data.children
  }
  return path
}
