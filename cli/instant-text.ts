/** A time of metadata in ISO form; what no calendar holds stays a number of milliseconds. */
export function instantText(timestampMs: number): string {
  const instant = new Date(timestampMs)
  return Number.isNaN(instant.getTime()) ? String(timestampMs) : instant.toISOString()
}
