import type { Data, RecordBatch } from 'apache-arrow'
import { takeRows } from '../../format/arrow/take.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { type KeyReader, keyReader } from '../../readers/keys/key-columns.ts'
import { type AnyKeySet, keySetOf } from '../../readers/keys/key-set-of.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { type KeyField, keyColumns } from './key-fields.ts'
import { keyFilter } from './key-filter.ts'

export interface TakeOptions {
  readonly keys: readonly KeyField[]
  readonly duplicates: 'last' | 'error'
  readonly signal: AbortSignal | undefined
}

/** Rows in memory, one for each key, found by it. Rows are numbered in the order of the input. */
export class KeyedRows {
  readonly keys: readonly KeyField[]
  /** Of the whole schema; rows that a later one took the place of are left out. */
  readonly batches: readonly RecordBatch[]
  /** The number of each batch's rows: ascending. */
  readonly numbers: readonly Float64Array[]
  /** Numbers are below. */
  readonly count: number
  readonly #keysOf: KeyReader
  readonly #set: AnyKeySet | undefined

  /** Pulls all the input. Throws INVALID_ARGUMENT for a second row of a key where these are errors. */
  static async take(
    operation: string,
    input: AsyncIterable<RecordBatch>,
    { keys, duplicates, signal }: TakeOptions,
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
    const rows = new KeyedRows(keys, keysOf, set, batches, count)
    if (duplicates === 'error' && rows.size < count) throw rows.#duplicate(operation, batches)
    return rows
  }

  private constructor(
    keys: readonly KeyField[],
    keysOf: KeyReader,
    set: AnyKeySet | undefined,
    batches: readonly RecordBatch[],
    count: number,
  ) {
    this.keys = keys
    this.count = count
    this.#keysOf = keysOf
    this.#set = set
    const kept = this.size === count ? allRows(batches) : this.#winners(batches)
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
    const batch = lastAtMost(this.numbers.length, (i) => this.numbers[i]![0]!, number)
    const numbers = this.numbers[batch]!
    return { batch, row: lastAtMost(numbers.length, (i) => numbers[i]!, number) }
  }

  #winners(batches: readonly RecordBatch[]): KeptRows[] {
    let first = 0
    return batches.flatMap((batch) => {
      const owners = this.numbersOf(keyColumns(this.keys, batch.data.children), batch.numRows)
      const start = first
      first += batch.numRows
      const indices = Int32Array.from(owners.keys()).filter((row) => owners[row] === start + row)
      if (indices.length === 0) return []
      return [{ batch: takeRows(batch, indices), numbers: Float64Array.from(indices, (row) => start + row) }]
    })
  }

  #duplicate(operation: string, batches: readonly RecordBatch[]): Error {
    let first = 0
    for (const batch of batches) {
      const owners = this.numbersOf(keyColumns(this.keys, batch.data.children), batch.numRows)
      const row = owners.findIndex((owner, i) => owner !== first + i)
      if (row >= 0) {
        return invalidArgument(`${operation}: rows ${first + row} and ${owners[row]} have the same key`, {
          row: first + row,
        })
      }
      first += batch.numRows
    }
    throw new Error('there is no duplicate')
  }
}

interface KeptRows {
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

/** The last of ascending values that is not above `value`; the first is not. */
function lastAtMost(length: number, valueAt: (index: number) => number, value: number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (valueAt(middle) <= value) low = middle
    else high = middle - 1
  }
  return low
}
