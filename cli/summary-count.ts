import type { Snapshot } from '../index.ts'

/** A count out of a snapshot's summary, as a number for programs; null where the summary has none. */
export function summaryCount(snapshot: Snapshot | undefined, name: string): bigint | null {
  const text = snapshot?.summary[name]
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}
