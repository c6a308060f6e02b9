import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bind } from '../../../format/expressions/bind.ts'
import { literalKey } from '../../../format/expressions/bound.ts'
import { rowEvaluator } from '../../../format/expressions/evaluate.ts'
import type { Expression } from '../../../format/expressions/expression.ts'
import { expressionFromJson, expressionToJson } from '../../../format/expressions/json.ts'
import { manifestEvaluator } from '../../../format/expressions/manifest-evaluator.ts'
import {
  inclusiveMetricsEvaluator,
  strictMetricsEvaluator,
} from '../../../format/expressions/metrics-evaluator.ts'
import { partitionEvaluator, projectInclusive, projectStrict } from '../../../format/expressions/project.ts'
import { residualEvaluator } from '../../../format/expressions/residual.ts'
import { parseJson, stringifyJson } from '../../../format/lossless-json.ts'
import type {
  DataFile,
  ManifestFile,
  PartitionFieldSummary,
  PartitionTuple,
} from '../../../format/manifest.ts'
import type { PartitionSpec } from '../../../format/partition-spec.ts'
import { bindTransform, transformResultType } from '../../../format/transforms/apply.ts'
import type { Transform } from '../../../format/transforms/transform.ts'
import { intType, type Literal, type PrimitiveType } from '../../../format/types.ts'
import { truncateLower, truncateUpper } from '../../../format/values/bounds.ts'
import { compareLiterals } from '../../../format/values/compare.ts'
import { encodeSingleValue } from '../../../format/values/single-value-binary.ts'
import { runs } from '../../runs.ts'
import {
  type Column,
  columns,
  expressions,
  expressionsOn,
  type Row,
  schema,
  similarRows,
} from './random-tables.ts'

const SEED = 20261121

function matches(expression: Expression): (row: Row) => boolean {
  const test = rowEvaluator(bind(expression, schema))
  return (row) => test((id) => row.get(id) ?? null)
}

function least(type: PrimitiveType, values: readonly Literal[]): Literal | undefined {
  return values.reduce<Literal | undefined>(
    (low, value) => (low === undefined || compareLiterals(type, value, low) < 0 ? value : low),
    undefined,
  )
}

function greatest(type: PrimitiveType, values: readonly Literal[]): Literal | undefined {
  return values.reduce<Literal | undefined>(
    (high, value) => (high === undefined || compareLiterals(type, value, high) > 0 ? value : high),
    undefined,
  )
}

/** Before its column was promoted, a bound of a long had 4 bytes. */
function encodeBound(type: PrimitiveType, value: Literal, writer: WriterHabits): Uint8Array {
  const { promoted, confusesZeros } = writer
  if (confusesZeros && value === 0) return encodeSingleValue(type, -value)
  if (promoted && type.kind === 'long' && value === BigInt.asIntN(32, value as bigint)) {
    return encodeSingleValue(intType, Number(value))
  }
  return encodeSingleValue(type, value)
}

interface WriterHabits {
  /** Per column, a bit each for value, null and NaN counts, lower and upper bound that the writer left out. */
  readonly omitted: readonly number[]
  readonly promoted: boolean
  /** Whether values under a null struct are left out of the counts. */
  readonly countsPresentOnly: boolean
  readonly width: number
  /** Whether a bound of zero has whichever sign. */
  readonly confusesZeros: boolean
}

const habits: fc.Arbitrary<WriterHabits> = fc.record({
  omitted: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 31 })), {
    minLength: columns.length,
    maxLength: columns.length,
  }),
  promoted: fc.boolean(),
  countsPresentOnly: fc.boolean(),
  width: fc.integer({ min: 1, max: 3 }),
  confusesZeros: fc.boolean(),
})

