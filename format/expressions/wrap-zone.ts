import type { Transform } from '../transforms/transform.ts'
import type { Literal, PrimitiveType } from '../types.ts'

/**
 * The results that a transform gives out of order. `truncate` of an int or a long, and `hour` of microseconds, wrap
 * around at the end of their result's range, as in Iceberg Java: results from `fromLeast` up may belong to the least
 * source values, results from `fromGreatest` down to the greatest. Pruning by order must let both through.
 */
export interface WrapZone {
  readonly fromLeast: Literal
  readonly fromGreatest?: Literal
}

/** Undefined for a transform whose results never wrap. */
export function wrapZone(transform: Transform, sourceType: PrimitiveType): WrapZone | undefined {
  if (transform.kind === 'truncate' && sourceType.kind === 'int') {
    return 2 ** 31 % transform.width === 0 ? undefined : { fromLeast: 2 ** 31 - transform.width + 1 }
  }
  if (transform.kind === 'truncate' && sourceType.kind === 'long') {
    const width = BigInt(transform.width)
    return 2n ** 63n % width === 0n ? undefined : { fromLeast: 2n ** 63n - width + 1n }
  }
  if (transform.kind === 'hour' && (sourceType.kind === 'timestamp' || sourceType.kind === 'timestamptz')) {
    // ⌊−2^63 ÷ 3.6e9⌋ + 2^32 and ⌊(2^63 − 1) ÷ 3.6e9⌋ − 2^32.
    return { fromLeast: 1_732_919_507, fromGreatest: -1_732_919_508 }
  }
  return undefined
}

/** Whether a transform that keeps order gave this result by wrapping around; no other way changes the sign. */
export function wrapsAround(source: Literal | undefined, result: Literal | undefined): boolean {
  const isNumber = typeof source === 'number' || typeof source === 'bigint'
  return isNumber && result !== undefined && source < 0 !== (result as number | bigint) < 0
}
