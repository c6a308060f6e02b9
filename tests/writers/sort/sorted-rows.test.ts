import type { RecordBatch } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrowSchemaOf } from '../../../format/arrow/arrow-schema.ts'
import type { PartitionSpec } from '../../../format/partition-spec.ts'
import type { SortField, SortOrder } from '../../../format/sort-order.ts'
import { bindTransform, canTransform, transformResultType } from '../../../format/transforms/apply.ts'
import type { Transform } from '../../../format/transforms/transform.ts'
import {
  intType,
  type Literal,
  longType,
  type MapType,
  type NestedField,
  type PrimitiveType,
  stringType,
  structType,
  unknownType,
} from '../../../format/types.ts'
import { literalComparator } from '../../../format/values/compare.ts'
import { partitionRouter } from '../../../writers/partition-router.ts'
import { rowsToBatches } from '../../../writers/row-batches.ts'
import { sortKeyEncoder } from '../../../writers/sort/sort-keys.ts'
import { type SortedRowsOptions, sortedRows } from '../../../writers/sort/sorted-rows.ts'
import { batchRows } from '../../arrow-values.ts'
import { valuesByType } from '../../format/values/every-value.ts'
import { memoryScratch } from './memory-scratch.ts'

const seed = 20261125

type Row = { readonly id: bigint; readonly part: number; readonly [name: string]: unknown }

const transforms: readonly Transform[] = [
  { kind: 'identity' },
  { kind: 'bucket', numBuckets: 5 },
  { kind: 'truncate', width: 3 },
  { kind: 'year' },
  { kind: 'month' },
  { kind: 'day' },
  { kind: 'hour' },
  { kind: 'void' },
]

/** A column `a` at the top, `s.b` in a struct that may be null, and `r`, which is never null: each of some type. */
interface Case {
  readonly fields: readonly NestedField[]
  readonly order: SortOrder
  readonly rows: readonly Row[]
  readonly maxBytes: number
  readonly batchRows: number
}

const typed = fc.constantFrom(...valuesByType)

const cases: fc.Arbitrary<Case> = fc.tuple(typed, typed, typed).chain(([a, b, r]) => {
  const columns = [
    { id: 3, type: a[0] },
    { id: 5, type: b[0] },
    { id: 6, type: r[0] },
  ]
  const fields: NestedField[] = [
    { id: 1, name: 'id', required: true, type: longType },
    { id: 2, name: 'part', required: true, type: intType },
    { id: 3, name: 'a', required: false, type: a[0] },
    {
      id: 4,
      name: 's',
      required: false,
      type: structType([{ id: 5, name: 'b', required: true, type: b[0] }]),
    },
    { id: 6, name: 'r', required: true, type: r[0] },
    { id: 7, name: 'nothing', required: false, type: unknownType },
    { id: 8, name: 'tags', required: false, type: mapOf(9) },
  ]
  const term = fc.constantFrom(...columns).chain(({ id, type }) =>
    fc.record<SortField>({
      sourceIds: fc.constant([id]),
      transform: fc.constantFrom(...transforms.filter((transform) => canTransform(transform, type))),
      direction: fc.constantFrom('asc', 'desc'),
      nullOrder: fc.constantFrom('nulls-first', 'nulls-last'),
    }),
  )
  // Few values, so that many rows are equal.
  const pools = fc.tuple(...[a, b, r].map(([, values]) => fc.array(values, { minLength: 1, maxLength: 6 })))
  const sizes = fc.record({
    maxBytes: fc.constantFrom(1, 30_000, 2 ** 30),
    batchRows: fc.constantFrom(1, 7, 100),
    terms: fc.array(term, { minLength: 1, maxLength: 3 }),
    count: fc.integer({ min: 0, max: 120 }),
    random: fc.infiniteStream(fc.nat()),
  })
  return fc.tuple(pools, sizes).map(([[as, bs, rs], { terms, count, random, ...limits }]) => {
    const pick = (values: readonly Literal[]) => values[random.next().value % values.length]!
    const chance = (of: number) => random.next().value % of === 0
    const rows = Array.from({ length: count }, (_, id) => ({
      id: BigInt(id),
      part: random.next().value % 3,
      a: chance(4) ? null : pick(as!),
      s: chance(4) ? null : { b: pick(bs!) },
      r: pick(rs!),
      tags: chance(3) ? null : { x: id },
    }))
    return { fields, order: { orderId: 1, fields: terms }, rows, ...limits }
  })
})

