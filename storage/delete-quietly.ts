import type { ObjectStore } from './object-store.ts'

/** Cleaning up is a courtesy: what cannot be deleted now is left to orphan removal. */
export async function deleteQuietly(store: ObjectStore, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  await store.delete(files).catch(() => undefined)
}
