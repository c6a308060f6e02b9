import { concatCodes, type KeyCodes, orderOf, pickCodes, picked } from './key-codes.ts'

/** Where rows with these keys stand, column by column. */
export interface KeyEntries extends KeyCodes {
  /** The number of the data file, in the run's list of them. */
  readonly file: Uint32Array
  /** In the data file; below 2^32. */
  readonly position: Uint32Array
  /** The row's own `_row_id`, below 2^53; −1 where it follows from the file's first one, or there is none. */
  readonly rowId: Float64Array
}

/** The entries in the order of their codes. */
export function sortEntries(entries: KeyEntries): KeyEntries {
  const order = orderOf(entries)
  return order === undefined ? entries : pickEntries(entries, order)
}

/** Some of the entries, in the order given. */
export function pickEntries(entries: KeyEntries, rows: Uint32Array): KeyEntries {
  const { length } = rows
  return {
    ...pickCodes(entries, rows),
    file: picked(entries.file, rows, new Uint32Array(length)),
    position: picked(entries.position, rows, new Uint32Array(length)),
    rowId: picked(entries.rowId, rows, new Float64Array(length)),
  }
}

/** All entries, one list after the other. */
export function concatEntries(lists: readonly KeyEntries[]): KeyEntries {
  const codes = concatCodes(lists)
  const file = new Uint32Array(codes.length)
  const position = new Uint32Array(codes.length)
  const rowId = new Float64Array(codes.length)
  let at = 0
  for (const list of lists) {
    file.set(list.file, at)
    position.set(list.position, at)
    rowId.set(list.rowId, at)
    at += list.length
  }
  return { ...codes, file, position, rowId }
}