function fileOf(rows: readonly Row[], writer: WriterHabits): DataFile {
  const { omitted, countsPresentOnly, width } = writer
  const valueCounts = new Map<number, bigint>()
  const nullValueCounts = new Map<number, bigint>()
  const nanValueCounts = new Map<number, bigint>()
  const lowerBounds = new Map<number, Uint8Array>()
  const upperBounds = new Map<number, Uint8Array>()
  columns.forEach(({ id, type, nested }, i) => {
    const without = omitted[i]!
    // A required member of the struct is null only where the struct is.
    const counted = nested && countsPresentOnly ? rows.filter((row) => row.get(16) !== null) : rows
    const values = counted.map((row) => row.get(id)!)
    const present = values.filter((value) => value !== null)
    const real = present.filter((value) => !Number.isNaN(value))
    const low = least(type, real)
    const high = greatest(type, real)
    const upper = high === undefined ? undefined : truncateUpper(type, high, width)
    if (!(without & 1)) valueCounts.set(id, BigInt(values.length))
    if (!(without & 2)) nullValueCounts.set(id, BigInt(values.length - present.length))
    if (!(without & 4) && (type.kind === 'float' || type.kind === 'double')) {
      nanValueCounts.set(id, BigInt(present.length - real.length))
    }
    if (!(without & 8) && low !== undefined) {
      lowerBounds.set(id, encodeBound(type, truncateLower(type, low, width), writer))
    }
    if (!(without & 16) && upper !== undefined) upperBounds.set(id, encodeBound(type, upper, writer))
  })
  return {
    content: 'data',
    filePath: 'memory://table/data/1.parquet',
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount: BigInt(rows.length),
    fileSizeInBytes: 1000n,
    valueCounts,
    nullValueCounts,
    nanValueCounts,
    lowerBounds,
    upperBounds,
  }
}

