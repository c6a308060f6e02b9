import { decodeVariantMetadata, decodeVariantValue } from '../../../format/variant/decode-variant.ts'
import { type Bomb, broken, tooMuch } from './bomb.ts'

const value =
  (...bytes: number[]) =>
  () =>
    decodeVariantValue(Uint8Array.from(bytes), ['a'])

/** Arrays of one item each, and a null in the innermost. */
function nested(depth: number): Uint8Array {
  let bytes = Uint8Array.of(0)
  for (let level = 0; level < depth; level++) {
    const end = bytes.length
    bytes = Uint8Array.of(0b0000_1011, 1, 0, 0, 0, end & 255, (end >> 8) & 255, end >> 16, ...bytes)
  }
  return bytes
}

/** Arrays of two items that are one and the same, and so on: 2^depth values when they are unfolded. */
function unfolding(depth: number): Uint8Array {
  let bytes = Uint8Array.of(0)
  for (let level = 0; level < depth; level++) bytes = Uint8Array.of(3, 2, 0, 0, bytes.length, ...bytes)
  return bytes
}

export const variantBombs: readonly Bomb[] = [
  broken('2^32 names', () => decodeVariantMetadata(Uint8Array.of(0xc1, 255, 255, 255, 255))),
  broken('names that end before they begin', () => decodeVariantMetadata(Uint8Array.of(1, 2, 0, 255, 0))),
  broken('an object of 2^32 fields', value(0b0100_0010, 255, 255, 255, 255)),
  broken('an array of 2^32 items', value(0b0001_0011, 255, 255, 255, 255)),
  broken('a text of 4 GiB', value(16 << 2, 255, 255, 255, 255)),
  broken('bytes of 4 GiB', value(15 << 2, 255, 255, 255, 255)),
  broken('a decimal of scale 255', value(8 << 2, 255, 1, 0, 0, 0)),
  tooMuch('arrays nested 1,000 deep', () => decodeVariantValue(nested(1000), [])),
  broken('arrays that unfold to 2^40 values', () => decodeVariantValue(unfolding(40), [])),
]
