import { type Data, type DataType, makeData, Null, type Vector } from 'apache-arrow'

/** A typed array as Arrow columns of fixed width use it. */
export type FixedWidthArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** The buffers of one column; which ones apply follows from its type. */
export interface ColumnParts {
  /** Absent when every slot is valid. */
  readonly nullBitmap?: Uint8Array | undefined
  /** In bits, of the validity and of booleans; other buffers begin with the first slot. Default: 0. */
  readonly offset?: number
  readonly values?: FixedWidthArray
  readonly valueOffsets?: Int32Array | BigInt64Array
  readonly children?: readonly Data[]
  readonly dictionary?: Vector | undefined
  /** Of view types, with `values` as the views. */
  readonly variadicBuffers?: readonly Uint8Array[]
}

/**
 * A column from its buffers. apache-arrow overloads `makeData` per type, which code that handles every type cannot
 * satisfy; this is the one cast.
 */
export function arrowData(type: DataType, length: number, parts: ColumnParts): Data {
  const { nullBitmap, offset, values, valueOffsets, children, dictionary, variadicBuffers } = parts
  const props = {
    type,
    length,
    offset,
    nullBitmap,
    nullCount: nullBitmap === undefined ? 0 : -1,
    data: values,
    views: values,
    valueOffsets,
    child: children?.[0],
    children,
    dictionary,
    variadicBuffers,
  }
  return makeData(props as never) as Data
}

/** A column of type null. */
export function nullData(length: number): Data {
  return makeData({ type: new Null(), length })
}

/** An empty array of the same kind. The cast joins element types that TypeScript keeps apart. */
export function newLike(values: FixedWidthArray, length: number): Uint8Array {
  const Kind = values.constructor as new (length: number) => Uint8Array
  return new Kind(length)
}
