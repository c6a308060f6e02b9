/**
 * The one source of chance: a hash of a row's number and a column's seed, so that any row of any table can be made
 * alone and comes out the same for every engine. A bijection of 32 bits for one seed (murmur3's finaliser).
 */
export function hash(row: number, seed: number): number {
  let h = (row ^ Math.imul(seed, 0x9e37_79b9)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A whole number below `limit`. */
export function below(limit: number, row: number, seed: number): number {
  return Math.floor((hash(row, seed) / 2 ** 32) * limit)
}
