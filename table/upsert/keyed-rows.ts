import type { Data, RecordBatch } from 'apache-arrow'
import { takeRows } from '../../format/arrow/take.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { type KeyReader, keyReader } from '../../readers/keys/key-columns.ts'
import { type AnyKeySet, keySetOf } from '../../readers/keys/key-set-of.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { type KeyField, keyColumns } from './key-fields.ts'
import { keyFilter } from './key-filter.ts'
import { compareOrder } from './order-columns.ts'

export interface TakeOptions {
  readonly keys: readonly KeyField[]
  readonly duplicates: 'last' | 'error'
  /** Of rows of one key the newest by these is kept, of several the last. */
  readonly order?: readonly KeyField[]
  /** Makes of the rows of each key one, in place of `order`; `owners` are the numbers that stand for the keys of all rows. */
  readonly fold?: Fold | undefined
  /** What errors call a row, by its place in the input. Default: that. */
  readonly numberOf?: (row: number) => number
  readonly signal: AbortSignal | undefined
}

/** Rows in memory, one for each key, found by it. Rows are numbered in the order of the input. */
export class KeyedRows {
  readonly keys: readonly KeyField[]
  /** Of the whole schema; rows that a later one took the place of are left out. */
  readonly batches: readonly RecordBatch[]
  /** The number of each batch's rows, which stands for its key: that of the last row that has it. */
  readonly numbers: readonly Float64Array[]
  /** Numbers are below. */
  readonly count: number
  readonly #keysOf: KeyReader
  readonly #set: AnyKeySet | undefined
  #places: ReturnType<typeof placesByNumber> | undefined

  /** Pulls all the input. Throws INVALID_ARGUMENT for a second row of a key where these are errors. */
  static async take(
    operation: string,
    input: AsyncIterable<RecordBatch>,
    { keys, duplicates, order = [], fold, numberOf = (row) => row, signal }: TakeOptions,
  ): Promise<KeyedRows> {
    const keysOf = keyReader(keys.map(({ column }) => column))
    const batches: RecordBatch[] = []
    let set: AnyKeySet | undefined
    let count = 0
    for await (const batch of input) {
      throwIfAborted(signal)
      const rowKeys = keysOf(keyColumns(keys, batch.data.children), batch.numRows)
      set ??= keySetOf(rowKeys.kind, { numbered: true })
      set.addNumbered(rowKeys, batch.numRows, count)
      batches.push(batch)
      count += batch.numRows
    }
    const rows = new KeyedRows({ keys, keysOf, set, count }, batches, { order, fold })
    if (duplicates === 'error' && rows.size < count) throw rows.#duplicate(operation, batches, numberOf)
    return rows
  }

  private constructor(
    { keys, keysOf, set, count }: KeyedSet,
    batches: readonly RecordBatch[],
    { order = [], fold }: Pick<TakeOptions, 'order' | 'fold'>,
  ) {
    this.keys = keys
    this.count = count
    this.#keysOf = keysOf
    this.#set = set
    const isAll = this.size === count && (fold === undefined || count === 0)
    const owners = isAll ? [] : this.#ownersOf(batches)
    const one = () => fold?.(batches, owners) ?? winners(batches, owners, order)
    const kept = isAll ? allRows(batches) : one()
    this.batches = kept.map(({ batch }) => batch)
    this.numbers = kept.map(({ numbers }) => numbers)
  }

  /** Distinct keys, which are the rows that are kept. */
  get size(): number {
    return this.#set?.size ?? 0
  }

  /** Matches every row that has a key of these, and others. */
  filter(): Expression {
    return keyFilter(this.keys, this.batches)
  }

  /** For each row of other columns, of the fields that the keys' `column` are, the number of ours with its key; −1. */
  numbersOf(columns: readonly Data[], length: number): Float64Array {
    return this.#set?.numbersOf(this.#keysOf(columns, length), length) ?? new Float64Array(length).fill(-1)
  }

  /** Where the row of a number stands among `batches`; only of rows that are kept. */
  placeOf(number: number): { readonly batch: number; readonly row: number } {
    this.#places ??= placesByNumber(this.numbers, this.count)
    return { batch: this.#places.batch[number]!, row: this.#places.row[number]! }
  }

  /** What stands for the key of each row. */
  #ownersOf(batches: readonly RecordBatch[]): Float64Array[] {
    return batches.map((batch) => this.numbersOf(keyColumns(this.keys, batch.data.children), batch.numRows))
  }

  #duplicate(operation: string, batches: readonly RecordBatch[], numberOf: (row: number) => number): Error {
    let first = 0
    for (const owners of this.#ownersOf(batches)) {
      const row = owners.findIndex((owner, i) => owner !== first + i)
      if (row >= 0) {
        const [one, other] = [numberOf(first + row), numberOf(owners[row]!)]
        return invalidArgument(`${operation}: rows ${one} and ${other} have the same key`, { row: one })
      }
      first += owners.length
    }
    throw new Error('there is no duplicate')
  }
}

interface KeyedSet {
  readonly keys: readonly KeyField[]
  readonly keysOf: KeyReader
  readonly set: AnyKeySet | undefined
  readonly count: number
}

export type Fold = (batches: readonly RecordBatch[], owners: readonly Float64Array[]) => readonly KeptRows[]

export interface KeptRows {
  readonly batch: RecordBatch
  readonly numbers: Float64Array
}

function allRows(batches: readonly RecordBatch[]): KeptRows[] {
  let first = 0
  return batches.map((batch) => {
    const start = first
    first += batch.numRows
    return { batch, numbers: Float64Array.from({ length: batch.numRows }, (_, row) => start + row) }
  })
}

/** Of rows of one key the newest, without an order the last. */
function winners(
  batches: readonly RecordBatch[],
  owners: readonly Float64Array[],
  order: readonly KeyField[],
): KeptRows[] {
  const newest = order.length === 0 ? undefined : newestRows(batches, owners, order)
  let first = 0
  return batches.flatMap((batch, i) => {
    const start = first
    first += batch.numRows
    const indices = Int32Array.from(owners[i]!.keys()).filter((row) => {
      const owner = owners[i]![row]!
      // Without an order the last row of a key is the one that gave it its number.
      return newest === undefined ? owner === start + row : newest.get(owner)!.number === start + row
    })
    if (indices.length === 0) return []
    return [
      { batch: takeRows(batch, indices), numbers: Float64Array.from(indices, (row) => owners[i]![row]!) },
    ]
  })
}

interface NumberedRow {
  readonly batch: RecordBatch
  readonly row: number
  readonly number: number
}

/** By what stands for their key, of rows that are equally new the last. */
function newestRows(
  batches: readonly RecordBatch[],
  owners: readonly Float64Array[],
  order: readonly KeyField[],
): ReadonlyMap<number, NumberedRow> {
  const newest = new Map<number, NumberedRow>()
  let number = 0
  for (const [i, batch] of batches.entries()) {
    for (const [row, owner] of owners[i]!.entries()) {
      const best = newest.get(owner)
      const isOlder = best !== undefined && compareOrder(order, best.batch, best.row, order, batch, row) > 0
      if (!isOlder) newest.set(owner, { batch, row, number })
      number++
    }
  }
  return newest
}

function placesByNumber(numbers: readonly Float64Array[], count: number) {
  const places = { batch: new Int32Array(count), row: new Int32Array(count) }
  numbers.forEach((ofBatch, batch) => {
    ofBatch.forEach((number, row) => {
      places.batch[number] = batch
      places.row[number] = row
    })
  })
  return places
}
