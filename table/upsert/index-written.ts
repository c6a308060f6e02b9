import type { DataFile } from '../../format/manifest.ts'
import { unsortedOrder } from '../../format/sort-order.ts'
import type { IndexedVersion } from './indexed-version.ts'
import { keyColumns } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'
import { rowIdColumn } from './row-id-column.ts'

/**
 * Adds all of `rows` to the index as the file has them that they were written to, so that the next change need not read
 * it; nothing where they are in several files, or in another order.
 */
export async function indexWritten(
  indexed: IndexedVersion,
  rows: KeyedRows,
  rowIds: BigInt64Array | undefined,
  files: readonly DataFile[],
): Promise<void> {
  const [file] = files
  if (file === undefined || files.length > 1 || file.sortOrderId !== unsortedOrder.orderId) return
  if (file.recordCount !== BigInt(rows.size) || !indexed.takes(file) || indexed.covers(file)) return
  let first = 0
  for (const [i, { data, numRows }] of rows.batches.entries()) {
    const numbers = rows.numbers[i]!
    const start = first
    const positions = BigInt64Array.from({ length: numRows }, (_, row) => BigInt(start + row))
    const ids = rowIds && rowIdColumn(numRows, (row) => rowIds[numbers[row]!]!)
    await indexed.add(file, { keys: keyColumns(rows.keys, data.children), positions, rowIds: ids })
    first += numRows
  }
}
