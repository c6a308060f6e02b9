/**
 * A number n ≥ `start` for which `holds` and for n + 1 does not, given that it holds for `start`: the last one, where
 * it holds for all up to some number and for none above. Asks O(log n) times, and once where only `start` holds.
 */
export async function lastWhere(start: number, holds: (n: number) => Promise<boolean>): Promise<number> {
  let low = start
  let step = 1
  while (await holds(low + step)) {
    low += step
    step *= 2
  }
  let high = low + step
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await holds(middle)) low = middle
    else high = middle
  }
  return low
}
