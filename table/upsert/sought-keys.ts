import { concatCodes, type KeyCodes, orderOf, pickCodes } from '../../format/key-index/key-codes.ts'
import type { KeyCoder } from '../../readers/key-index/key-coder.ts'
import type { KeyIndex } from '../../readers/key-index/key-index.ts'
import type { Hit } from '../../readers/key-index/look-up.ts'
import { keyColumns } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'

/** Codes in order, and of each the number of its row. */
export interface Sought {
  readonly codes: KeyCodes
  readonly numbers: Float64Array
}

/** Undefined where a key has no code. */
export function soughtCodes(rows: KeyedRows, coder: KeyCoder): Sought | undefined {
  const coded = rows.batches.map((batch) => coder(keyColumns(rows.keys, batch.data.children), batch.numRows))
  if (!coded.every((codes) => codes !== undefined)) return undefined
  const codes = concatCodes(coded)
  const numbers = new Float64Array(codes.length)
  let at = 0
  for (const part of rows.numbers) {
    numbers.set(part, at)
    at += part.length
  }
  const order = orderOf(codes)
  if (order === undefined) return { codes, numbers }
  return { codes: pickCodes(codes, order), numbers: Float64Array.from(order, (row) => numbers[row]!) }
}

/** A row of a data file that has a sought key, deleted or not. */
export interface Candidate {
  readonly position: number
  /** Undefined where it follows from the file, or there is none. */
  readonly rowId: bigint | undefined
  /** Of the row that seeks it. */
  readonly number: number
}

/** By path of the data file. */
export function candidatesOf(
  { runs, rangeOf }: KeyIndex,
  hits: readonly (readonly Hit[])[],
  { numbers }: Sought,
): ReadonlyMap<string, readonly Candidate[]> {
  const candidates = new Map<string, Candidate[]>()
  for (const [run, ofRun] of hits.entries()) {
    const { files } = runs[run]!.footer
    for (const { file, position, rowId, row } of ofRun) {
      const range = rangeOf(run, file)
      if (range === undefined || position < range.from || position >= range.to) continue
      const { path } = files[file]!
      const ofFile = candidates.get(path) ?? []
      candidates.set(path, ofFile)
      ofFile.push({ position, rowId: rowId === undefined ? undefined : BigInt(rowId), number: numbers[row]! })
    }
  }
  return candidates
}
