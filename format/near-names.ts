/** For the end of an error message: what someone may have meant. */

/** Longer names are left out, and so are names after so many: an error message is no place for quadratic work. */
const MAX_COMPARED_LENGTH = 64
const MAX_COMPARED_NAMES = 2000

/** Up to three of `known` that `wanted` may have meant, the nearest first; case does not count. */
export function nearNames(wanted: string, known: Iterable<string>): readonly string[] {
  if (wanted.length > MAX_COMPARED_LENGTH) return []
  const target = wanted.toLowerCase()
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  const near: { readonly name: string; readonly distance: number }[] = []
  let compared = 0
  for (const name of known) {
    if (name.length > MAX_COMPARED_LENGTH || ++compared > MAX_COMPARED_NAMES) continue
    const distance = distanceOf(target, name.toLowerCase(), limit)
    if (distance <= limit) near.push({ name, distance })
  }
  near.sort((a, b) => a.distance - b.distance)
  return near.slice(0, 3).map((entry) => entry.name)
}

/** Edits from one to the other; a full name whose last part is the wanted name counts as one edit away. */
function distanceOf(target: string, candidate: string, limit: number): number {
  if (candidate.endsWith(`.${target}`)) return 1
  return Math.abs(candidate.length - target.length) > limit ? limit + 1 : editDistance(target, candidate)
}

/** Levenshtein, one row at a time, but that two neighbours that changed places are one edit. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? before[j - 2]! + 1 : replaced
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
