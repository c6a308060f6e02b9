import { invalidArgument } from '../format/errors.ts'
import type { GetOptions } from './object-store.ts'

export interface ByteRange {
  /** Absolute offset, inclusive. */
  readonly start: number
  /** Absolute offset, exclusive. */
  readonly end: number
}

/** The bytes of an object of `size` that `range` asks for. Throws INVALID_ARGUMENT for a range past the end. */
export function resolveRange(range: GetOptions['range'], size: number, location: string): ByteRange {
  if (range === undefined) return { start: 0, end: size }
  if ('suffixLength' in range) {
    requireCount('suffixLength', range.suffixLength, location)
    return { start: Math.max(0, size - range.suffixLength), end: size }
  }
  const { start, end } = range
  requireCount('start', start, location)
  requireCount('end', end, location)
  if (start > end)
    throw invalidArgument(`${location}: range starts at ${start}, after its end ${end}`, { location })
  if (end > size) {
    throw invalidArgument(`${location}: range ends at ${end}, past the object's ${size} bytes`, {
      location,
      end,
      size,
    })
  }
  return { start, end }
}

function requireCount(name: string, value: number, location: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return
  throw invalidArgument(`${location}: range ${name} must be a non-negative integer, found ${value}`, {
    location,
  })
}
