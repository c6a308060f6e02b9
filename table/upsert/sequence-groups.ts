/** Groups of columns, each with an order of its own, so that several sources stitch one row (Paimon's sequence groups). */
import { isDeepStrictEqual } from 'node:util'
import { type Data, makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { concatBatches, concatData } from '../../format/arrow/concat.ts'
import { takeData, takeRows } from '../../format/arrow/take.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { NestedField } from '../../format/types.ts'
import { pruneFields } from '../../readers/projection.ts'
import { rowReader } from '../../readers/rows.ts'
import { sourceColumn } from '../../writers/source-column.ts'
import { type KeyField, keyFieldsOf, orderFields } from './key-fields.ts'
import type { Fold, KeyedRows } from './keyed-rows.ts'
import { compareOrder } from './order-columns.ts'
import type { RowComparer } from './row-comparer.ts'

export interface SequenceGroup {
  /** The column, or several, by which one state of the group is newer than another; a row in which all are null has none. */
  readonly orderBy: string | readonly ColumnPath[]
  /** The other columns of the group, by name. */
  readonly columns: readonly string[]
}

/** A group, in the input's schema. */
interface Group {
  readonly order: readonly KeyField[]
  /** Where its columns stand, those of its order with them. */
  readonly places: readonly number[]
}

/** The columns of all groups, by name. Throws INVALID_ARGUMENT for what is no list of groups. */
export function groupColumns(
  operation: string,
  schema: Schema,
  groups: readonly SequenceGroup[],
): readonly string[] {
  const isGroup = ({ orderBy, columns }: SequenceGroup) => orderBy !== undefined && Array.isArray(columns)
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every(isGroup)) {
    throw invalidArgument(`${operation}: expected 'sequenceGroups' as an array of { orderBy, columns }`)
  }
  const names = groups.flatMap(({ orderBy, columns }) => {
    const roots = orderFields(operation, schema, orderBy).map(({ path }) => path[0]!)
    return [...new Set([...roots, ...columns])]
  })
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice === undefined) return names
  throw invalidArgument(`${operation}: column '${twice}' is in two sequence groups`, { column: twice })
}

/** `schema` is the input's, which has the keys and the groups' columns. */
export class SequenceGroups {
  readonly #schema: Schema
  readonly #keys: readonly KeyField[]
  readonly #groups: readonly Group[]

  constructor(
    operation: string,
    schema: Schema,
    keys: readonly KeyField[],
    groups: readonly SequenceGroup[],
  ) {
    this.#schema = schema
    this.#keys = keys
    this.#groups = groups.map(({ orderBy, columns }) => {
      const order = orderFields(operation, schema, orderBy)
      const names = new Set([...order.map(({ path }) => path[0]!), ...columns])
      const places = [...schema.fields.keys()].filter((i) => names.has(schema.fields[i]!.name))
      return { order, places }
    })
    const grouped = new Set(this.#groups.flatMap(({ places }) => places))
    const key = keys.find(({ places }) => grouped.has(places[0]!))
    if (key !== undefined) {
      const column = key.path.join('.')
      throw invalidArgument(`${operation}: column '${column}' is a key, and cannot be in a sequence group`, {
        column,
      })
    }
  }

  /** The columns of all groups. */
  get fields(): readonly NestedField[] {
    return this.#groups.flatMap(({ places }) => places.map((place) => this.#schema.fields[place]!))
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
    const batch = batchOf(all.schema, folded, rows.length)
    return [{ batch, numbers: Float64Array.from(rows, (row) => ownerOf[row]!) }]
  }

  /** Of the table's rows the columns of groups are kept, and `leftOut`. Those stay of which no group is older. */
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

  /** The groups that are newer in rows of the input, the others as in `others`, which has all columns of `comparer`. */
  newest(batch: RecordBatch, others: RecordBatch, isNew: (row: number) => boolean): RecordBatch {
    const { numRows } = batch
    const inOthers = this.#in({ ...this.#schema, fields: this.fields })
    const children = [...batch.data.children]
    let at = 0
    for (const [g, { order, places }] of this.#groups.entries()) {
      const indices = Int32Array.from({ length: numRows }, (_, row) => {
        const isTaken =
          isPresent(order, batch, row) &&
          (isNew(row) || compareOrder(inOthers[g]!, others, row, order, batch, row) <= 0)
        return isTaken ? row : numRows + row
      })
      for (const place of places) {
        const both = [children[place]!, others.data.children[at++]!]
        children[place] = takeData(concatData(both[0]!.type, both), indices)
      }
    }
    return batchOf(batch.schema, children, numRows)
  }

  /** The groups' orders, where they stand in another schema. */
  #in(schema: Schema): readonly (readonly KeyField[])[] {
    return this.#groups.map(({ order }) => keyFieldsOf(schema, order))
  }

  #grouped(batch: RecordBatch): RecordBatch {
    const places = this.#groups.flatMap((group) => group.places)
    const children = places.map((place) => batch.data.children[place]!)
    return batchOf(arrowSchemaOf(this.fields), children, batch.numRows)
  }
}

/** Whether a row says anything of a group. */
function isPresent(order: readonly KeyField[], batch: RecordBatch, row: number): boolean {
  return order.some(({ places }) => !sourceColumn(batch, places).isNull(row))
}

function batchOf(schema: RecordBatch['schema'], children: readonly Data[], length: number): RecordBatch {
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: [...children] }),
  )
}
