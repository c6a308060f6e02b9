/** Bits in Arrow's order: bit `i` is bit `i % 8`, least significant first, of byte `i >> 3`. */

export function bitAt(bits: Uint8Array, index: number): boolean {
  return (bits[index >> 3]! & (1 << (index & 7))) !== 0
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7)
}

export function clearBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! &= ~(1 << (index & 7))
}

/** Bytes that hold `length` bits, padded to 8 bytes as Arrow asks. */
export function bitmapByteLength(length: number): number {
  return ((length + 63) >>> 6) << 3
}

/** Copies `count` bits; those around the target range stay as they are. */
export function copyBits(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  count: number,
): void {
  let done = 0
  if ((sourceStart & 7) === (targetStart & 7)) {
    while (done < count && ((targetStart + done) & 7) !== 0) {
      copyBit(source, sourceStart + done, target, targetStart + done)
      done++
    }
    const bytes = (count - done) >> 3
    const from = (sourceStart + done) >> 3
    target.set(source.subarray(from, from + bytes), (targetStart + done) >> 3)
    done += bytes << 3
  }
  for (; done < count; done++) copyBit(source, sourceStart + done, target, targetStart + done)
}

/** Sets `count` bits from `start`. */
export function fillBits(target: Uint8Array, start: number, count: number): void {
  const end = start + count
  let bit = start
  while (bit < end && (bit & 7) !== 0) setBit(target, bit++)
  const wholeBytesEnd = Math.max(bit, end & ~7)
  target.fill(255, bit >> 3, wholeBytesEnd >> 3)
  for (bit = wholeBytesEnd; bit < end; bit++) setBit(target, bit)
}

function copyBit(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  if (bitAt(source, from)) setBit(target, to)
  else clearBit(target, to)
}
