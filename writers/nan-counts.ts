import type { Data, RecordBatch } from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import type { NestedField } from '../format/types.ts'

interface Mask {
  readonly bits: Uint8Array
  readonly offset: number
}

/** Adds the NaNs of the batch's float and double columns to `counts`, by field id; columns in lists and maps have none. */
export function addNanCounts(
  counts: Map<number, bigint>,
  fields: readonly NestedField[],
  batch: RecordBatch,
): void {
  addOf(counts, fields, batch.data.children, [])
}

function addOf(
  counts: Map<number, bigint>,
  fields: readonly NestedField[],
  columns: readonly Data[],
  masks: readonly Mask[],
): void {
  for (const [i, { id, type }] of fields.entries()) {
    const column = columns[i]!
    if (type.kind === 'struct') {
      addOf(counts, type.fields, column.children, maskedBy(masks, column))
    } else if (type.kind === 'float' || type.kind === 'double') {
      const found = countNans(column.values, column.length, maskedBy(masks, column))
      counts.set(id, (counts.get(id) ?? 0n) + BigInt(found))
    }
  }
}

function maskedBy(masks: readonly Mask[], { nullCount, nullBitmap, offset }: Data): readonly Mask[] {
  return nullCount === 0 ? masks : [...masks, { bits: nullBitmap as Uint8Array, offset }]
}

/** What lies in a null slot is not a value, NaN or not. */
function countNans(values: Float32Array | Float64Array, length: number, masks: readonly Mask[]): number {
  const found = values instanceof Float64Array ? doubleNans(values, length) : floatNans(values, length)
  if (found.length === 0 || masks.length === 0) return found.length
  return found.filter((i) => masks.every(({ bits, offset }) => bitAt(bits, offset + i))).length
}

// One loop per element kind keeps each monomorphic; NaN alone differs from itself.

function doubleNans(values: Float64Array, length: number): number[] {
  const found: number[] = []
  for (let i = 0; i < length; i++) {
    const value = values[i]!
    // biome-ignore lint/suspicious/noSelfCompare: a call for each value takes several times as long
    if (value !== value) found.push(i)
  }
  return found
}

function floatNans(values: Float32Array, length: number): number[] {
  const found: number[] = []
  for (let i = 0; i < length; i++) {
    const value = values[i]!
    // biome-ignore lint/suspicious/noSelfCompare: as above
    if (value !== value) found.push(i)
  }
  return found
}
