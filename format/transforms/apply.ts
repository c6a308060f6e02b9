/** What transforms do to values (spec: "Partition Transforms"). */
import { invalidArgument, unsupported } from '../errors.ts'
import {
  dateType,
  intType,
  isPrimitive,
  type Literal,
  type PrimitiveType,
  stringType,
  type Type,
  typeToString,
} from '../types.ts'
import { civilFromDays } from '../values/calendar.ts'
import { truncateCodePoints } from '../values/code-points.ts'
import { hasherOf } from './hash.ts'
import { transformToString } from './parse.ts'
import type { Transform } from './transform.ts'

/** Null gives null, whatever the transform. */
export type BoundTransform = (value: Literal | null) => Literal | null

/** Whether the spec lets the transform take values of this type. */
export function canTransform(transform: Transform, sourceType: Type): boolean {
  switch (transform.kind) {
    case 'identity':
      return isPrimitive(sourceType) && sourceType.kind !== 'geometry' && sourceType.kind !== 'geography'
    case 'bucket':
      return BUCKETED.has(sourceType.kind)
    case 'truncate':
      return TRUNCATED.has(sourceType.kind)
    case 'year':
    case 'month':
    case 'day':
      return sourceType.kind === 'date' || isTimestamp(sourceType)
    case 'hour':
      return isTimestamp(sourceType)
    case 'void':
      return true
    case 'unknown':
      return false
  }
}

/**
 * The type of the transform's results. Asks nothing of the source type that the result does not need, since the
 * source column of an old partition field may be gone: then give `unknownType`. Unknown transforms count as string,
 * as in Iceberg Java.
 */
export function transformResultType(transform: Transform, sourceType: Type): PrimitiveType {
  switch (transform.kind) {
    case 'bucket':
    case 'year':
    case 'month':
    case 'hour':
      return intType
    case 'day':
      return dateType
    case 'unknown':
      return stringType
    case 'void':
      return isPrimitive(sourceType) ? sourceType : intType
    case 'identity':
    case 'truncate':
      if (!isPrimitive(sourceType)) throw cannotTransform(transform, sourceType)
      return sourceType
  }
}

export function applyTransform(
  transform: Transform,
  sourceType: PrimitiveType,
  value: Literal | null,
): Literal | null {
  return bindTransform(transform, sourceType)(value)
}

/**
 * The transform as a function specialised to the source type, for loops over rows. `UNSUPPORTED` for a transform
 * that is not known, `INVALID_ARGUMENT` for a source type that it does not take.
 */
export function bindTransform(transform: Transform, sourceType: PrimitiveType): BoundTransform {
  if (transform.kind === 'unknown') {
    throw unsupported(`transform ${transform.text.slice(0, 60)} is not known to this version`)
  }
  if (!canTransform(transform, sourceType)) throw cannotTransform(transform, sourceType)
  switch (transform.kind) {
    case 'identity':
      return (value) => value
    case 'void':
      return () => null
    case 'bucket':
      return bindBucket(sourceType, transform.numBuckets)
    case 'truncate':
      return bindTruncate(sourceType, transform.width)
    case 'year':
      return bindDays(sourceType, (days) => civilFromDays(days).year - 1970)
    case 'month':
      return bindDays(sourceType, monthsOfDays)
    case 'day':
      return bindDays(sourceType, (days) => days)
    case 'hour': {
      const clock = clockOf(sourceType)
      // Microseconds reach beyond the hours that an int counts; Iceberg Java wraps there.
      return (value) =>
        value === null ? null : floorDivide(value as bigint, clock.shift, clock.shiftedHour) | 0
    }
  }
}

const BUCKETED: ReadonlySet<Type['kind']> = new Set<Type['kind']>([
  'int',
  'long',
  'decimal',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'fixed',
  'binary',
])
const TRUNCATED: ReadonlySet<Type['kind']> = new Set<Type['kind']>([
  'int',
  'long',
  'decimal',
  'string',
  'binary',
])

function isTimestamp(type: Type): boolean {
  return (
    type.kind === 'timestamp' ||
    type.kind === 'timestamptz' ||
    type.kind === 'timestamp_ns' ||
    type.kind === 'timestamptz_ns'
  )
}

function bindBucket(sourceType: PrimitiveType, numBuckets: number): BoundTransform {
  const hash = hasherOf(sourceType)
  return (value) => (value === null ? null : (hash(value) & 0x7fffffff) % numBuckets)
}

/** Numbers go down to a multiple of the width, and wrap below their type's range as Iceberg Java's do. */
function bindTruncate(sourceType: PrimitiveType, width: number): BoundTransform {
  const longWidth = BigInt(width)
  switch (sourceType.kind) {
    case 'int':
      return (value) => (value === null ? null : (Math.floor((value as number) / width) * width) | 0)
    case 'long':
      return (value) => (value === null ? null : BigInt.asIntN(64, floorTo(value as bigint, longWidth)))
    case 'decimal':
      return (value) => (value === null ? null : floorTo(value as bigint, longWidth))
    case 'string':
      return (value) => (value === null ? null : truncateCodePoints(value as string, width))
    default:
      // A copy: a partition value outlives the row's buffer.
      return (value) => (value === null ? null : (value as Uint8Array).slice(0, width))
  }
}

function floorTo(value: bigint, width: bigint): bigint {
  const remainder = value % width
  return remainder < 0n ? value - remainder - width : value - remainder
}

function bindDays(sourceType: PrimitiveType, result: (days: number) => number): BoundTransform {
  if (sourceType.kind === 'date') return (value) => (value === null ? null : result(value as number))
  const clock = clockOf(sourceType)
  return (value) =>
    value === null ? null : result(floorDivide(value as bigint, clock.shift, clock.shiftedDay))
}

function monthsOfDays(days: number): number {
  const { year, month } = civilFromDays(days)
  return (year - 1970) * 12 + month - 1
}

/**
 * An hour and a day in units of 2^shift ticks. Both are whole: 3,600,000,000 µs = 2^10 × 3,515,625, and
 * 3,600,000,000,000 ns = 2^13 × 439,453,125.
 */
interface Clock {
  readonly shift: number
  readonly shiftedHour: number
  readonly shiftedDay: number
}
const MICROS: Clock = { shift: 10, shiftedHour: 3_515_625, shiftedDay: 24 * 3_515_625 }
const NANOS: Clock = { shift: 13, shiftedHour: 439_453_125, shiftedDay: 24 * 439_453_125 }

function clockOf(sourceType: PrimitiveType): Clock {
  return sourceType.kind === 'timestamp_ns' || sourceType.kind === 'timestamptz_ns' ? NANOS : MICROS
}

const word = new DataView(new ArrayBuffer(8))

/**
 * ⌊value ÷ (divisor × 2^shift)⌋ of a long, without bigint arithmetic. Without its lowest `shift` bits the value is
 * at most 2^53 in size, so that the double is exact and its quotient cannot round up to the next integer.
 */
function floorDivide(value: bigint, shift: number, divisor: number): number {
  word.setBigInt64(0, value)
  const shifted = word.getInt32(0) * 2 ** (32 - shift) + (word.getUint32(4) >>> shift)
  return Math.floor(shifted / divisor)
}

function cannotTransform(transform: Transform, sourceType: Type) {
  return invalidArgument(
    `transform ${transformToString(transform)} does not take values of type ${typeToString(sourceType)}`,
  )
}
