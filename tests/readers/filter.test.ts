import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bind } from '../../format/expressions/bind.ts'
import { rowEvaluator } from '../../format/expressions/evaluate.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { compileFilter } from '../../readers/filter.ts'
import { runs } from '../runs.ts'
import { expression, fields, row, schema, valuesIn } from './filter-samples.ts'
import { batchOf, struct } from './support.ts'

describe('compileFilter', () => {
  test('selects exactly the rows that the row evaluator accepts, for every type and operator', () => {
    fc.assert(
      fc.property(
        expression,
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (where, rows, skip) => {
          const bound = bind(where, schema)
          const accepts = rowEvaluator(bound)
          const begin = skip % rows.length
          const batch = batchOf(fields, rows).slice(begin)
          const mask = compileFilter(bound, fields)(batch.data.children, batch.numRows)
          const expected = rows.slice(begin).flatMap((input, i) => (accepts(valuesIn(input)) ? [i] : []))
          expect(rowsIn(mask)).toEqual(expected)
        },
      ),
      runs(20261121, 700),
    )
  })

  test('a null struct makes its fields null', () => {
    const rows = [{ p: struct({ q: 1, r: null }) }, { p: null }]
    const batch = batchOf(fields, rows)
    const selected = (where: Expression) => [
      ...rowsIn(compileFilter(bind(where, schema), fields)(batch.data.children, 2)),
    ]
    expect(selected({ op: 'is-null', term: 'p.q' })).toEqual([1])
    expect(selected({ op: 'not-null', term: 'p.q' })).toEqual([0])
    expect(selected({ op: 'eq', term: 'p.q', value: 1 })).toEqual([0])
    expect(selected({ op: 'not-eq', term: 'p.q', value: 2 })).toEqual([0, 1])
    expect(selected({ op: 'is-null', term: 'p.r' })).toEqual([0, 1])
  })

  test('a transformed column is tested by its transform', () => {
    const batch = batchOf(fields, [{ i: 17 }, { i: 23 }, {}])
    const where: Expression = { op: 'eq', term: { transform: 'truncate[10]', reference: 'i' }, value: 20 }
    const mask = compileFilter(bind(where, schema), fields)(batch.data.children, 3)
    expect(rowsIn(mask)).toEqual([1])
  })
})

function rowsIn(mask: Uint8Array): number[] {
  return [...mask.keys()].filter((row) => mask[row] === 1)
}
