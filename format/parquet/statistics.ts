import type { Literal, PrimitiveType } from '../types.ts'
import { bytesToUuid } from '../values/text.ts'
import { readTwosComplement } from '../values/twos-complement.ts'
import type { ChunkStatistics, LogicalType, SchemaElement } from './footer.ts'
import { logicalTypeOf } from './leaf-type.ts'

/** Values that every value of a column chunk lies between; neither need occur in it. */
export interface Bounds {
  readonly lower: Literal
  readonly upper: Literal
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The bounds of a chunk as values of `type`. Undefined when it has none, when they are NaN or malformed, when Parquet's
 * order is not Iceberg's (INT96, geometries), or when `type` does not hold the column.
 */
export function statisticsBounds(
  statistics: ChunkStatistics,
  element: SchemaElement,
  type: PrimitiveType,
): Bounds | undefined {
  const { min, max } = orderedStatistics(statistics, element)
  if (min === undefined || max === undefined) return undefined
  const lower = statisticsValue(min, element, type)
  const upper = statisticsValue(max, element, type)
  if (lower === undefined || upper === undefined || Number.isNaN(lower) || Number.isNaN(upper))
    return undefined
  // Writers may write either zero for both (parquet.thrift, ColumnOrder).
  return { lower: lower === 0 && isFloat(type) ? -0 : lower, upper: upper === 0 && isFloat(type) ? 0 : upper }
}

/**
 * `min_value` and `max_value`, else the deprecated `min` and `max` where their order, which is signed, is the column's:
 * writers before 2018 have no others. Those of bytes and of unsigned integers were compared in more than one way.
 */
function orderedStatistics(
  { min, max, legacyMin, legacyMax }: ChunkStatistics,
  element: SchemaElement,
): Pick<ChunkStatistics, 'min' | 'max'> {
  if (min !== undefined && max !== undefined) return { min, max }
  if (legacyMin === undefined || legacyMax === undefined) return {}
  switch (element.type) {
    case 'BOOLEAN':
    case 'FLOAT':
    case 'DOUBLE':
      return { min: legacyMin, max: legacyMax }
    case 'INT32':
    case 'INT64': {
      const logical = logicalTypeOf(element)
      const signed = logical?.kind !== 'INTEGER' || logical.isSigned
      return signed ? { min: legacyMin, max: legacyMax } : {}
    }
    default:
      return {}
  }
}

function isFloat(type: PrimitiveType): boolean {
  return type.kind === 'float' || type.kind === 'double'
}

function statisticsValue(
  bytes: Uint8Array,
  element: SchemaElement,
  type: PrimitiveType,
): Literal | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const logical = logicalTypeOf(element)
  switch (element.type) {
    case 'BOOLEAN':
      return bytes.length === 1 && type.kind === 'boolean' ? bytes[0] !== 0 : undefined
    case 'INT32': {
      if (bytes.length !== 4) return undefined
      const isSigned = logical?.kind !== 'INTEGER' || logical.isSigned
      return integerValue(BigInt(isSigned ? view.getInt32(0, true) : view.getUint32(0, true)), logical, type)
    }
    case 'INT64':
      if (bytes.length !== 8 || (logical?.kind === 'INTEGER' && !logical.isSigned)) return undefined
      return integerValue(view.getBigInt64(0, true), logical, type)
    case 'FLOAT':
      return bytes.length === 4 && isFloat(type) ? view.getFloat32(0, true) : undefined
    case 'DOUBLE':
      return bytes.length === 8 && type.kind === 'double' ? view.getFloat64(0, true) : undefined
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return bytesValue(bytes, logical, type)
    default:
      return undefined
  }
}

function integerValue(
  value: bigint,
  logical: LogicalType | undefined,
  type: PrimitiveType,
): Literal | undefined {
  switch (type.kind) {
    case 'int':
    case 'date':
      return BigInt.asIntN(32, value) === value ? Number(value) : undefined
    case 'long':
      return value
    case 'decimal':
      return logical?.kind === 'DECIMAL' && logical.scale === type.scale ? value : undefined
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return scaled(value, logical, 'MICROS')
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return scaled(value, logical, 'NANOS')
    default:
      return undefined
  }
}

const perSecond = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const

/** A coarser unit is scaled up; a finer one would have to be rounded, each bound its own way, and gives none. */
function scaled(
  value: bigint,
  logical: LogicalType | undefined,
  unit: 'MICROS' | 'NANOS',
): bigint | undefined {
  if (logical?.kind !== 'TIME' && logical?.kind !== 'TIMESTAMP') return undefined
  const factor = perSecond[unit] / perSecond[logical.unit]
  const product = value * factor
  return factor === 0n || BigInt.asIntN(64, product) !== product ? undefined : product
}

function bytesValue(
  bytes: Uint8Array,
  logical: LogicalType | undefined,
  type: PrimitiveType,
): Literal | undefined {
  switch (type.kind) {
    case 'string':
      return textValue(bytes)
    case 'binary':
      return bytes
    case 'uuid':
      return bytes.length === 16 ? bytesToUuid(bytes) : undefined
    case 'fixed':
      // A bound that was cut is no value of the type, and Spark answers min and max from bounds.
      return bytes.length === type.length ? bytes : undefined
    case 'decimal': {
      const fits = bytes.length > 0 && bytes.length <= 16
      if (!fits || logical?.kind !== 'DECIMAL' || logical.scale !== type.scale) return undefined
      return readTwosComplement(bytes)
    }
    default:
      return undefined
  }
}

/** Bounds cut inside a character are no text. */
function textValue(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
