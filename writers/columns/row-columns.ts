import type { Data } from 'apache-arrow'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import { takeData } from '../../format/arrow/take.ts'
import { unsupported } from '../../format/errors.ts'
import type { NestedField, StructType, Type, Value } from '../../format/types.ts'
import type { ColumnBuilder } from './column-builder.ts'
import type { ColumnTarget } from './fixed-width-column.ts'
import { memberReader } from './member-reader.ts'
import { ListColumn, MapColumn, StructColumn } from './nested-columns.ts'
import { primitiveColumn } from './primitive-column.ts'

/** The column that collects rows: objects with the members `fields`. Throws UNSUPPORTED for variant columns. */
export function rowColumn(fields: readonly NestedField[]): StructColumn {
  return structColumn({ kind: 'struct', fields }, true, [])
}

/** A column of `length` slots that all hold the field's write default, else null; the field can be null or has one. */
export function defaultColumn(field: NestedField, length: number): Data {
  const rows = rowColumn([field])
  rows.append([{}], 1)
  return takeData(rows.finish().children[0]!, new Int32Array(length))
}

function column(type: Type, required: boolean, path: readonly string[]): ColumnBuilder {
  switch (type.kind) {
    case 'struct':
      return structColumn(type, required, path)
    case 'list': {
      const element = column(type.element, type.elementRequired, [...path, 'element'])
      return new ListColumn(target(type, 'list', required), element)
    }
    case 'map': {
      const key = column(type.key, true, [...path, 'key'])
      const value = column(type.value, type.valueRequired, [...path, 'value'])
      return new MapColumn(target(type, 'map', required), type.key, key, value)
    }
    case 'variant':
      throw unsupported(`column '${path.join('.')}' is a variant: Moraine does not write variants yet`)
    default:
      return primitiveColumn(type, required)
  }
}

function structColumn(type: StructType, required: boolean, path: readonly string[]): StructColumn {
  const members = type.fields.map((field) => ({
    name: field.name,
    column: column(field.type, field.required, [...path, field.name]),
  }))
  const names = type.fields.map((field) => field.name)
  const defaults = type.fields.map((field) => defaultInput(field.type, field.writeDefault))
  return new StructColumn(target(type, 'struct', required), memberReader(names, defaults), members)
}

function target(type: Type, expected: string, required: boolean): ColumnTarget {
  return { arrowType: arrowTypeOf(type), expected, required }
}

/** A write default in the form in which a row would carry it. */
function defaultInput(type: Type, value: Value | undefined): unknown {
  if (value === undefined || value === null || typeof value !== 'object') return value
  if (type.kind === 'map' && 'entries' in value) return value.entries
  return value
}
