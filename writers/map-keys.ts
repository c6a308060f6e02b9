import { Buffer } from 'node:buffer'
import type { Literal } from '../format/types.ts'

/**
 * The place of the first of `count` keys that stood before, or undefined. A map that holds a key twice is none: DuckDB
 * does not read a table with one, and Spark answers with either value.
 */
export function repeatedKey(count: number, keyAt: (place: number) => Literal): number | undefined {
  if (count < 2) return undefined
  const seen = new Set<Literal>()
  for (let place = 0; place < count; place++) {
    const key = keyAt(place)
    seen.add(key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : key)
    if (seen.size === place) return place
  }
  return undefined
}
