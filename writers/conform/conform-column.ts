import { type Data, type DataType, type Dictionary, type Field, type FixedSizeList, Type } from 'apache-arrow'
import { arrowData, nullData } from '../../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import { bitmapByteLength, setBit } from '../../format/arrow/bitmap.ts'
import { concatData } from '../../format/arrow/concat.ts'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { narrowOffsets, takeData } from '../../format/arrow/take.ts'
import { invalidArgument, unsupported } from '../../format/errors.ts'
import { nearNames } from '../../format/near-names.ts'
import {
  isPrimitive,
  type ListType,
  type MapType,
  type NestedField,
  type Type as TableType,
  typeToString,
} from '../../format/types.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { defaultColumn } from '../columns/row-columns.ts'
import { repeatedKey } from '../map-keys.ts'
import { alignedValidity, castColumn } from './cast.ts'
import { columnError, type Place, valueError } from './place.ts'

/** What a column must become. */
interface Wanted {
  readonly type: TableType
  readonly required: boolean
}

/**
 * The members `fields` out of `columns`, matched by name: in the order of the fields, what is missing as its write
 * default or null. Throws INVALID_ARGUMENT for a column that no field wants, and for what does not fit.
 */
export function conformMembers(
  fields: readonly NestedField[],
  sourceFields: readonly Field[],
  columns: readonly Data[],
  length: number,
  place: Place,
): readonly Data[] {
  const places = placesByName(sourceFields, place)
  checkNames(places.keys(), fields, place)
  return fields.map((field) => {
    const at = places.get(field.name)
    const inner = { path: joinPath(place.path, field.name), rowOf: place.rowOf }
    if (at !== undefined) return conformColumn(field, columns[at]!, inner)
    if (field.required && (field.writeDefault ?? null) === null) {
      throw invalidArgument(
        `column '${inner.path}': expected a required ${field.type.kind}, found no such column`,
        {
          path: inner.path,
        },
      )
    }
    return defaultColumn(field, length)
  })
}

function conformColumn(wanted: Wanted, column: Data, place: Place): Data {
  if (column.type.typeId === Type.Dictionary) return conformColumn(wanted, decoded(column), place)
  if (wanted.required) checkNoNulls(wanted, column, place)
  const { type } = wanted
  if (column.type.typeId === Type.Null && type.kind !== 'variant') return allNulls(type, column.length)
  switch (type.kind) {
    case 'struct': {
      if (column.type.typeId !== Type.Struct) throw columnError(place.path, 'a struct', column.type)
      const inner = {
        path: place.path,
        rowOf: (slot: number) => (column.getValid(slot) ? place.rowOf(slot) : undefined),
      }
      const children = conformMembers(
        type.fields,
        column.type.children,
        column.children,
        column.length,
        inner,
      )
      return withChildren(arrowTypeOf(type), column, children)
    }
    case 'list':
      return conformList(type, column, place)
    case 'map':
      return conformMap(type, column, place)
    case 'variant':
      throw unsupported(`column '${place.path}' is a variant: Moraine does not write variants yet`)
    default:
      return castColumn(type, column, typeToString(type), place)
  }
}

function conformList(type: ListType, column: Data, place: Place): Data {
  const items = itemsOf(column)
  if (items === undefined) throw columnError(place.path, 'a list', column.type)
  const inner = itemPlace(column, items.valueOffsets, joinPath(place.path, 'element'), place)
  const child = conformColumn({ type: type.element, required: type.elementRequired }, items.child, inner)
  return arrowData(arrowTypeOf(type), column.length, {
    nullBitmap: alignedValidity(column),
    valueOffsets: items.valueOffsets,
    children: [child],
  })
}

function conformMap(type: MapType, column: Data, place: Place): Data {
  if (column.type.typeId !== Type.Map) throw columnError(place.path, 'a map', column.type)
  const { valueOffsets, child: entries } = itemsOf(column)!
  const [keys, values] = entries.children
  const placeOf = (name: string) => itemPlace(column, valueOffsets, joinPath(place.path, name), place)
  const children = [
    conformColumn({ type: type.key, required: true }, keys!, placeOf('key')),
    conformColumn({ type: type.value, required: type.valueRequired }, values!, placeOf('value')),
  ]
  checkKeys(type, children[0]!, column, valueOffsets, place)
  const target = arrowTypeOf(type)
  // Entries are never null, whatever their bitmap says of slots that no map reaches.
  const child = arrowData(target.children[0]!.type, entries.length, { children })
  return arrowData(target, column.length, {
    nullBitmap: alignedValidity(column),
    valueOffsets,
    children: [child],
  })
}

