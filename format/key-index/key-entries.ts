import { type KeyCodes, type KeyForm, orderOf } from './key-codes.ts'

/** Where rows with these keys stand, column by column. */
export interface KeyEntries extends KeyCodes {
  /** The number of the data file, in the run's list of them. */
  readonly file: Uint32Array
  /** In the data file; below 2^32. */
  readonly position: Uint32Array
  /** The row's own `_row_id`, below 2^53; −1 where it follows from the file's first one, or there is none. */
  readonly rowId: Float64Array
}

export function newEntries(form: KeyForm, length: number): KeyEntries {
  return {
    length,
    high: new Int32Array(length),
    low: new Uint32Array(length),
    rest: form === 'words' ? undefined : { high: new Uint32Array(length), low: new Uint32Array(length) },
    file: new Uint32Array(length),
    position: new Uint32Array(length),
    rowId: new Float64Array(length).fill(-1),
  }
}

/** The entries in the order of their codes. */
export function sortEntries(entries: KeyEntries): KeyEntries {
  const order = orderOf(entries)
  return order === undefined ? entries : pickEntries(entries, order)
}

/** Some of the entries, in the order given. */
export function pickEntries(entries: KeyEntries, rows: Uint32Array): KeyEntries {
  const { rest } = entries
  return {
    length: rows.length,
    high: picked(entries.high, rows, new Int32Array(rows.length)),
    low: picked(entries.low, rows, new Uint32Array(rows.length)),
    rest: rest && {
      high: picked(rest.high, rows, new Uint32Array(rows.length)),
      low: picked(rest.low, rows, new Uint32Array(rows.length)),
    },
    file: picked(entries.file, rows, new Uint32Array(rows.length)),
    position: picked(entries.position, rows, new Uint32Array(rows.length)),
    rowId: picked(entries.rowId, rows, new Float64Array(rows.length)),
  }
}

function picked<A extends Int32Array | Uint32Array | Float64Array>(from: A, rows: Uint32Array, to: A): A {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!
  return to
}

/** All entries, one list after the other. */
export function concatEntries(form: KeyForm, lists: readonly KeyEntries[]): KeyEntries {
  const length = lists.reduce((sum, list) => sum + list.length, 0)
  const all = newEntries(form, length)
  let at = 0
  for (const list of lists) {
    all.high.set(list.high.subarray(0, list.length), at)
    all.low.set(list.low.subarray(0, list.length), at)
    if (all.rest !== undefined && list.rest !== undefined) {
      all.rest.high.set(list.rest.high.subarray(0, list.length), at)
      all.rest.low.set(list.rest.low.subarray(0, list.length), at)
    }
    all.file.set(list.file.subarray(0, list.length), at)
    all.position.set(list.position.subarray(0, list.length), at)
    all.rowId.set(list.rowId.subarray(0, list.length), at)
    at += list.length
  }
  return all
}
