/** The names of `known` closest to `wanted`, nearest first, at most three; for the end of an error message. */
export function nearNames(wanted: string, known: Iterable<string>): readonly string[] {
  const target = wanted.slice(0, MAX_LENGTH).toLowerCase()
  const limit = Math.max(2, Math.floor(target.length / 3))
  const scored: { name: string; distance: number }[] = []
  for (const name of known) {
    const candidate = name.toLowerCase()
    const lastPart = candidate.slice(candidate.lastIndexOf('.') + 1)
    const distance = lastPart === target ? 1 : editDistance(target, candidate.slice(0, MAX_LENGTH))
    if (distance <= limit) scored.push({ name, distance })
  }
  return scored
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((entry) => entry.name)
}

/** Longer names are compared by their beginning: an error message is no place for quadratic work. */
const MAX_LENGTH = 64

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}
