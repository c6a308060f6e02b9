import { invalidData, isMoraineError, namingFile } from '../format/errors.ts'
import { resolveLocation } from '../format/location.ts'
import type { GetOptions, ObjectStore } from './object-store.ts'

/**
 * Reads an object that a file of the table names. What is wrong with it is the table's fault, not the caller's:
 * INVALID_DATA when it is not there, lies where this store does not reach, or ends before the range.
 */
export async function getReferenced(
  store: ObjectStore,
  path: string,
  options: GetOptions = {},
): Promise<Uint8Array> {
  try {
    return await store.get(resolveLocation(path), options)
  } catch (error) {
    if (isMoraineError(error, 'NOT_FOUND')) {
      throw invalidData(
        `${path}: the table names this file, but it is not there. If the table was copied here, read it with a remap`,
        { file: path },
        error,
      )
    }
    if (isMoraineError(error, 'INVALID_ARGUMENT')) {
      throw invalidData(
        `${path}: the table names this file, but: ${error.message}. If the table was copied, read it with a remap`,
        { file: path },
        error,
      )
    }
    throw namingFile(path, error)
  }
}
