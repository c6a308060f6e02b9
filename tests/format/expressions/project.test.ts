import { describe, expect, test } from 'vitest'
import { bind } from '../../../format/expressions/bind.ts'
import type { BoundExpression } from '../../../format/expressions/bound.ts'
import {
  and,
  eq,
  gt,
  gtEq,
  isIn,
  isNull,
  lt,
  ltEq,
  not,
  notEq,
  notStartsWith,
  or,
  startsWith,
} from '../../../format/expressions/build.ts'
import type { Expression } from '../../../format/expressions/expression.ts'
import { manifestEvaluator } from '../../../format/expressions/manifest-evaluator.ts'
import { partitionEvaluator, projectInclusive, projectStrict } from '../../../format/expressions/project.ts'
import { residualEvaluator } from '../../../format/expressions/residual.ts'
import type { ManifestFile, PartitionFieldSummary } from '../../../format/manifest.ts'
import type { PartitionSpec } from '../../../format/partition-spec.ts'
import type { Transform } from '../../../format/transforms/transform.ts'
import {
  doubleType,
  intType,
  type Literal,
  longType,
  type PrimitiveType,
  stringType,
  timestampType,
  uuidType,
} from '../../../format/types.ts'
import { encodeSingleValue } from '../../../format/values/single-value-binary.ts'

const schema = {
  fields: [
    { id: 1, name: 'id', required: false, type: longType },
    { id: 2, name: 'n', required: false, type: intType },
    { id: 3, name: 's', required: false, type: stringType },
    { id: 4, name: 'ts', required: false, type: timestampType },
    { id: 5, name: 'd', required: false, type: doubleType },
    { id: 6, name: 'u', required: false, type: uuidType },
  ],
}

function spec(...fields: readonly (readonly [sourceId: number, transform: Transform])[]): PartitionSpec {
  return {
    specId: 0,
    fields: fields.map(([sourceId, transform], i) => ({
      fieldId: 1000 + i,
      name: `p${i}`,
      sourceIds: [sourceId],
      transform,
    })),
  }
}

/** A projected expression as text: `p0 lt-eq 5`. */
function show(expression: BoundExpression): string {
  if (!('term' in expression)) {
    if (!('operands' in expression)) return expression.op
    return expression.operands.map(show).join(` ${expression.op} `)
  }
  const name = expression.term.path.join('.')
  if ('literals' in expression) return `${name} ${expression.op} ${expression.literals.join(',')}`
  return 'literal' in expression
    ? `${name} ${expression.op} ${expression.literal}`
    : `${name} ${expression.op}`
}
const inclusive = (expression: Expression, of: PartitionSpec) =>
  show(projectInclusive(expression, schema, of))
const strict = (expression: Expression, of: PartitionSpec) => show(projectStrict(expression, schema, of))

const day = spec([4, { kind: 'day' }])
const truncated = spec([3, { kind: 'truncate', width: 2 }])
const bucketed = spec([1, { kind: 'bucket', numBuckets: 16 }])