function checkKeys({ key }: MapType, keys: Data, map: Data, offsets: Int32Array, place: Place): void {
  if (!isPrimitive(key)) return
  const read = literalReader(key, keys)
  for (let slot = 0; slot < map.length; slot++) {
    const start = offsets[slot]!
    const repeated = repeatedKey(offsets[slot + 1]! - start, (i) => read(start + i))
    if (repeated === undefined || !map.getValid(slot) || place.rowOf(slot) === undefined) continue
    const found = describeValue(read(start + repeated))
    throw valueError(
      { ...place, path: joinPath(place.path, 'key') },
      slot,
      'a key once in a map',
      `${found} again`,
    )
  }
}

/** The items of a list or map column, without those before its first slot and after its last, and their offsets. */
function itemsOf(column: Data): { valueOffsets: Int32Array; child: Data } | undefined {
  const child = column.children[0]!
  switch (column.type.typeId) {
    case Type.FixedSizeList: {
      const { listSize } = column.type as FixedSizeList
      const valueOffsets = Int32Array.from({ length: column.length + 1 }, (_, i) => i * listSize)
      return { valueOffsets, child: child.slice(0, column.length * listSize) }
    }
    case Type.LargeList:
      return trimmed(narrowOffsets(column.valueOffsets), child, column.length)
    case Type.List:
    case Type.Map:
      return trimmed(column.valueOffsets, child, column.length)
    default:
      return undefined
  }
}

function trimmed(
  offsets: Int32Array,
  child: Data,
  length: number,
): { valueOffsets: Int32Array; child: Data } {
  if (length === 0) return { valueOffsets: new Int32Array(1), child: child.slice(0, 0) }
  const [start, end] = [offsets[0]!, offsets[length]!]
  if (start === 0 && end === child.length) return { valueOffsets: offsets.subarray(0, length + 1), child }
  const valueOffsets = offsets.slice(0, length + 1).map((offset) => offset - start)
  return { valueOffsets, child: child.slice(start, end - start) }
}

function itemPlace(list: Data, offsets: Int32Array, path: string, place: Place): Place {
  function rowOf(item: number): number | undefined {
    let slot = 0
    while (offsets[slot + 1]! <= item) slot++
    return list.getValid(slot) ? place.rowOf(slot) : undefined
  }
  return { path, rowOf }
}

/** Only slots that rows reach count: below a null struct or list anything may stand. */
function checkNoNulls({ type }: Wanted, column: Data, place: Place): void {
  if (column.type.typeId !== Type.Null && column.nullCount === 0) return
  for (let slot = 0; slot < column.length; slot++) {
    const isNull = column.type.typeId === Type.Null || !column.getValid(slot)
    if (isNull && place.rowOf(slot) !== undefined) {
      throw valueError(place, slot, `a required ${typeToString(type)}`, 'null')
    }
  }
}

/** A dictionary column as the plain column of its values. */
function decoded(column: Data): Data {
  const { dictionary: valueType } = column.type as Dictionary
  const values = concatData(valueType, column.dictionary?.data ?? [])
  if (values.length === 0) return nullData(column.length)
  const indices = Int32Array.from({ length: column.length }, (_, i) =>
    column.getValid(i) ? Number(column.values[i]) : 0,
  )
  const taken = takeData(values, indices)
  if (column.nullCount === 0) return taken
  const nullBitmap = new Uint8Array(bitmapByteLength(column.length))
  for (let i = 0; i < column.length; i++) {
    if (column.getValid(i) && taken.getValid(i)) setBit(nullBitmap, i)
  }
  return withValidity(taken, nullBitmap)
}

function withValidity(column: Data, nullBitmap: Uint8Array): Data {
  const { valueOffsets, values, typeIds } = column
  return column.clone(column.type, 0, column.length, -1, [valueOffsets, values, nullBitmap, typeIds] as never)
}

function allNulls(type: TableType, length: number): Data {
  return defaultColumn({ id: 0, name: '', required: false, type }, length)
}

function withChildren(type: DataType, column: Data, children: readonly Data[]): Data {
  return arrowData(type, column.length, { nullBitmap: alignedValidity(column), children })
}

function placesByName(fields: readonly Field[], { path }: Place): Map<string, number> {
  const places = new Map<string, number>()
  for (const [i, { name }] of fields.entries()) {
    if (places.has(name)) {
      throw invalidArgument(`column '${joinPath(path, name)}' stands twice in the Arrow data`, { path })
    }
    places.set(name, i)
  }
  return places
}

function checkNames(names: Iterable<string>, fields: readonly NestedField[], { path }: Place): void {
  const known = new Set(fields.map((field) => field.name))
  for (const name of names) {
    if (known.has(name)) continue
    const near = nearNames(name, known)
    const hint = near.length === 0 ? '' : `; did you mean ${near.map((one) => `'${one}'`).join(' or ')}?`
    throw invalidArgument(`the schema has no column '${joinPath(path, name)}'${hint}`, {
      path: joinPath(path, name),
    })
  }
}

function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
