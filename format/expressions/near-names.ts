const MAX_COMPARED_LENGTH = 64
const MAX_COMPARED_NAMES = 2000

/** Up to three of `names` that someone may have meant by `name`, the nearest first. */
export function nearNames(name: string, names: Iterable<string>): string[] {
  if (name.length > MAX_COMPARED_LENGTH) return []
  const wanted = name.toLowerCase()
  const allowed = Math.max(1, Math.floor(name.length / 3))
  const near: { name: string; distance: number }[] = []
  let compared = 0
  for (const candidate of names) {
    if (candidate.length > MAX_COMPARED_LENGTH || ++compared > MAX_COMPARED_NAMES) continue
    const distance = distanceOf(wanted, candidate, allowed)
    if (distance <= allowed) near.push({ name: candidate, distance })
  }
  near.sort((a, b) => a.distance - b.distance)
  return near.slice(0, 3).map((entry) => entry.name)
}

/** Edits between the names regardless of case, or one if the candidate's last part is the name. */
function distanceOf(wanted: string, candidate: string, allowed: number): number {
  const lower = candidate.toLowerCase()
  if (lower === wanted) return 0
  if (lower.endsWith(`.${wanted}`)) return 1
  return Math.abs(lower.length - wanted.length) > allowed ? allowed + 1 : editDistance(wanted, lower)
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
