import type { Literal, PrimitiveType } from '../types.ts'

/** A value in the form of an earlier type of its column, in that of the column's type now (spec: "Schema Evolution"). */
export function promoteLiteral(type: PrimitiveType, value: Literal | null): Literal | null {
  if (typeof value !== 'number') return value
  switch (type.kind) {
    case 'long':
      return BigInt(value)
    case 'timestamp':
      return BigInt(value) * MICROS_PER_DAY
    case 'timestamp_ns':
      return BigInt(value) * MICROS_PER_DAY * 1000n
    default:
      return value
  }
}

const MICROS_PER_DAY = 86_400_000_000n
