/** Big-endian two's complement, the form of unscaled decimals in Parquet, Avro, bounds and hashes. */

/** The bytes that hold any decimal: 38 digits fit 128 bits. */
export const MAX_DECIMAL_BYTES = 16

/** The value in the fewest bytes; one byte for zero. */
export function minimalTwosComplement(value: bigint): Uint8Array {
  const scratch = new DataView(new ArrayBuffer(MAX_DECIMAL_BYTES))
  return new Uint8Array(scratch.buffer.slice(writeTwosComplement(scratch, value)))
}

/**
 * Writes the value into the 16 bytes of `target`, sign-extended, and returns where its minimal form starts.
 * Throws `RangeError` beyond 128 bits.
 */
export function writeTwosComplement(target: DataView, value: bigint): number {
  const high = BigInt.asIntN(64, value >> 64n)
  if (value >> 64n !== high) throw new RangeError('a decimal of more than 128 bits')
  target.setBigInt64(0, high)
  target.setBigInt64(8, value)
  const sign = value < 0n ? 0xff : 0
  let start = 0
  while (start < 15 && target.getUint8(start) === sign && (target.getUint8(start + 1) ^ sign) < 0x80) start++
  return start
}

/** The value of 1 to 16 bytes. */
export function readTwosComplement(bytes: Uint8Array): bigint {
  let value = BigInt((bytes[0]! << 24) >> 24)
  for (let i = 1; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}
