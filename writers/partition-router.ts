import { Buffer } from 'node:buffer'
import type { RecordBatch } from 'apache-arrow'
import { literalReader } from '../format/arrow/literal-reader.ts'
import { takeRows } from '../format/arrow/take.ts'
import { invalidArgument, unsupported } from '../format/errors.ts'
import type { PartitionTuple } from '../format/manifest.ts'
import type { PartitionField, PartitionSpec } from '../format/partition-spec.ts'
import { findFieldById, type Schema } from '../format/schema.ts'
import { bindTransform } from '../format/transforms/apply.ts'
import { isPrimitive, type Literal, typeToString } from '../format/types.ts'
import { placesOf, sourceColumn } from './source-column.ts'

/** The rows of one batch that fall into one partition. */
export interface PartitionRows {
  /** The same number for the same partition, whatever the batch. */
  readonly partitionId: number
  readonly partition: PartitionTuple
  readonly rows: RecordBatch
}

/**
 * Splits batches of `schema` by partition, rows kept in order, partitions by their first row. NaNs are one
 * partition, -0.0 and 0.0 are two (as Iceberg Java's comparison has it).
 *
 * Throws UNSUPPORTED for a spec that only reading can ignore: an unknown transform, or one of several columns.
 */
export function partitionRouter(
  spec: PartitionSpec,
  schema: Pick<Schema, 'fields'>,
): (batch: RecordBatch) => readonly PartitionRows[] {
  if (spec.fields.length === 0) {
    return (batch) => (batch.numRows === 0 ? [] : [{ partitionId: 0, partition: [], rows: batch }])
  }
  const coders = spec.fields.map((field) => fieldCoder(field, schema))
  const tuples = new TupleIds(coders)
  return (batch) => {
    if (batch.numRows === 0) return []
    const columns = coders.map((coder) => coder.codes(batch))
    return split(batch, tuples.idsOf(columns), tuples)
  }
}

/** One partition field: numbers its values densely, as they come. */
interface FieldCoder {
  codes(batch: RecordBatch): Int32Array
  valueOf(code: number): Literal | null
}

const nullCoder: FieldCoder = { codes: (batch) => new Int32Array(batch.numRows), valueOf: () => null }

function fieldCoder(field: PartitionField, schema: Pick<Schema, 'fields'>): FieldCoder {
  if (field.transform.kind === 'void') return nullCoder
  const [sourceId] = field.sourceIds
  if (sourceId === undefined || field.sourceIds.length > 1) {
    throw unsupported(`partition field '${field.name}' takes ${field.sourceIds.length} columns, expected one`)
  }
  const source = findFieldById(schema, sourceId)
  if (source === undefined || source.repeated || !isPrimitive(source.field.type)) {
    const found = source === undefined ? 'no column' : typeToString(source.field.type)
    throw invalidArgument(
      `partition field '${field.name}' has the source ${sourceId}: expected a primitive column outside lists and maps, found ${found}`,
    )
  }
  const { type } = source.field
  if (type.kind === 'unknown') return nullCoder
  const transform = bindTransform(field.transform, type)
  const places = placesOf(schema, source.idPath)
  const values = new ValueCodes()

  function codes(batch: RecordBatch): Int32Array {
    const { column, isNull } = sourceColumn(batch, places)
    const read = literalReader(type, column)
    const result = new Int32Array(batch.numRows)
    // Neighbours are often alike: they are looked up once.
    let last: Literal | null = null
    let lastCode = -1
    for (let row = 0; row < result.length; row++) {
      const value = isNull(row) ? null : transform(read(row))
      if (lastCode === -1 || !Object.is(value, last)) {
        last = value
        lastCode = values.codeOf(value)
      }
      result[row] = lastCode
    }
    return result
  }
  return { codes, valueOf: (code) => values.valueOf(code) }
}

/** Distinct partition values and their codes. */
class ValueCodes {
  readonly #codes = new Map<Literal | null, number>()
  readonly #values: (Literal | null)[] = []

  codeOf(value: Literal | null): number {
    const key = keyOf(value)
    const known = this.#codes.get(key)
    if (known !== undefined) return known
    const code = this.#values.length
    this.#codes.set(key, code)
    this.#values.push(value instanceof Uint8Array ? value.slice() : value)
    return code
  }

  valueOf(code: number): Literal | null {
    return this.#values[code]!
  }
}

/** What a Map tells apart exactly as partitions are: it takes NaNs for one key, but -0 for 0. */
function keyOf(value: Literal | null): Literal | null {
  if (Object.is(value, -0)) return '-0'
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
}

/** More codes than this would need more memory than there is. */
const MAX_CODES = 2 ** 26

/** Numbers the combinations of the fields' codes densely, field by field: id of the fields before, and code. */
class TupleIds {
  readonly #coders: readonly FieldCoder[]
  /** Per field but the first: the pair as one number, to the id; in the order of ids. */
  readonly #pairs: readonly Map<number, number>[]
  /** The same backwards: the pair of each id. */
  readonly #pairOf: readonly number[][]

  constructor(coders: readonly FieldCoder[]) {
    this.#coders = coders
    this.#pairs = coders.slice(1).map(() => new Map())
    this.#pairOf = this.#pairs.map(() => [])
  }

  /** The id of every row. `columns` are the codes of every field, one at least. */
  idsOf(columns: readonly Int32Array[]): Int32Array {
    const ids = columns[0]!
    for (let f = 0; f < this.#pairs.length; f++) {
      combine(ids, columns[f + 1]!, this.#pairs[f]!, this.#pairOf[f]!)
    }
    return ids
  }

  tupleOf(id: number): PartitionTuple {
    const tuple: (Literal | null)[] = []
    let rest = id
    for (let f = this.#coders.length - 1; f >= 0; f--) {
      const pair = f === 0 ? rest : this.#pairOf[f - 1]![rest]!
      tuple[f] = this.#coders[f]!.valueOf(pair % MAX_CODES)
      rest = Math.floor(pair / MAX_CODES)
    }
    return tuple
  }
}

/** Replaces each row's id by that of the pair of id and code. */
function combine(ids: Int32Array, codes: Int32Array, known: Map<number, number>, pairOf: number[]): void {
  for (let row = 0; row < ids.length; row++) {
    const pair = ids[row]! * MAX_CODES + codes[row]!
    let id = known.get(pair)
    if (id === undefined) {
      id = pairOf.length
      known.set(pair, id)
      pairOf.push(pair)
    }
    ids[row] = id
  }
}

function split(batch: RecordBatch, ids: Int32Array, tuples: TupleIds): PartitionRows[] {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  if (counts.size === 1) {
    const partitionId = ids[0]!
    return [{ partitionId, partition: tuples.tupleOf(partitionId), rows: batch }]
  }
  // A counting sort: row numbers by partition, each partition's in order.
  const next = new Map<number, number>()
  let start = 0
  for (const [id, count] of counts) {
    next.set(id, start)
    start += count
  }
  const sorted = new Int32Array(ids.length)
  for (let row = 0; row < ids.length; row++) {
    const at = next.get(ids[row]!)!
    sorted[at] = row
    next.set(ids[row]!, at + 1)
  }
  return Array.from(counts, ([partitionId, count]) => {
    const end = next.get(partitionId)!
    const rows = takeRows(batch, sorted.subarray(end - count, end))
    return { partitionId, partition: tuples.tupleOf(partitionId), rows }
  })
}
