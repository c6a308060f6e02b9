/**
 * The order of values that bounds, pruning and sorting rest on (spec: "Sorting" for floats; strings as UTF-8,
 * bytes unsigned).
 */
import type { Literal, PrimitiveType } from '../types.ts'

export type Comparator = (a: Literal, b: Literal) => number

/** Negative, zero or positive as `a` sorts before, with or after `b`; both in the internal form of `type`. */
export function compareLiterals(type: PrimitiveType, a: Literal, b: Literal): number {
  return literalComparator(type)(a, b)
}

/** The comparison for one type, for loops. `-0.0` sorts before `0.0`, NaN last and equal to itself. */
export function literalComparator(type: PrimitiveType): Comparator {
  switch (type.kind) {
    case 'float':
    case 'double':
      return compareFloats as Comparator
    case 'string':
      return compareUtf8 as Comparator
    case 'fixed':
    case 'binary':
    case 'geometry':
    case 'geography':
      return compareBytes as Comparator
    case 'boolean':
    case 'int':
    case 'date':
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
    case 'decimal':
    case 'uuid':
    case 'unknown':
      return compareNatively
  }
}

/** Compares as the UTF-8 bytes would: code points beyond the BMP sort after U+FFFF, which UTF-16 units do not. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return utf8Rank(left) - utf8Rank(right)
  }
  return a.length - b.length
}

/** Unsigned, byte by byte; a prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * Compares uuids as Iceberg Java does, as two signed longs. Parquet, and `compareLiterals`, take them as unsigned
 * bytes. Bounds that Java wrote may follow either order, so a uuid lies outside them only where both say so.
 */
export function compareUuidsSigned(a: string, b: string): number {
  return compareNatively(signedRank(a), signedRank(b))
}

/** Moves the surrogates, which only code points beyond the BMP use, above the rest of the 16-bit units. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

function compareFloats(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return a !== 0 ? 0 : Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

function compareNatively(a: Literal, b: Literal): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The text with the sign bit of both halves flipped: its order is the signed order. */
function signedRank(uuid: string): string {
  return flipTopBit(uuid[0]!) + uuid.slice(1, 19) + flipTopBit(uuid[19]!) + uuid.slice(20)
}

function flipTopBit(hexDigit: string): string {
  return (Number.parseInt(hexDigit, 16) ^ 8).toString(16)
}
