import { Buffer } from 'node:buffer'
import type { RecordBatch } from 'apache-arrow'
import { literalReader } from '../format/arrow/literal-reader.ts'
import { parquetName } from '../format/parquet/to-parquet-schema.ts'
import { isPrimitive, type NestedField } from '../format/types.ts'

/** Values looked at, and the share of distinct ones above which a dictionary costs more than it saves. */
const SAMPLE = 8192
const DISTINCT_SHARE = 0.9
/** Fewer values fit a dictionary whatever they are. */
const SMALLEST_SAMPLE = 1024

/** The Parquet names of top-level columns whose first values hardly repeat: encoding them plainly is much faster. */
export function uniqueColumns(
  fields: readonly NestedField[],
  batches: readonly RecordBatch[],
): ReadonlySet<string> {
  const names = fields.filter((field, i) => isUnique(field, batches, i)).map(({ name }) => parquetName(name))
  return new Set(names)
}

function isUnique({ type }: NestedField, batches: readonly RecordBatch[], place: number): boolean {
  if (!isPrimitive(type) || type.kind === 'boolean' || type.kind === 'unknown') return false
  const distinct = new Set<unknown>()
  let seen = 0
  for (const batch of batches) {
    const column = batch.data.children[place]!
    const read = literalReader(type, column)
    for (let i = 0; i < column.length && seen < SAMPLE; i++) {
      if (column.nullCount > 0 && !column.getValid(i)) continue
      const value = read(i)
      distinct.add(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)
      seen++
      // Most columns repeat early or not at all.
      if (seen === SMALLEST_SAMPLE && distinct.size < SMALLEST_SAMPLE / 2) return false
    }
    if (seen === SAMPLE) break
  }
  return seen >= SMALLEST_SAMPLE && distinct.size > seen * DISTINCT_SHARE
}
