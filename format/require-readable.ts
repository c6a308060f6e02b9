import { invalidArgument, isMoraineError, messageOf } from './errors.ts'

/**
 * The last look before metadata is written: runs writing and reading back of what a caller gave, because a table whose
 * metadata nobody can read is lost to all. Throws INVALID_ARGUMENT for whatever either throws.
 */
export function requireReadable(what: string, writeAndRead: () => unknown): void {
  try {
    writeAndRead()
  } catch (error) {
    const context = isMoraineError(error) ? error.context : undefined
    throw invalidArgument(`${what} is refused, because no reader could take it: ${messageOf(error)}`, context)
  }
}
