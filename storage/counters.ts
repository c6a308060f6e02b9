import type { StoreCounters } from './object-store.ts'

export type MutableCounters = { -readonly [Name in keyof StoreCounters]: StoreCounters[Name] }

export function newCounters(): MutableCounters {
  return { gets: 0, puts: 0, heads: 0, lists: 0, deletes: 0, bytesRead: 0, bytesWritten: 0 }
}