describe('rows of a sort order', () => {
  test('come partition by partition as a plain stable sort has them, spilled or not', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ fields, order, rows, ...limits }) => {
        const scratch = memoryScratch()
        const found = await sorted(fields, order, rows, { ...limits, openScratch: scratch.open })
        const parts = [...new Set(rows.map(({ part }) => part))]
        const expected = parts.flatMap((part) =>
          rows.filter((row) => row.part === part).sort(naiveComparison(fields, order)),
        )
        const all = await batchesOf(fields, rows)
        const rowOf = new Map(all.flatMap(batchRows).map((row) => [row['id'], row]))
        expect(found).toEqual(expected.map(({ id }) => rowOf.get(id)))
        expect(scratch.openFiles).toBe(0)
        if (limits.maxBytes === 1) expect(scratch.filesEver > 0).toBe(rows.length > 0)
      }),
      { seed, numRuns: Number(process.env['MORAINE_SEEDS'] ?? 60) },
    )
  })

  test('of hundreds of spilled runs are merged in rounds', async () => {
    const fields: readonly NestedField[] = [
      { id: 1, name: 'id', required: true, type: longType },
      { id: 2, name: 'part', required: true, type: intType },
      { id: 3, name: 'name', required: false, type: stringType },
    ]
    const rows = Array.from({ length: 1100 }, (_, id) => ({
      id: BigInt(id),
      part: 0,
      name: id % 50 === 0 ? null : `name ${(id * 7919) % 400}`,
    }))
    const order = orderBy(3)
    const scratch = memoryScratch()
    const limits = { maxBytes: 1, batchRows: 1, openScratch: scratch.open }
    const found = await sorted(fields, order, rows, limits)
    expect(found).toEqual([...rows].sort(naiveComparison(fields, order)))
    expect(scratch.mostOpenFiles).toBeLessThan(80)
    expect(scratch.filesEver).toBeGreaterThan(1100)
    expect(scratch.openFiles).toBe(0)
  })

  test('put NaN last, whatever its bits, and -0.0 before 0.0', async () => {
    const fields: readonly NestedField[] = [
      { id: 1, name: 'id', required: true, type: longType },
      { id: 2, name: 'part', required: true, type: intType },
      { id: 3, name: 'f', required: true, type: { kind: 'float' } },
      { id: 4, name: 'd', required: true, type: { kind: 'double' } },
    ]
    const values = [Number.NaN, 1, -0, 0, Number.NEGATIVE_INFINITY, -1, Number.POSITIVE_INFINITY]
    const rows = values.map((value, id) => ({ id: BigInt(id), part: 0, f: value, d: value }))
    const [batch] = await batchesOf(fields, [...rows, { id: 7n, part: 0, f: Number.NaN, d: Number.NaN }])
    // The last row's NaNs have the sign bit set.
    new Uint32Array(batch!.data.children[2]!.values.buffer)[7] = 0xffc0_0001
    new Uint32Array(batch!.data.children[3]!.values.buffer)[15] = 0xfff8_0000
    for (const id of [3, 4]) {
      const { encode } = encoderOf(orderBy(id), fields)
      const parts = sortedRows(routed([batch!]), {
        arrowSchema: arrowSchemaOf(fields),
        keysOf: encode,
        signal: undefined,
      })
      const ids: unknown[] = []
      for await (const { rows } of parts) ids.push(...batchRows(rows).map((row) => row['id']))
      expect(ids).toEqual([4n, 5n, 2n, 3n, 1n, 6n, 0n, 7n])
    }
  })

  test('give back memory and disk when the consumer leaves, the input fails or the disk is full', async () => {
    const fields: readonly NestedField[] = [
      { id: 1, name: 'id', required: true, type: longType },
      { id: 2, name: 'part', required: true, type: intType },
    ]
    const rows = Array.from({ length: 40 }, (_, id) => ({ id: BigInt(40 - id), part: 0 }))
    const batches = await batchesOf(fields, rows, 1)
    const options = {
      arrowSchema: arrowSchemaOf(fields),
      keysOf: encoderOf(orderBy(1), fields).encode,
      signal: undefined,
    }

    const left = memoryScratch()
    for await (const _ of sortedRows(routed(batches), { ...options, maxBytes: 1, openScratch: left.open })) {
      expect(left.openFiles).toBeGreaterThan(0)
      break
    }
    expect(left.openFiles).toBe(0)

    const failed = memoryScratch()
    const failing = async function* () {
      yield* routed(batches)
      throw new Error('the input is broken')
    }
    const limits = { maxBytes: 1, openScratch: failed.open }
    await expect(drain(sortedRows(failing(), { ...options, ...limits }))).rejects.toThrow('broken')
    expect([failed.openFiles, failed.filesEver > 0]).toEqual([0, true])

    for (const capacity of [0, 1000, 15_000]) {
      const full = memoryScratch(capacity)
      const sorting = sortedRows(routed(batches), { ...options, maxBytes: 1, openScratch: full.open })
      await expect(drain(sorting)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      expect([full.openFiles, full.filesEver > 0]).toEqual([0, true])
    }
  })
})

