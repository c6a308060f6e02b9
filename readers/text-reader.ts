import { Buffer } from 'node:buffer'
import type { Data } from 'apache-arrow'

/** Texts that are remembered, and how long one may be. */
const SLOTS = 256
const MAX_LENGTH = 32
/** Texts after which a column that repeats few of them is read without remembering. */
const TRIAL = 1000

/** What `toString` calls after its checks, which take as long as the reading of a short text. */
interface Utf8Buffer extends Buffer {
  utf8Slice(start: number, end: number): string
}

/**
 * Reads the texts of a column. Columns of few distinct texts are common, and comparing bytes with those of a text that
 * is there already takes a fifth of making it anew; the garbage is saved as well.
 */
export function textReader(data: Data): (index: number) => string {
  const offsets: Int32Array = data.valueOffsets
  const values: Uint8Array = data.values
  // Buffer's decoder has a fraction of TextDecoder's cost per call, and the same replacement rules.
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength) as Utf8Buffer
  const texts = new Array<string>(SLOTS).fill('')
  const starts = new Int32Array(SLOTS)
  const lengths = new Int32Array(SLOTS)
  let hits = 0
  let misses = 0
  let remembers = true
  return (index) => {
    const start = offsets[index]!
    const end = offsets[index + 1]!
    const length = end - start
    if (length === 0) return ''
    if (!remembers || length > MAX_LENGTH) return bytes.utf8Slice(start, end)
    const slot = slotOf(values, start, end)
    if (lengths[slot] === length && sameBytes(values, starts[slot]!, start, length)) {
      hits++
      return texts[slot]!
    }
    if (++misses > TRIAL && misses > hits) remembers = false
    const text = bytes.utf8Slice(start, end)
    texts[slot] = text
    starts[slot] = start
    lengths[slot] = length
    return text
  }
}

/** By the first and the last bytes, in which texts of a kind differ most. */
function slotOf(values: Uint8Array, start: number, end: number): number {
  const mixed =
    (values[start]! << 24) ^ (values[end - 1]! << 16) ^ ((values[end - 2] ?? 0) << 8) ^ (values[end - 3] ?? 0)
  return Math.imul(mixed ^ (end - start), 0x9e3779b1) >>> 24
}

function sameBytes(values: Uint8Array, a: number, b: number, length: number): boolean {
  for (let k = 0; k < length; k++) if (values[a + k] !== values[b + k]) return false
  return true
}
