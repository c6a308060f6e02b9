import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  type ListType,
  longType,
  type MapType,
  type NestedField,
  stringType,
  structType,
  type Type,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  timeType,
  unknownType,
  uuidType,
} from '../../../format/types.ts'
import type { Cell } from './sample-batch.ts'

export function optionalField(id: number, name: string, type: Type): NestedField {
  return { id, name, required: false, type }
}
export function requiredField(id: number, name: string, type: Type): NestedField {
  return { id, name, required: true, type }
}
export function listOf(elementId: number, element: Type, elementRequired = false): ListType {
  return { kind: 'list', elementId, element, elementRequired }
}
export function mapOf(
  keyId: number,
  key: Type,
  valueId: number,
  value: Type,
  valueRequired = false,
): MapType {
  return { kind: 'map', keyId, key, valueId, value, valueRequired }
}

/** Every type that Parquet stores, and nesting with optional and required parts at every level. */
export const sampleFields: readonly NestedField[] = [
  requiredField(1, 'id', longType),
  optionalField(2, 'b', booleanType),
  optionalField(3, 'i', intType),
  optionalField(4, 'f', floatType),
  optionalField(5, 'd', doubleType),
  optionalField(6, 'd9', decimalType(9, 2)),
  optionalField(7, 'd18', decimalType(18, 6)),
  optionalField(8, 'd38', decimalType(38, 10)),
  optionalField(9, 'dt', dateType),
  optionalField(10, 'tm', timeType),
  optionalField(11, 'ts', timestampType),
  optionalField(12, 'tz', timestamptzType),
  optionalField(13, 'tsn', timestampNsType),
  optionalField(14, 'tzn', timestamptzNsType),
  optionalField(15, 's', stringType),
  optionalField(16, 'u', uuidType),
  optionalField(17, 'fx', fixedType(5)),
  optionalField(18, 'bin', binaryType),
  optionalField(19, 'unk', unknownType),
  optionalField(20, 'sp ace.dot-ü', stringType),
  optionalField(
    30,
    'st',
    structType([
      requiredField(31, 'a', intType),
      optionalField(32, 'x', unknownType),
      optionalField(33, 'in', structType([optionalField(34, 'z', stringType)])),
    ]),
  ),
  requiredField(
    40,
    'l',
    listOf(41, structType([requiredField(42, 'p', longType), optionalField(43, 'q', stringType)]), true),
  ),
  optionalField(50, 'm', mapOf(51, stringType, 52, listOf(53, intType))),
  optionalField(60, 'll', listOf(61, listOf(62, doubleType, true))),
  requiredField(
    70,
    'ms',
    mapOf(
      71,
      structType([requiredField(73, 'k', intType)]),
      72,
      structType([optionalField(74, 'v', listOf(75, stringType))]),
      true,
    ),
  ),
]

/** Row `n`, with nulls, empty lists, extremes and signs at every level as `n` goes. */
export function sampleRow(n: number): { readonly [name: string]: Cell } {
  const orNull = (every: number, value: Cell): Cell => (n % every === every - 1 ? null : value)
  const bytes = new Uint8Array(16).fill(n % 256)
  return {
    id: BigInt(n) - 2n ** 62n,
    b: orNull(3, n % 2 === 0),
    i: orNull(4, n === 1 ? -(2 ** 31) : n - 50),
    f: orNull(5, n === 7 ? Number.NaN : Math.fround(n / 3)),
    d: orNull(6, n === 3 ? -0 : n === 4 ? Number.POSITIVE_INFINITY : n / 7),
    d9: orNull(3, BigInt(n * 101 - 5000)),
    d18: orNull(4, BigInt(n) * -1_000_000_007n),
    d38: orNull(5, (10n ** 38n - 1n - BigInt(n)) * (n % 2 === 0 ? 1n : -1n)),
    dt: orNull(7, n - 30),
    tm: orNull(3, BigInt(n) * 1_000_003n),
    ts: orNull(4, BigInt(n) * -86_400_000_000n),
    tz: orNull(5, BigInt(n) * 1_234_567_891_011n),
    tsn: orNull(6, BigInt(n) * 1_000_000_007n),
    tzn: orNull(7, -BigInt(n)),
    s: orNull(3, `\ufeffvärde 🎉${'x'.repeat(n % 100)}`),
    u: orNull(4, bytes),
    fx: orNull(5, bytes.slice(0, 5)),
    bin: orNull(6, bytes.slice(0, n % 16)),
    unk: null,
    'sp ace.dot-ü': orNull(2, `q${n}`),
    st: orNull(3, { a: n, x: null, in: orNull(4, { z: orNull(5, `z${n}`) }) }),
    l: Array.from({ length: n % 4 }, (_, j) => ({ p: BigInt(j), q: j % 2 === 0 ? null : `q${j}` })),
    m: orNull(
      4,
      Array.from({ length: n % 3 }, (_, j) => [`k${j}`, j === 1 ? null : [n, null]]),
    ),
    ll: orNull(5, n % 3 === 0 ? [] : [[1, 2], null, []].slice(0, n % 4)),
    ms: Array.from({ length: n % 3 }, (_, j): Cell => [{ k: j }, { v: orNull(3, ['a', null]) }]),
  }
}

/** What is stored of a row: no unknown columns, Parquet's names. */
export function storedRow(row: { readonly [name: string]: Cell }): { readonly [name: string]: Cell } {
  const { unk: _, 'sp ace.dot-ü': renamed, st, ...rest } = row
  const stored =
    st === null || st === undefined ? null : { a: (st as { a: Cell }).a, in: (st as { in: Cell }).in }
  return { ...rest, sp_x20ace_x2Edot_x2Dü: renamed ?? null, st: stored }
}

export function sampleRows(from: number, count: number): { readonly [name: string]: Cell }[] {
  return Array.from({ length: count }, (_, i) => sampleRow(from + i))
}