describe('projections', () => {
  test('of an order comparison take the edge in or leave it out', () => {
    expect(inclusive(lt('ts', '2026-11-20'), day)).toBe('p0 lt-eq 20776')
    expect(inclusive(ltEq('ts', '2026-11-20'), day)).toBe('p0 lt-eq 20777')
    expect(inclusive(gt('ts', '2026-11-20'), day)).toBe('p0 gt-eq 20777')
    expect(strict(lt('ts', '2026-11-20'), day)).toBe('p0 lt 20777')
    expect(strict(ltEq('ts', '2026-11-20'), day)).toBe('p0 lt 20777')
    expect(strict(gtEq('ts', '2026-11-20'), day)).toBe('p0 gt 20776')
    expect(strict(eq('ts', '2026-11-20'), day)).toBe('false')
    expect(inclusive(notEq('ts', '2026-11-20'), day)).toBe('true')
  })

  test('allow for the day too many that Iceberg Java once gave before 1970, and the one too few it still gives', () => {
    expect(inclusive(lt('ts', '1969-12-31'), day)).toBe('p0 lt-eq -1')
    expect(inclusive(gt('ts', '1969-12-31'), day)).toBe('p0 gt-eq -2')
    expect(inclusive(eq('ts', '1969-12-31'), day)).toBe('p0 in -1,0,-2')
    expect(strict(gt('ts', '1969-12-31'), day)).toBe('p0 gt 0')
    expect(strict(lt('ts', '1969-12-31'), day)).toBe('p0 lt -2')
    expect(strict(notEq('ts', '1969-12-31'), day)).toBe('p0 not-in -1,0,-2')
  })

  test('of a bucket know equality only', () => {
    expect(inclusive(eq('id', 34), bucketed)).toBe('p0 eq 3')
    expect(strict(notEq('id', 34), bucketed)).toBe('p0 not-eq 3')
    expect(inclusive(lt('id', 34), bucketed)).toBe('true')
    expect(strict(eq('id', 34), bucketed)).toBe('false')
    expect(inclusive(isNull('id'), bucketed)).toBe('p0 is-null')
    expect(inclusive(eq({ transform: 'bucket[16]', reference: 'id' }, 3), bucketed)).toBe('p0 eq 3')
    expect(inclusive(eq({ transform: 'bucket[8]', reference: 'id' }, 3), bucketed)).toBe('true')
  })

  test('of a prefix measure in code points', () => {
    expect(inclusive(startsWith('s', 'a'), truncated)).toBe('p0 starts-with a')
    expect(inclusive(startsWith('s', 'ab'), truncated)).toBe('p0 eq ab')
    expect(inclusive(startsWith('s', 'abc'), truncated)).toBe('p0 eq ab')
    expect(inclusive(startsWith('s', '😀'), truncated)).toBe('p0 starts-with 😀')
    expect(strict(startsWith('s', 'abc'), truncated)).toBe('false')
    expect(strict(notStartsWith('s', 'abc'), truncated)).toBe('p0 not-eq ab')
    expect(inclusive(notStartsWith('s', 'abc'), truncated)).toBe('true')
    expect(inclusive(notStartsWith('s', 'ab'), truncated)).toBe('p0 not-eq ab')
  })

  test('let results through that wrapped around', () => {
    const threes = spec([2, { kind: 'truncate', width: 3 }])
    const passes = partitionEvaluator(projectInclusive(lt('n', 0), schema, threes), threes)
    // truncate[3](-2147483648) is -2147483649, which is 2147483647 as an int.
    expect(passes([2147483647])).toBe(true)
    expect(passes([6])).toBe(false)
  })

  test('ask an identity partition through the transform of the predicate', () => {
    const identity = spec([1, { kind: 'identity' }])
    const passes = partitionEvaluator(
      projectInclusive(eq({ transform: 'bucket[16]', reference: 'id' }, 3), schema, identity),
      identity,
    )
    expect(passes([34n])).toBe(true)
    expect(passes([4n])).toBe(false)
  })

  test('leave void, unknown and many-argument partition fields out', () => {
    const odd: PartitionSpec = {
      specId: 0,
      fields: [
        { fieldId: 1000, name: 'a', sourceIds: [1], transform: { kind: 'void' } },
        { fieldId: 1001, name: 'b', sourceIds: [1], transform: { kind: 'unknown', text: 'zorder' } },
        { fieldId: 1002, name: 'c', sourceIds: [1, 2], transform: { kind: 'bucket', numBuckets: 4 } },
        { fieldId: 1003, name: 'd', sourceIds: [99], transform: { kind: 'identity' } },
        { fieldId: 1004, name: 'e', sourceIds: [1], transform: { kind: 'identity' } },
      ],
    }
    expect(inclusive(eq('id', 5), odd)).toBe('e eq 5')
    expect(strict(eq('id', 5), odd)).toBe('e eq 5')
  })

  test('take tuples from before their column was promoted to long', () => {
    const identity = spec([1, { kind: 'identity' }])
    const passes = partitionEvaluator(projectInclusive(isIn('id', [5, 6]), schema, identity), identity)
    expect(passes([5])).toBe(true)
    expect(passes([7])).toBe(false)
  })
})