describe('an order that rows cannot be put in', () => {
  const fields: readonly NestedField[] = [
    { id: 1, name: 'id', required: true, type: longType },
    { id: 2, name: 'tags', required: false, type: mapOf(3) },
  ]
  test.each<[string, Partial<SortField>, RegExp]>([
    ['has a transform from another version', { transform: { kind: 'unknown', text: 'zorder' } }, /zorder/],
    ['sorts by several columns at once', { sourceIds: [1, 2] }, /2 columns/],
    ['sorts by a column that is gone', { sourceIds: [99] }, /no column with id 99/],
    ['sorts by the insides of a map', { sourceIds: [4] }, /no column with id 4/],
    ['sorts by a map', { sourceIds: [2] }, /'tags'/],
    ['takes the hour of a number', { transform: { kind: 'hour' } }, /hour does not take column 'id'/],
  ])('%s', (_name, term, obstacle) => {
    const [field] = orderBy(1).fields
    const encoder = sortKeyEncoder({ orderId: 1, fields: [{ ...field!, ...term }] }, { fields })
    expect(encoder).toEqual({ obstacle: expect.stringMatching(obstacle) })
  })
})

function mapOf(keyId: number): MapType {
  return { kind: 'map', keyId, key: stringType, valueId: keyId + 1, value: intType, valueRequired: false }
}

function orderBy(sourceId: number): SortOrder {
  const transform: Transform = { kind: 'identity' }
  return {
    orderId: 1,
    fields: [{ sourceIds: [sourceId], transform, direction: 'asc', nullOrder: 'nulls-first' }],
  }
}

function encoderOf(order: SortOrder, fields: readonly NestedField[]) {
  const encoder = sortKeyEncoder(order, { fields })
  if ('obstacle' in encoder) throw new Error(encoder.obstacle)
  return encoder
}

async function sorted(
  fields: readonly NestedField[],
  order: SortOrder,
  rows: readonly unknown[],
  { batchRows: size, ...limits }: { batchRows: number } & Partial<SortedRowsOptions>,
): Promise<Record<string, unknown>[]> {
  const { encode: keysOf } = encoderOf(order, fields)
  const input = routed(await batchesOf(fields, rows, size), fields)
  const found: Record<string, unknown>[] = []
  const parts = sortedRows(input, {
    arrowSchema: arrowSchemaOf(fields),
    keysOf,
    signal: undefined,
    ...limits,
  })
  for await (const { partition, rows } of parts) {
    for (const row of batchRows(rows)) {
      expect(row['part']).toBe(partition[0])
      found.push(row)
    }
  }
  return found
}

async function batchesOf(fields: readonly NestedField[], rows: readonly unknown[], batchRows = 1000) {
  const batches: RecordBatch[] = []
  for await (const batch of rowsToBatches(fields, rows, { batchRows })) batches.push(batch)
  return batches
}

/** The rows by their `part`. */
async function* routed(batches: readonly RecordBatch[], fields?: readonly NestedField[]) {
  const spec: PartitionSpec = {
    specId: 0,
    fields: [{ fieldId: 1000, name: 'part', sourceIds: [2], transform: { kind: 'identity' } }],
  }
  const route = partitionRouter(spec, { fields: fields ?? [idField, partField] })
  for (const batch of batches) yield* route(batch)
}

const idField: NestedField = { id: 1, name: 'id', required: true, type: longType }
const partField: NestedField = { id: 2, name: 'part', required: true, type: intType }

/** Compares rows as the spec says, a literal at a time. */
function naiveComparison(fields: readonly NestedField[], order: SortOrder) {
  const comparisons = order.fields.map(({ sourceIds, transform, direction, nullOrder }) => {
    const { read, type } = columnOf(fields, sourceIds[0]!)
    const apply = bindTransform(transform, type)
    const compare = literalComparator(transformResultType(transform, type))
    return (a: Row, b: Row) => {
      const [left, right] = [apply(read(a)), apply(read(b))]
      if (left === null || right === null) {
        const nullsLast = Number(left === null) - Number(right === null)
        return nullOrder === 'nulls-last' ? nullsLast : -nullsLast
      }
      return direction === 'asc' ? compare(left, right) : compare(right, left)
    }
  })
  return (a: Row, b: Row) => comparisons.reduce((decided, compare) => decided || compare(a, b), 0)
}

function columnOf(fields: readonly NestedField[], id: number) {
  const field = fields.find((candidate) => candidate.id === id)
  if (field !== undefined) {
    const read = (row: Row) => row[field.name] as Literal | null
    return { type: field.type as PrimitiveType, read }
  }
  const [inner] = (fields.find(({ name }) => name === 's')!.type as ReturnType<typeof structType>).fields
  const read = (row: Row) => (row['s'] as { b: Literal } | null)?.b ?? null
  return { type: inner!.type as PrimitiveType, read }
}

async function drain(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts);
}
