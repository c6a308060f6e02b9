/** Arrow columns from functions of a row's number, straight into buffers. */
import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  type Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'

/** Makes the rows from `start` on. */
export type ColumnMaker = (start: number, length: number) => Data

export const longs = (of: (row: number) => number): ColumnMaker =>
  fixedWidth(
    new Int64(),
    (length) => new BigInt64Array(length),
    (row) => BigInt(of(row)),
  )

/** Microseconds since the epoch. */
export const instants = (of: (row: number) => number): ColumnMaker =>
  fixedWidth(
    new TimestampMicrosecond('UTC'),
    (length) => new BigInt64Array(length),
    (row) => BigInt(of(row)),
  )

export const doubles = (of: (row: number) => number): ColumnMaker =>
  fixedWidth(new Float64(), (length) => new Float64Array(length), of)

export const ints = (of: (row: number) => number): ColumnMaker =>
  fixedWidth(new Int32(), (length) => new Int32Array(length), of)

/** Days since the epoch. */
export const dates = (of: (row: number) => number): ColumnMaker =>
  fixedWidth(new DateDay(), (length) => new Int32Array(length), of)

export function booleans(of: (row: number) => boolean): ColumnMaker {
  return (start, length) => {
    const bits = new Uint8Array((length + 7) >> 3)
    for (let i = 0; i < length; i++) if (of(start + i)) bits[i >> 3]! |= 1 << (i & 7)
    return makeData({ type: new Bool(), length, nullCount: 0, data: bits })
  }
}

/** ASCII texts; undefined is null. */
export function texts(of: (row: number) => string | undefined): ColumnMaker {
  return (start, length) => {
    const offsets = new Int32Array(length + 1)
    const validity = new Uint8Array((length + 7) >> 3)
    let nullCount = 0
    const parts: string[] = []
    for (let i = 0; i < length; i++) {
      const text = of(start + i)
      if (text === undefined) nullCount++
      else {
        validity[i >> 3]! |= 1 << (i & 7)
        parts.push(text)
      }
      offsets[i + 1] = offsets[i]! + (text?.length ?? 0)
    }
    const nulls = nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: validity }
    const data = Buffer.from(parts.join(''), 'latin1')
    return makeData({ type: new Utf8(), length, ...nulls, valueOffsets: offsets, data })
  }
}

/** Lists of `size` elements each; the elements are numbered through. */
export function lists(
  size: number,
  element: ColumnMaker,
  fieldOf: (type: DataType) => List['children'][0],
): ColumnMaker {
  return (start, length) => {
    const child = element(start * size, length * size)
    const valueOffsets = Int32Array.from({ length: length + 1 }, (_, i) => i * size)
    return makeData({ type: new List(fieldOf(child.type)), length, nullCount: 0, valueOffsets, child })
  }
}

export function structs(
  type: (children: readonly Data[]) => Struct,
  members: readonly ColumnMaker[],
): ColumnMaker {
  return (start, length) => {
    const children = members.map((make) => make(start, length))
    return makeData({ type: type(children), length, nullCount: 0, children })
  }
}

function fixedWidth<T extends DataType, A extends { [index: number]: V }, V>(
  type: T,
  allocate: (length: number) => A,
  of: (row: number) => V,
): ColumnMaker {
  return (start, length) => {
    const data = allocate(length)
    for (let i = 0; i < length; i++) data[i] = of(start + i)
    return makeData({ type, length, nullCount: 0, data } as never) as Data
  }
}
