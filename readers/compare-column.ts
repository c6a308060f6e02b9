import { Buffer } from 'node:buffer'
import type { Data } from 'apache-arrow'
import type { BoundPredicate } from '../format/expressions/bound.ts'
import type { Literal, PrimitiveType } from '../format/types.ts'

/** A byte per row: 1 where the row matches. */
export type RowMask = Uint8Array

/** Sets the mask of a column's rows, those of null slots to anything (the caller corrects them). */
type ColumnLoop = (data: Data, mask: RowMask) => void

/**
 * The loop that tests a whole column, or undefined where there is none: one function per kind of buffer, so that
 * each stays monomorphic, which is worth a factor of four.
 */
export function columnLoop(predicate: BoundPredicate): ColumnLoop | undefined {
  if (predicate.term.transform !== undefined) return undefined
  if (predicate.op === 'is-null') return () => undefined
  if (predicate.op === 'not-null') return (_, mask) => void mask.fill(1)
  if (!('literal' in predicate)) return undefined
  const { op, literal } = predicate
  const { type } = predicate.term
  if (op === 'starts-with' || op === 'not-starts-with') {
    return type.kind === 'string' ? prefixLoop(String(literal), op === 'starts-with') : undefined
  }
  return loopOf(type, literal, ACCEPTED[op])
}

/** Whether an operator accepts a value [below, equal to, above] the literal. */
type Accepted = readonly [0 | 1, 0 | 1, 0 | 1]

const ACCEPTED: Readonly<Record<'lt' | 'lt-eq' | 'gt' | 'gt-eq' | 'eq' | 'not-eq', Accepted>> = {
  lt: [1, 0, 0],
  'lt-eq': [1, 1, 0],
  gt: [0, 0, 1],
  'gt-eq': [0, 1, 1],
  eq: [0, 1, 0],
  'not-eq': [1, 0, 1],
}

function loopOf(type: PrimitiveType, literal: Literal, accepted: Accepted): ColumnLoop | undefined {
  switch (type.kind) {
    case 'int':
    case 'date':
      return (data, mask) => compareInt32(data.values, literal as number, accepted, mask)
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return (data, mask) => compareInt64(data.values, literal as bigint, accepted, mask)
    case 'float':
    case 'double': {
      // Zeros and NaNs have an order of their own, which the slow road knows.
      if (literal === 0 || Number.isNaN(literal)) return undefined
      return (data, mask) => compareFloat(data.values, literal as number, accepted, mask)
    }
    case 'string': {
      const bytes = Buffer.from(literal as string)
      return (data, mask) => compareBytes(data, bytes, accepted, mask)
    }
    case 'binary':
      return (data, mask) => compareBytes(data, literal as Uint8Array, accepted, mask)
    default:
      return undefined
  }
}

function compareInt32(values: Int32Array, literal: number, accepted: Accepted, mask: RowMask): void {
  const [below, equal, above] = accepted
  for (let i = 0; i < mask.length; i++) {
    const value = values[i]!
    mask[i] = value < literal ? below : value > literal ? above : equal
  }
}

/** Compares halves: a bigint per value would be allocated. */
function compareInt64(values: BigInt64Array, literal: bigint, accepted: Accepted, mask: RowMask): void {
  const [below, equal, above] = accepted
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const high = Number(literal >> 32n)
  const low = Number(literal & 0xffff_ffffn)
  for (let i = 0; i < mask.length; i++) {
    const valueHigh = halves[i * 2 + 1]!
    const valueLow = halves[i * 2]! >>> 0
    if (valueHigh !== high) mask[i] = valueHigh < high ? below : above
    else mask[i] = valueLow < low ? below : valueLow > low ? above : equal
  }
}

/** `literal` is neither a zero nor a NaN; a NaN in the column counts as greater than everything. */
function compareFloat(
  values: Float32Array | Float64Array,
  literal: number,
  accepted: Accepted,
  mask: RowMask,
): void {
  const [below, equal, above] = accepted
  for (let i = 0; i < mask.length; i++) {
    const value = values[i]!
    mask[i] = value < literal ? below : value === literal ? equal : above
  }
}

/** Unsigned bytes, the shorter first on a tie: for strings this is the order of UTF-8, which is Iceberg's. */
function compareBytes(data: Data, literal: Uint8Array, accepted: Accepted, mask: RowMask): void {
  const [below, equal, above] = accepted
  const offsets: Int32Array = data.valueOffsets
  const bytes: Uint8Array = data.values
  const length = literal.length
  for (let i = 0; i < mask.length; i++) {
    const start = offsets[i]!
    const valueLength = offsets[i + 1]! - start
    const shared = Math.min(valueLength, length)
    let k = 0
    while (k < shared && bytes[start + k] === literal[k]) k++
    if (k < shared) mask[i] = bytes[start + k]! < literal[k]! ? below : above
    else mask[i] = valueLength < length ? below : valueLength > length ? above : equal
  }
}

function prefixLoop(prefix: string, wanted: boolean): ColumnLoop {
  const bytes = Buffer.from(prefix)
  const match = wanted ? 1 : 0
  return (data, mask) => {
    const offsets: Int32Array = data.valueOffsets
    const values: Uint8Array = data.values
    for (let i = 0; i < mask.length; i++) {
      const start = offsets[i]!
      const fits = offsets[i + 1]! - start >= bytes.length
      let k = 0
      while (fits && k < bytes.length && values[start + k] === bytes[k]) k++
      mask[i] = fits && k === bytes.length ? match : 1 - match
    }
  }
}
