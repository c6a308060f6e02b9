import { bytesToUuid, uuidToBytes } from './text.ts'

/**
 * Bounds that hold in both orders of uuids: by unsigned bytes, as Parquet and PyIceberg compare them, and as two
 * signed longs, as Iceberg Java does. Between two different uuids the bounds move one step apart in the upper half,
 * so that what the lower half's sign decides does not matter. Undefined where the upper halves differ in sign: then
 * no pair holds in both orders. `lower` and `upper` are least and greatest by unsigned bytes.
 */
export function uuidBoundsInBothOrders(
  lower: string,
  upper: string,
): { readonly lower: string; readonly upper: string } | undefined {
  if (lower === upper) return { lower, upper }
  const below = upperHalf(lower) - 1n
  const above = upperHalf(upper) + 1n
  if (below < 0n || above > MAX_HALF || below >> 63n !== above >> 63n) return undefined
  return { lower: withUpperHalf(below), upper: withUpperHalf(above) }
}

const MAX_HALF = 0xffff_ffff_ffff_ffffn

function upperHalf(uuid: string): bigint {
  const bytes = uuidToBytes(uuid)
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
}

function withUpperHalf(half: bigint): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, half)
  return bytesToUuid(bytes)
}
