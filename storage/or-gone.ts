import { isMoraineError } from '../format/errors.ts'

/** Of a cache nothing is missed that is not there, or not what it was. */
export async function orGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const isGone = (['NOT_FOUND', 'INVALID_DATA', 'INVALID_ARGUMENT'] as const).some((code) =>
      isMoraineError(error, code),
    )
    if (isGone) return undefined
    throw error
  }
}
