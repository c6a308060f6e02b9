/** Shortened bounds: what `truncate(n)` metrics modes keep of long strings and bytes. */
import type { Literal, PrimitiveType } from '../types.ts'
import { truncateCodePoints } from './code-points.ts'

const MAX_CODE_POINT = 0x10ffff

/** A value of at most `width` code points or bytes that sorts at or before `value`; other types pass unchanged. */
export function truncateLower(type: PrimitiveType, value: Literal, width: number): Literal {
  if (type.kind === 'string') return truncateCodePoints(value as string, width)
  if (type.kind === 'binary') return truncateBytes(value as Uint8Array, width)
  return value
}

/**
 * A value of at most `width` code points or bytes that sorts at or after `value`; undefined where there is none,
 * as for a long run of U+10FFFF or 0xFF.
 */
export function truncateUpper(type: PrimitiveType, value: Literal, width: number): Literal | undefined {
  if (type.kind === 'string') return truncateTextUp(value as string, width)
  if (type.kind === 'binary') return truncateBytesUp(value as Uint8Array, width)
  return value
}

function truncateTextUp(value: string, width: number): string | undefined {
  const kept = truncateCodePoints(value, width)
  if (kept.length === value.length) return value
  const codePoints = Array.from(kept, (character) => character.codePointAt(0)!)
  const last = codePoints.findLastIndex((codePoint) => codePoint < MAX_CODE_POINT)
  if (last === -1) return undefined
  // U+D800 to U+DFFF are surrogates, not characters.
  const next = codePoints[last] === 0xd7ff ? 0xe000 : codePoints[last]! + 1
  return String.fromCodePoint(...codePoints.slice(0, last), next)
}

function truncateBytes(value: Uint8Array, width: number): Uint8Array {
  return value.length <= width ? value : value.slice(0, width)
}

function truncateBytesUp(value: Uint8Array, width: number): Uint8Array | undefined {
  if (value.length <= width) return value
  const last = value.subarray(0, width).findLastIndex((byte) => byte < 0xff)
  if (last === -1) return undefined
  const raised = value.slice(0, last + 1)
  raised[last]!++
  return raised
}
