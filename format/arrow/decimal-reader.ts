import type { Data } from 'apache-arrow'

/** Reads unscaled values of an Arrow decimal column of 64, 128 or 256 bits: little-endian two's complement. */
export function decimalReader(data: Data): (index: number) => bigint {
  const words: Uint32Array = data.values
  const aligned = words.byteOffset % 8 === 0 ? words : words.slice()
  const low = new BigUint64Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1)
  const high = new BigInt64Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1)
  const parts = data.stride >> 1
  return (index) => {
    const first = index * parts
    let value = high[first + parts - 1]!
    for (let part = parts - 2; part >= 0; part--) value = (value << 64n) | low[first + part]!
    return value
  }
}
