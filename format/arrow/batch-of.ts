import { type Data, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow'

/** A batch of columns that are as its schema says. */
export function batchOf(schema: Schema, columns: readonly Data[], length: number): RecordBatch {
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children: [...columns] }))
}
