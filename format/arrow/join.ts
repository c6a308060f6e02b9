/** The slots of several columns of one type, one after another, written where the caller says. */
import type { Data } from 'apache-arrow'
import { unsupported } from '../errors.ts'
import type { FixedWidthArray } from './arrow-data.ts'
import { copyBits, fillBits } from './bitmap.ts'

/** Offsets of an Arrow column are 32 bits wide. */
const MAX_OFFSET = 0x7fff_ffff

export function joinValidity(parts: readonly Data[], target: Uint8Array): void {
  target.fill(0, lengthOf(parts) >> 3)
  let at = 0
  for (const part of parts) {
    if (part.nullCount === 0) fillBits(target, at, part.length)
    else copyBits(part.nullBitmap, part.offset, target, at, part.length)
    at += part.length
  }
}

/** The values of boolean columns. */
export function joinBits(parts: readonly Data[], target: Uint8Array): void {
  target.fill(0, lengthOf(parts) >> 3)
  let at = 0
  for (const part of parts) {
    copyBits(part.values, part.offset, target, at, part.length)
    at += part.length
  }
}

export function joinFixedWidth(parts: readonly Data[], target: FixedWidthArray): void {
  let at = 0
  for (const part of parts) {
    const used = part.length * part.stride
    // Both are of one kind; `set` alone has ten signatures.
    ;(target as Uint8Array).set(part.values.subarray(0, used) as Uint8Array, at)
    at += used
  }
}

/** One offset more than there are slots, the first of them 0. */
export function joinOffsets(parts: readonly Data[], target: Int32Array): void {
  let at = 0
  let total = 0
  for (const part of parts) {
    const offsets: Int32Array = part.valueOffsets
    const start = offsets[0]!
    const shift = total - start
    if (shift === 0) target.set(offsets.subarray(0, part.length), at)
    else for (let i = 0; i < part.length; i++) target[at + i] = offsets[i]! + shift
    at += part.length
    total += offsets[part.length]! - start
  }
  target[at] = total
}

/** What the offsets of all parts reach, in bytes or items. UNSUPPORTED beyond 2 GiB. */
export function joinedReach(parts: readonly Data[]): number {
  const reach = parts.reduce(
    (sum, { valueOffsets, length }) => sum + valueOffsets[length] - valueOffsets[0],
    0,
  )
  if (reach > MAX_OFFSET) throw unsupported('joined columns are over 2 GiB: join fewer batches at a time')
  return reach
}

export function joinBytes(parts: readonly Data[], target: Uint8Array): void {
  let at = 0
  for (const part of parts) {
    const bytes: Uint8Array = part.values.subarray(part.valueOffsets[0], part.valueOffsets[part.length])
    target.set(bytes, at)
    at += bytes.length
  }
}

/** The items that a list or map column reaches; a slice of one keeps its whole child. */
export function reachedChild(list: Data): Data {
  const child = list.children[0]!
  const start: number = list.valueOffsets[0]
  const end: number = list.valueOffsets[list.length]
  return start === 0 && end === child.length ? child : child.slice(start, end - start)
}

export function trimmed(child: Data, length: number): Data {
  return child.length === length ? child : child.slice(0, length)
}

export function lengthOf(parts: readonly Data[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
