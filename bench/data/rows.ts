import { type Table, Type, type Vector } from 'apache-arrow'

/** The rows of a flat table as a program would have them: longs as bigint, instants and dates as Date. */
export function* plainRows(table: Table): Generator<Record<string, unknown>> {
  const names = table.schema.fields.map((field) => field.name)
  for (const batch of table.batches) {
    const readers = names.map((_, i) => valueReader(batch.getChildAt(i)!))
    for (let row = 0; row < batch.numRows; row++) {
      const object: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++) object[names[i]!] = readers[i]!(row)
      yield object
    }
  }
}

function valueReader(vector: Vector): (row: number) => unknown {
  switch (vector.type.typeId) {
    case Type.Timestamp:
    case Type.Date:
      return (row) => new Date(vector.get(row))
    default:
      return (row) => vector.get(row)
  }
}
