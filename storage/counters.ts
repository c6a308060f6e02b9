import type { StoreCounters } from './object-store.ts'

export type MutableCounters = { -readonly [Name in keyof StoreCounters]: StoreCounters[Name] }

export function newCounters(): MutableCounters {
  return { gets: 0, puts: 0, heads: 0, lists: 0, deletes: 0, bytesRead: 0, bytesWritten: 0 }
}

/** What was counted between two readings. Take `before` by copying: `{ ...store.counters }`. */
export function countersSince(before: StoreCounters, after: StoreCounters): StoreCounters {
  const difference = newCounters()
  for (const name of Object.keys(difference) as (keyof StoreCounters)[])
    difference[name] = after[name] - before[name]
  return difference
}
