import { isMoraineError, namingFile } from '../../format/errors.ts'
import { overLimit, readLimits } from '../../format/read-limits.ts'
import type { ObjectStore, RequestOptions } from '../../storage/object-store.ts'

/** The bytes, or undefined when there is no such object. */
export async function getIfThere(
  store: ObjectStore,
  location: string,
  options: RequestOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await store.get(location, options)
  } catch (error) {
    if (isMoraineError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Throws UNSUPPORTED for metadata that is not to be read, or written, for its size. */
export function requireMetadataSize(location: string, size: number): void {
  if (size <= readLimits().metadataBytes) return
  throw namingFile(location, overLimit(`metadata of ${size} bytes`, 'metadataBytes'))
}
