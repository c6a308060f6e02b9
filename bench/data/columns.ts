import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { type ColumnMaker, lists, structs } from './arrow-columns.ts'

/** Named columns, in order; an object of columns is a struct. */
export interface Columns {
  readonly [name: string]: ColumnMaker | Columns
}

/** Rows `start` to `start + length` of the columns. Every column may be null, as other engines' tables have it. */
export function batchOf(columns: Columns, start: number, length: number): RecordBatch {
  const { type, children } = structOf(columns)(start, length)
  const schema = new Schema((type as Struct).children)
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: [...children] }),
  )
}

export function structOf(columns: Columns): ColumnMaker {
  const names = Object.keys(columns)
  const makers = Object.values(columns).map((column) =>
    typeof column === 'function' ? column : structOf(column),
  )
  return structs(
    (children) => new Struct(names.map((name, i) => new Field(name, children[i]!.type, true))),
    makers,
  )
}

export function listOf(size: number, element: ColumnMaker): ColumnMaker {
  return lists(size, element, (type) => new Field('element', type, true))
}
