import { type Data, type DataType, type Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { arrowFieldOf, arrowSchemaOf, arrowTypeOf } from '../../../format/arrow/arrow-schema.ts'
import { childFields, type NestedField, type Type } from '../../../format/types.ts'

/** Plain values in internal form; structs as objects by name, lists as arrays, maps as arrays of pairs. */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Cell[]
  | { readonly [name: string]: Cell }

type StructCell = { readonly [name: string]: Cell }

/** A batch built the slow and obvious way, to hold the fast ones against. */
export function batchOf(
  fields: readonly NestedField[],
  rows: readonly { readonly [name: string]: Cell }[],
): RecordBatch {
  const type = new Struct(fields.map(arrowFieldOf))
  const children = fields.map((field) =>
    dataOf(
      field.type,
      rows.map((row) => row[field.name] ?? null),
    ),
  )
  const data = makeData({ type, length: rows.length, nullCount: 0, children })
  return new RecordBatch(new Schema(arrowSchemaOf(fields).fields), data)
}

export function dataOf(type: Type, values: readonly Cell[]): Data {
  const length = values.length
  const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8)
  let nullCount = 0
  values.forEach((value, i) => {
    if (value === null) nullCount++
    else nullBitmap[i >> 3]! |= 1 << (i & 7)
  })
  const common = { type: arrowTypeOf(type) as DataType, length, nullCount, nullBitmap }
  const make = (rest: object): Data => makeData({ ...common, ...rest } as never) as Data
  switch (type.kind) {
    case 'boolean': {
      const data = new Uint8Array(nullBitmap.length)
      values.forEach((value, i) => {
        if (value === true) data[i >> 3]! |= 1 << (i & 7)
      })
      return make({ data })
    }
    case 'int':
    case 'date':
      return make({ data: Int32Array.from(values, (v) => (v ?? 0) as number) })
    case 'float':
      return make({ data: Float32Array.from(values, (v) => (v ?? 0) as number) })
    case 'double':
      return make({ data: Float64Array.from(values, (v) => (v ?? 0) as number) })
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return make({ data: BigInt64Array.from(values, (v) => (v ?? 0n) as bigint) })
    case 'decimal': {
      const words = new BigUint64Array(length * 2)
      values.forEach((value, i) => {
        const unscaled = BigInt.asUintN(128, (value ?? 0n) as bigint)
        words[i * 2] = BigInt.asUintN(64, unscaled)
        words[i * 2 + 1] = unscaled >> 64n
      })
      return make({ data: new Uint32Array(words.buffer) })
    }
    case 'string':
      return make(variable(values.map((v) => new TextEncoder().encode((v ?? '') as string))))
    case 'binary':
    case 'geometry':
    case 'geography':
      return make(variable(values.map((v) => (v ?? new Uint8Array()) as Uint8Array)))
    case 'uuid':
    case 'fixed': {
      const width = type.kind === 'fixed' ? type.length : 16
      const data = new Uint8Array(length * width)
      values.forEach((value, i) => {
        if (value !== null) data.set(value as Uint8Array, i * width)
      })
      return make({ data })
    }
    case 'unknown':
      return makeData({ type: common.type, length } as never) as Data
    case 'struct':
      return make({
        children: type.fields.map((field) =>
          dataOf(
            field.type,
            values.map((v) => (v === null ? filler(field) : ((v as StructCell)[field.name] ?? null))),
          ),
        ),
      })
    case 'list': {
      const lists = values.map((v) => (v ?? []) as readonly Cell[])
      return make({ valueOffsets: offsetsOf(lists), child: dataOf(type.element, lists.flat(1) as Cell[]) })
    }
    case 'map': {
      const maps = values.map((v) => (v ?? []) as readonly (readonly Cell[])[])
      const [key, value] = childFields(type)
      const entries = maps.flat(1)
      const entriesType = (common.type.children as Field[])[0]!.type as Struct
      const child = makeData({
        type: entriesType,
        length: entries.length,
        nullCount: 0,
        children: [
          dataOf(
            key!.type,
            entries.map((e) => e[0]!),
          ),
          dataOf(
            value!.type,
            entries.map((e) => e[1]!),
          ),
        ],
      })
      return make({ valueOffsets: offsetsOf(maps), child })
    }
    case 'variant':
      throw new Error('not in samples')
  }
}

/** Arrow has no hole for a required child of a null struct: any value will do. */
function filler(field: NestedField): Cell {
  if (!field.required) return null
  switch (field.type.kind) {
    case 'struct':
      return Object.fromEntries(field.type.fields.map((child) => [child.name, filler(child)]))
    case 'list':
    case 'map':
      return []
    case 'string':
      return ''
    case 'binary':
      return new Uint8Array()
    case 'boolean':
      return false
    case 'int':
    case 'date':
    case 'float':
    case 'double':
      return 0
    case 'fixed':
      return new Uint8Array(field.type.length)
    case 'uuid':
      return new Uint8Array(16)
    default:
      return 0n
  }
}

function offsetsOf(values: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i]! + value.length
  })
  return offsets
}

function variable(chunks: readonly Uint8Array[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = offsetsOf(chunks)
  const data = new Uint8Array(valueOffsets[chunks.length]!)
  chunks.forEach((chunk, i) => {
    data.set(chunk, valueOffsets[i]!)
  })
  return { valueOffsets, data }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The values of one Arrow column in the same plain form, read from its buffers. */
export function cellsOf(data: Data): Cell[] {
  return Array.from({ length: data.length }, (_, i) => cellAt(data, i))
}

function cellAt(data: Data, i: number): Cell {
  if (!data.getValid(i)) return null
  const type = data.type
  const at = i + (data.values instanceof Uint8Array && String(type) === 'Bool' ? data.offset : 0)
  const name = String(type)
  if (name === 'Null') return null
  if (name === 'Bool') return ((data.values as Uint8Array)[at >> 3]! & (1 << (at & 7))) !== 0
  if (name === 'Utf8' || name === 'Binary') {
    const offsets = data.valueOffsets as Int32Array
    const bytes = (data.values as Uint8Array).slice(offsets[i]!, offsets[i + 1]!)
    return name === 'Utf8' ? utf8.decode(bytes) : bytes
  }
  if (name.startsWith('FixedSizeBinary')) {
    const { byteWidth } = type as DataType & { byteWidth: number }
    return (data.values as Uint8Array).slice(i * byteWidth, (i + 1) * byteWidth)
  }
  if (name.startsWith('Decimal')) {
    const words = data.values as Uint32Array
    let value = 0n
    for (let word = 3; word >= 0; word--) value = (value << 32n) | BigInt(words[i * 4 + word]!)
    return BigInt.asIntN(128, value)
  }
  if (name.startsWith('List') || name.startsWith('Map')) {
    const offsets = data.valueOffsets as Int32Array
    const child = data.children[0]!
    const items: Cell[] = []
    for (let j = offsets[i]!; j < offsets[i + 1]!; j++) {
      const isMap = name.startsWith('Map')
      items.push(isMap ? child.children.map((member) => cellAt(member, j)) : cellAt(child, j))
    }
    return items
  }
  if (name.startsWith('Struct')) {
    return Object.fromEntries(
      data.children.map((child, k) => [(type.children as Field[])[k]!.name, cellAt(child, i)]),
    )
  }
  return (data.values as Int32Array | BigInt64Array)[i]!
}
