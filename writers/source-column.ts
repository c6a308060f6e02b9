/** Columns that rows are partitioned or sorted by: primitive ones, at the top or inside structs. */
import type { Data, RecordBatch } from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import type { Schema } from '../format/schema.ts'

export interface SourceColumn {
  readonly column: Data
  /** Whether the row has no value there: it or a struct around it is null. */
  readonly isNull: (row: number) => boolean
}

/** Where a column stands: its place among the members of each struct around it, from the root. */
export function placesOf(schema: Pick<Schema, 'fields'>, idPath: readonly number[]): readonly number[] {
  let members = schema.fields
  return idPath.map((id) => {
    const place = members.findIndex((member) => member.id === id)
    const { type } = members[place]!
    members = type.kind === 'struct' ? type.fields : []
    return place
  })
}

/** The column at `places` of a batch of that schema. */
export function sourceColumn(batch: RecordBatch, places: readonly number[]): SourceColumn {
  let column: Data = batch.data
  const masks: { bits: Uint8Array; offset: number }[] = []
  for (const place of places) {
    column = column.children[place]!
    if (column.nullCount > 0) masks.push({ bits: column.nullBitmap, offset: column.offset })
  }
  if (masks.length === 0) return { column, isNull: () => false }
  return { column, isNull: (row) => masks.some(({ bits, offset }) => !bitAt(bits, offset + row)) }
}