const specs: fc.Arbitrary<PartitionSpec> = fc
  .subarray(
    columns.flatMap((column) =>
      [{ kind: 'identity' }, { kind: 'void' }, ...column.transforms].map((transform) => ({
        sourceId: column.id,
        transform: transform as Transform,
      })),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(specOf)

function specsOn(column: Column): fc.Arbitrary<PartitionSpec> {
  const transforms = [{ kind: 'identity' } as Transform, ...column.transforms]
  return fc
    .subarray(transforms, { minLength: 1, maxLength: Math.min(2, transforms.length) })
    .map((chosen) => specOf(chosen.map((transform) => ({ sourceId: column.id, transform }))))
}

function specOf(fields: readonly { sourceId: number; transform: Transform }[]): PartitionSpec {
  return {
    specId: 0,
    fields: fields.map(({ sourceId, transform }, i) => ({
      fieldId: 1000 + i,
      name: `p${i}`,
      sourceIds: [sourceId],
      transform,
    })),
  }
}

function typeOf(id: number): PrimitiveType {
  return columns.find((column) => column.id === id)!.type
}

function tupleOf(spec: PartitionSpec, row: Row): PartitionTuple {
  return spec.fields.map(({ sourceIds, transform }) =>
    bindTransform(transform, typeOf(sourceIds[0]!))(row.get(sourceIds[0]!)!),
  )
}

function summariesOf(
  spec: PartitionSpec,
  tuples: readonly PartitionTuple[],
  withNan: boolean,
): PartitionFieldSummary[] {
  return spec.fields.map(({ sourceIds, transform }, i) => {
    const type = transformResultType(transform, typeOf(sourceIds[0]!))
    const present = tuples.map((tuple) => tuple[i]!).filter((value) => value !== null)
    const real = present.filter((value) => !Number.isNaN(value))
    const low = least(type, real)
    const high = greatest(type, real)
    return {
      containsNull: present.length < tuples.length,
      ...(withNan ? { containsNan: real.length < present.length } : {}),
      ...(low === undefined ? {} : { lowerBound: encodeSingleValue(type, low) }),
      ...(high === undefined ? {} : { upperBound: encodeSingleValue(type, high) }),
    }
  })
}

function manifestOf(partitions: readonly PartitionFieldSummary[]): ManifestFile {
  return {
    manifestPath: 'memory://table/metadata/m.avro',
    manifestLength: 1n,
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 1n,
    minSequenceNumber: 1n,
    addedSnapshotId: 1n,
    partitions,
  }
}

/** How often partitions decided; evaluators that decide nothing would be sound too. */
const decided = { pruned: 0, whole: 0, constant: 0, manifests: 0 }

/** What must hold between an expression, a partition spec and the rows of a table. */
function checkPartitioning(
  expression: Expression,
  spec: PartitionSpec,
  rows: readonly Row[],
  withNan: boolean,
): void {
  const rowMatches = matches(expression)
  const mayMatch = partitionEvaluator(projectInclusive(expression, schema, spec), spec)
  const allMatch = partitionEvaluator(projectStrict(expression, schema, spec), spec)
  const residual = residualEvaluator(expression, schema, spec)
  const tuples = rows.map((row) => tupleOf(spec, row))
  rows.forEach((row, i) => {
    const matched = rowMatches(row)
    if (matched) expect(mayMatch(tuples[i]!)).toBe(true)
    if (allMatch(tuples[i]!)) expect(matched).toBe(true)
    const left = structuredClone(residual(tuples[i]!))
    expect(matches(left)(row)).toBe(matched)
    if (!mayMatch(tuples[i]!)) decided.pruned++
    if (allMatch(tuples[i]!)) decided.whole++
    if (left.op === 'true' || left.op === 'false') decided.constant++
  })
  const inManifest = manifestEvaluator(expression, schema, spec)
  const manifest = manifestOf(summariesOf(spec, tuples, withNan))
  if (rows.some(rowMatches)) expect(inManifest(manifest)).toBe(true)
  if (!inManifest(manifest)) decided.manifests++
}

describe('pruning never loses a row', () => {
  test('a file with a matching row passes the inclusive evaluator, and strict files match throughout', () => {
    let pruned = 0
    let whole = 0
    fc.assert(
      fc.property(expressions, similarRows, habits, (expression, rows, writer) => {
        const file = fileOf(rows, writer)
        const rowMatches = matches(expression)
        const some = rows.some(rowMatches)
        const every = rows.every(rowMatches)
        const may = inclusiveMetricsEvaluator(expression, schema)(file)
        const must = strictMetricsEvaluator(expression, schema)(file)
        if (!may && rows.length > 0) pruned++
        if (must && rows.length > 0) whole++
        expect(may || !some).toBe(true)
        expect(!must || every).toBe(true)
      }),
      runs(SEED, 3000),
    )
    // Evaluators that prune nothing would pass too.
    expect(pruned).toBeGreaterThan(500)
    expect(whole).toBeGreaterThan(500)
  })

  test.each(columns.map((column) => [column.id, column] as const))(
    'files and predicates of column %i alone',
    (_, column) => {
      fc.assert(
        fc.property(expressionsOn(column), similarRows, habits, (expression, rows, writer) => {
          const file = fileOf(rows, writer)
          const rowMatches = matches(expression)
          expect(inclusiveMetricsEvaluator(expression, schema)(file) || !rows.some(rowMatches)).toBe(true)
          expect(!strictMetricsEvaluator(expression, schema)(file) || rows.every(rowMatches)).toBe(true)
        }),
        runs(SEED, 300),
      )
    },
  )

  test('projections, residuals and manifest summaries agree with the rows', () => {
    fc.assert(fc.property(expressions, specs, similarRows, fc.boolean(), checkPartitioning), runs(SEED, 2000))
  })

  test.each(columns.map((column) => [column.id, column] as const))(
    'projections, residuals and manifest summaries of column %i alone',
    (_, column) => {
      fc.assert(
        fc.property(expressionsOn(column), specsOn(column), similarRows, fc.boolean(), checkPartitioning),
        runs(SEED, 300),
      )
    },
  )

  test('partitions decided often in the runs above', () => {
    expect(decided.pruned).toBeGreaterThan(1000)
    expect(decided.whole).toBeGreaterThan(1000)
    expect(decided.constant).toBeGreaterThan(2000)
    expect(decided.manifests).toBeGreaterThan(500)
  })

  test('an expression means the same after a round trip through its JSON', () => {
    fc.assert(
      fc.property(expressions, similarRows, (expression, rows) => {
        const again = expressionFromJson(parseJson(stringifyJson(expressionToJson(expression, schema))))
        expect(rows.map(matches(again))).toEqual(rows.map(matches(expression)))
      }),
      runs(SEED, 1000),
    )
  })

  test('a negation matches what the expression does not, nulls in comparisons aside', () => {
    fc.assert(
      fc.property(expressions, similarRows, (child, rows) => {
        const both = rows.filter((row) => matches(child)(row) && matches({ op: 'not', child })(row))
        expect(both).toEqual([])
      }),
      runs(SEED, 1000),
    )
  })
})

test('keys of literals are equal exactly where literals are', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...columns).chain((c) => fc.tuple(fc.constant(c.type), c.values, c.values)),
      ([type, a, b]) => {
        expect(Object.is(literalKey(a), literalKey(b)) || literalKey(a) === literalKey(b)).toBe(
          compareLiterals(type, a, b) === 0,
        )
      },
    ),
    runs(SEED, 1000),
  )
})