describe('residuals', () => {
  const between = and(gtEq('ts', '2026-11-20T12:00:00'), lt('ts', '2026-11-22T12:00:00'))
  const residual = residualEvaluator(and(between, eq('n', 1)), schema, day)

  test('keep only what the partition leaves open', () => {
    expect(residual([20776])).toEqual({ op: 'false' })
    expect(residual([20777])).toEqual(and(gtEq('ts', '2026-11-20T12:00:00'), eq('n', 1)))
    expect(residual([20778])).toEqual(eq('n', 1))
    expect(residual([20779])).toEqual(and(lt('ts', '2026-11-22T12:00:00'), eq('n', 1)))
    expect(residual([null])).toEqual({ op: 'false' })
  })

  test('bind again, with every not pushed down', () => {
    const left = residualEvaluator(not(or(eq('n', 1), lt('id', 5))), schema, spec())([])
    expect(left).toEqual(and(notEq('n', 1), gtEq('id', 5)))
    expect(bind(left, schema)).toEqual(bind(not(or(eq('n', 1), lt('id', 5))), schema))
  })

  test('of a partition of nulls do not match a negated comparison', () => {
    const identity = spec([2, { kind: 'identity' }])
    expect(residualEvaluator(not(lt('n', 5)), schema, identity)([null])).toEqual({ op: 'false' })
    expect(residualEvaluator(not(eq('n', 5)), schema, identity)([null])).toEqual({ op: 'true' })
  })
})

describe('manifests', () => {
  const manifest = (...partitions: PartitionFieldSummary[]): ManifestFile => ({
    manifestPath: 'm.avro',
    manifestLength: 1n,
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 1n,
    minSequenceNumber: 1n,
    addedSnapshotId: 1n,
    partitions,
  })
  const summary = (type: PrimitiveType, low: Literal, high: Literal): PartitionFieldSummary => ({
    containsNull: false,
    lowerBound: encodeSingleValue(type, low),
    upperBound: encodeSingleValue(type, high),
  })
  const identity = (sourceId: number) => spec([sourceId, { kind: 'identity' }])

  test('are skipped by their summaries, and read when they have none', () => {
    const mayMatch = manifestEvaluator(gt('n', 5), schema, identity(2))
    expect(mayMatch(manifest(summary(intType, 1, 5)))).toBe(false)
    expect(mayMatch(manifest(summary(intType, 1, 6)))).toBe(true)
    expect(mayMatch(manifest({ containsNull: true }))).toBe(false)
    expect(mayMatch(manifest({ containsNull: false }))).toBe(true)
    expect(mayMatch(manifest())).toBe(true)
    expect(mayMatch({ ...manifest(), partitions: undefined } as unknown as ManifestFile)).toBe(true)
  })

  test('take bounds from before a promotion', () => {
    const mayMatch = manifestEvaluator(eq('id', 7), schema, identity(1))
    expect(mayMatch(manifest(summary(intType, 1, 5)))).toBe(false)
    expect(mayMatch(manifest(summary(intType, 1, 9)))).toBe(true)
  })

  test('with a NaN partition may match what is greater', () => {
    const mayMatch = manifestEvaluator(gt('d', 5), schema, identity(5))
    expect(mayMatch(manifest({ ...summary(doubleType, 1, 2), containsNan: true }))).toBe(true)
    expect(mayMatch(manifest(summary(doubleType, 1, 2)))).toBe(true)
    expect(mayMatch(manifest({ ...summary(doubleType, 1, 2), containsNan: false }))).toBe(false)
  })

  test('of uuids hold for both orders that writers use', () => {
    const [low, middle, high] = ['1', '5', 'f'].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`)
    const mayMatch = (value: string) => manifestEvaluator(eq('u', value), schema, identity(6))
    // As signed longs f… is negative, so that the bounds of {1…, f…} are f… to 1….
    expect(mayMatch(low!)(manifest(summary(uuidType, high!, low!)))).toBe(true)
    expect(mayMatch(middle!)(manifest(summary(uuidType, high!, low!)))).toBe(false)
    expect(mayMatch(middle!)(manifest(summary(uuidType, low!, low!)))).toBe(false)
  })
})
