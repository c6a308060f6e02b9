/** The rules by which rows of one key become one, column by column: groups with an order of their own, and aggregates. */
import { isDeepStrictEqual } from 'node:util'
import type { RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { concatBatches, concatData } from '../../format/arrow/concat.ts'
import { takeData, takeRows } from '../../format/arrow/take.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { pruneFields } from '../../readers/projection.ts'
import { rowReader } from '../../readers/rows.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import { type Aggregate, aggregated } from './aggregates.ts'
import { type KeyField, keyFieldsOf } from './key-fields.ts'
import type { Fold, KeyedRows } from './keyed-rows.ts'
import { compareOrder } from './order-columns.ts'
import type { RowComparer } from './row-comparer.ts'
import type { RowsBefore } from './rows-before.ts'
import type { Group } from './sequence-groups.ts'

export interface ColumnRulesParts {
  /** Of the input, which has the keys and all columns that there is a rule for. */
  readonly schema: Schema
  readonly keys: readonly KeyField[]
  readonly groups: readonly Group[]
  readonly aggregates: readonly Aggregate[]
  /** Of whole rows, in which the last value is the last. */
  readonly order: readonly KeyField[]
}

/** Rows of the table that have keys of the input. */
export interface RowsThere {
  readonly others: RecordBatch
  readonly before: RowsBefore
}

/** What becomes of each column where several rows have one key: of the input, and of the table and the input. */
export class ColumnRules {
  readonly #schema: Schema
  readonly #keys: readonly KeyField[]
  readonly #groups: readonly Group[]
  readonly #aggregates: readonly Aggregate[]
  readonly #order: readonly KeyField[]

  constructor({ schema, keys, groups, aggregates, order }: ColumnRulesParts) {
    this.#order = order
    this.#schema = schema
    this.#keys = keys
    this.#groups = groups
    this.#aggregates = aggregates
  }

  /** The columns that there is a rule for: those of the groups, and those that are aggregated. */
  get fields(): readonly NestedField[] {
    return this.#places.map((place) => this.#schema.fields[place]!)
  }

  get #places(): readonly number[] {
    return [...this.#groups.flatMap(({ places }) => places), ...this.#aggregates.map(({ place }) => place)]
  }

  /** One row for each key, of each group the newest state: of equals the later one. */
  readonly fold: Fold = (batches, owners) => {
    const all = concatBatches(arrowSchemaOf(this.#schema.fields), batches)
    const ownerOf = Float64Array.from(owners.flatMap((part) => [...part]))
    const last = new Map<number, number>()
    for (const [row, owner] of ownerOf.entries()) last.set(owner, row)
    const rows = Int32Array.from(last.values())
    const folded = [...takeRows(all, rows).data.children]
    for (const { order, places } of this.#groups) {
      const newest = new Map<number, number>()
      ownerOf.forEach((owner, row) => {
        const best = newest.get(owner)
        if (
          isPresent(order, all, row) &&
          (best === undefined || compareOrder(order, all, best, order, all, row) <= 0)
        ) {
          newest.set(owner, row)
        }
      })
      // Where no row has the group, any row says so.
      const chosen = Int32Array.from(rows, (row) => newest.get(ownerOf[row]!) ?? row)
      for (const place of places) folded[place] = takeData(all.data.children[place]!, chosen)
    }
    if (this.#aggregates.length > 0) {
      const slots = new Map(Array.from(rows, (row) => [ownerOf[row]!, [] as number[]]))
      for (const [row, owner] of ownerOf.entries()) slots.get(owner)!.push(row)
      for (const aggregate of this.#aggregates) {
        const inOrder = (list: readonly number[]) =>
          aggregate.by !== 'last_non_null'
            ? list
            : list.toSorted((a, b) => compareOrder(this.#order, all, a, this.#order, all, b))
        const column = all.data.children[aggregate.place]!
        folded[aggregate.place] = aggregated(aggregate, column, [...slots.values()].map(inOrder))
      }
    }
    const batch = batchOf(all.schema, folded, rows.length)
    return [{ batch, numbers: Float64Array.from(rows, (row) => ownerOf[row]!) }]
  }

  /** Of the table's rows the columns with a rule are kept, and `leftOut`. Those stay which nothing of the input changes. */
  comparer(rows: KeyedRows, leftOut: readonly NestedField[], skipUnchanged: boolean): RowComparer {
    const { fields } = this
    const keys = pruneFields(this.#schema.fields, new Set(this.#keys.map(({ field }) => field.id)))
    const found = this.#in({ ...this.#schema, fields })
    const schema = arrowSchemaOf(fields)
    const readRow = rowReader(fields, { variants: 'bytes' })
    const inputs = skipUnchanged ? rows.batches.map((batch) => readRow(this.#grouped(batch))) : undefined
    return {
      fields: [...keys, ...fields, ...leftOut],
      keys: keyFieldsOf({ ...this.#schema, fields: keys }, this.#keys),
      kept: [...fields, ...leftOut],
      keptOf: (columns) => columns.slice(keys.length),
      over: (columns, length) => {
        const before = batchOf(schema, columns.slice(keys.length, keys.length + fields.length), length)
        const readBefore = inputs && readRow(before)
        return (row, number) => {
          const place = rows.placeOf(number)
          const input = rows.batches[place.batch]!
          const taken = this.#groups.flatMap(({ order, places }, g) => {
            const isTaken =
              isPresent(order, input, place.row) &&
              compareOrder(found[g]!, before, row, order, input, place.row) <= 0
            return isTaken ? places : []
          })
          const isAggregated = this.#aggregates.some(
            ({ place: at }) => !sourceColumn(input, [at]).isNull(place.row),
          )
          if (isAggregated) return 'older'
          if (taken.length === 0) return 'newer'
          if (inputs === undefined) return 'older'
          const [own, theirs] = [inputs[place.batch]!(place.row), readBefore!(row)]
          const isSame = taken.every((at) => {
            const { name } = this.#schema.fields[at]!
            return isDeepStrictEqual(own[name], theirs[name])
          })
          return isSame ? 'same' : 'older'
        }
      },
    }
  }

  /**
   * Rows of the input, of these numbers, as they become beside those of the table: `others` has one for each, whose columns
   * are `fields` and more, and `before` those that have the same keys.
   */
  merged(batch: RecordBatch, numbers: Float64Array, { others, before }: RowsThere): RecordBatch {
    const { numRows } = batch
    const isNew = (row: number) => before.isNew(numbers[row]!)
    const inOthers = this.#in({ ...this.#schema, fields: this.fields })
    const children = [...batch.data.children]
    const inOthersOrder = keyFieldsOf({ ...this.#schema, fields: this.fields }, this.#order)
    const further = before.further()
    let at = 0
    for (const [g, { order, places }] of this.#groups.entries()) {
      const ordered = inOthers[g]!
      const indices = Int32Array.from({ length: numRows }, (_, row) => {
        let newest = { of: others, row, slot: numRows + row }
        for (const one of before.furtherOf(numbers[row]!)) {
          const isOlder = compareOrder(ordered, newest.of, newest.row, ordered, further, one) < 0
          if (isOlder) newest = { of: further, row: one, slot: 2 * numRows + one }
        }
        const isTaken =
          isPresent(order, batch, row) &&
          (isNew(row) || compareOrder(ordered, newest.of, newest.row, order, batch, row) <= 0)
        return isTaken ? row : newest.slot
      })
      for (const place of places) {
        const all = [children[place]!, others.data.children[at]!, further.data.children[at++]!]
        children[place] = takeData(concatData(all[0]!.type, all), indices)
      }
    }
    for (const aggregate of this.#aggregates) {
      const { place, counted } = aggregate
      const all = [others.data.children[at]!, further.data.children[at++]!, children[place]!]
      const slots = Array.from({ length: numRows }, (_, row) => {
        const own = numRows + further.numRows + row
        if (isNew(row)) return [own]
        const there = [row, ...before.furtherOf(numbers[row]!).map((slot) => numRows + slot)]
        const isLate =
          aggregate.by === 'last_non_null' &&
          compareOrder(inOthersOrder, others, row, this.#order, batch, row) > 0
        return isLate ? [own, ...there] : [...there, own]
      })
      children[place] = aggregated(counted ?? aggregate, concatData(all[0]!.type, all), slots)
    }
    return batchOf(batch.schema, children, numRows)
  }

  /** The groups' orders, where they stand in another schema. */
  #in(schema: Schema): readonly (readonly KeyField[])[] {
    return this.#groups.map(({ order }) => keyFieldsOf(schema, order))
  }

  #grouped(batch: RecordBatch): RecordBatch {
    const children = this.#places.map((place) => batch.data.children[place]!)
    return batchOf(arrowSchemaOf(this.fields), children, batch.numRows)
  }
}

/** Whether a row says anything of a group. */
function isPresent(order: readonly KeyField[], batch: RecordBatch, row: number): boolean {
  return order.length === 0 || order.some(({ places }) => !sourceColumn(batch, places).isNull(row))
}
