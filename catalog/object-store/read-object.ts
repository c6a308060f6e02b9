import { invalidData, isMoraineError } from '../../format/errors.ts'
import type { ObjectStore, RequestOptions } from '../../storage/object-store.ts'

/** Metadata files above this are refused before they are read. */
export const MAX_METADATA_BYTES = 256 * 1024 * 1024

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

export function requireMetadataSize(location: string, size: number): void {
  if (size <= MAX_METADATA_BYTES) return
  throw invalidData(
    `${location}: metadata of ${size} bytes is larger than the ${MAX_METADATA_BYTES} that are read`,
    {
      file: location,
      rule: 'Table Metadata',
      size,
    },
  )
}
